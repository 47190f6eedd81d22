import assert from 'node:assert/strict';
import { test } from 'node:test';

import { constraints } from '../../client/js/source/camera.js';
import { keepChoice, readChoice } from '../../client/js/browser/settings.js';

test('where storage is forbidden, a choice lasts as long as the page', () => {
  const forbidden = () => { throw new DOMException('Access is denied for this document.', 'SecurityError'); };
  assert.equal(readChoice('camera', forbidden), null);

  keepChoice('camera', 'front', forbidden);

  assert.equal(readChoice('camera', forbidden), 'front');
});

test('what a full storage does not take replaces the older choice', () => {
  const full = { getItem: () => 'old', setItem: () => { throw new DOMException('full', 'QuotaExceededError'); } };

  keepChoice('size', 'new', () => full);

  assert.equal(readChoice('size', () => full), 'new');
});

test('a front or rear camera is requested by its facing mode, any other by its id', () => {
  const options = { width: 320, height: 240, fps: 15 };

  assert.equal(constraints({ ...options, camera: 'front' }).video.facingMode, 'user');
  assert.equal(constraints({ ...options, camera: 'rear' }).video.facingMode, 'environment');
  assert.deepEqual(constraints({ ...options, camera: 'abc' }).video.deviceId, { ideal: 'abc' });
  assert.deepEqual(constraints({ ...options, camera: 'abc' }).video.frameRate, { ideal: 15, max: 15 });
});
