import assert from 'node:assert/strict';
import { test } from 'node:test';

import { constraints } from '../../client/js/camera.js';
import { recall, remember } from '../../client/js/settings.js';

test('storage that is forbidden is no error', () => {
  const forbidden = { getItem: () => { throw new Error('no'); }, setItem: () => { throw new Error('no'); } };

  remember('camera', 'front', forbidden);
  assert.equal(recall('camera', forbidden), null);
});

test('a front or rear camera is asked for by where it looks, another by its id', () => {
  const wish = { width: 320, height: 240, fps: 15 };

  assert.equal(constraints({ ...wish, camera: 'front' }).video.facingMode, 'user');
  assert.equal(constraints({ ...wish, camera: 'rear' }).video.facingMode, 'environment');
  assert.deepEqual(constraints({ ...wish, camera: 'abc' }).video.deviceId, { ideal: 'abc' });
  assert.deepEqual(constraints({ ...wish, camera: 'abc' }).video.frameRate, { ideal: 15, max: 15 });
});
