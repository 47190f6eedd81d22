import assert from 'node:assert/strict';
import { test } from 'node:test';

import { HeldChunks } from '../../client/js/storage/held-chunks.js';

const chunk = (kind, toS) => ({ kind, fromS: toS - 1, toS });

test('old frames are dropped; seconds and events stay', () => {
  const held = new HeldChunks([chunk('frames', 1), chunk('seconds', 1), chunk('frames', 2)]);
  held.add([chunk('events', 1), chunk('frames', 3)]);

  held.dropFramesBefore(2);

  assert.deepEqual(held.all, [chunk('frames', 2), chunk('frames', 3), chunk('seconds', 1), chunk('events', 1)]);
});

test('all frames may be old', () => {
  const held = new HeldChunks([chunk('frames', 1), chunk('frames', 2)]);

  held.dropFramesBefore(3);

  assert.deepEqual(held.all, []);
});
