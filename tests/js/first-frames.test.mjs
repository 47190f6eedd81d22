import assert from 'node:assert/strict';
import { test } from 'node:test';

import { FirstFrames } from '../../client/js/session/first-frames.js';
import { FrameClock } from '../../client/js/session/frame-clock.js';

/** Frames 100 ms apart; the first is 500 ms late, and each next one 100 ms less. @param {number} count @returns {{timeS: number, pts: number}[]} as logged */
function logged(count) {
  const [first, clock] = [new FirstFrames(), new FrameClock()];
  const rows = [];
  for (let i = 0; i < count; i += 1) {
    const pts = i / 10;
    const atS = 50 + pts + 0.02 + Math.max(0, 0.5 - pts);
    clock.pageTime(pts, atS);
    for (const telemetry of first.add({ pts }, 1000 * atS)) rows.push({ timeS: clock.timeOf(telemetry.pts), pts: telemetry.pts });
  }
  for (const { pts } of first.take()) rows.push({ timeS: clock.timeOf(pts), pts });
  return rows;
}

test('the first frames of a connection are as far apart as they were captured', () => {
  const rows = logged(20);

  assert.equal(rows.length, 20);
  for (const { timeS, pts } of rows) assert.ok(Math.abs(timeS - (50.02 + pts)) < 1e-9);
});

test('a connection that ends at once loses no frame', () => {
  assert.deepEqual(logged(3).map(({ pts }) => pts), [0, 0.1, 0.2]);
});

test('later messages are not held back', () => {
  const first = new FirstFrames();
  first.add({ seq: 0 }, 1000);

  assert.deepEqual(first.add({ seq: 1 }, 1800).map(({ seq }) => seq), [0, 1]);
  assert.deepEqual(first.add({ seq: 2 }, 1801).map(({ seq }) => seq), [2]);
});
