import assert from 'node:assert/strict';
import { test } from 'node:test';

import { FramesInFlight, HEADER_BYTES, decodeFrame, encodeHeader } from '../../client/js/connection/jpeg-flow.js';

test('the header is the one of docs/telemetry.md', () => {
  assert.deepEqual([...new Uint8Array(encodeHeader(0x01020304))], [1, 0, 0, 0, 1, 2, 3, 4]);
});

test('a frame is decoded as it was sent', () => {
  const message = new Uint8Array([...new Uint8Array(encodeHeader(1234)), 0xff, 0xd8]);

  assert.deepEqual(decodeFrame(message.buffer), { timeMs: 1234, jpeg: new Uint8Array(message.buffer, HEADER_BYTES) });
});

test('a message of another version, or without a JPEG, is not a frame', () => {
  assert.equal(decodeFrame(new ArrayBuffer(HEADER_BYTES)), null);
  assert.equal(decodeFrame(new Uint8Array([2, 0, 0, 0, 0, 0, 0, 0, 1]).buffer), null);
});

/** @param {FramesInFlight} flow @param {number} timeMs */
const send = (flow, timeMs) => flow.send({ timeMs, takenMs: timeMs, sentMs: timeMs });

test('at first, two frames may be in flight, but not three', () => {
  const flow = new FramesInFlight(30);
  send(flow, 0);
  assert.ok(flow.mayTake(1));
  send(flow, 1);
  assert.ok(!flow.mayTake(2));

  assert.equal(flow.comeBack(0, 10).timeMs, 0);

  assert.ok(flow.mayTake(11));
});

test('a longer round trip allows more frames in flight, up to a limit', () => {
  const most = (delayMs) => {
    const flow = new FramesInFlight(30);
    send(flow, 0);
    flow.comeBack(0, delayMs);
    return flow.most;
  };

  assert.deepEqual([5, 60, 120, 5000].map(most), [2, 3, 5, 6]);
});

test('a round trip that becomes slower does not allow more frames', () => {
  const flow = new FramesInFlight(30);
  send(flow, 0);
  flow.comeBack(0, 20);
  send(flow, 100);
  flow.comeBack(100, 900);

  assert.equal(flow.most, 2);
});

test('a frame that comes back also removes the dropped frames before it', () => {
  const flow = new FramesInFlight(30);
  send(flow, 0);
  send(flow, 1);

  assert.equal(flow.comeBack(1, 50).timeMs, 1);

  assert.equal(flow.comeBack(0, 60), null);
  assert.ok(flow.mayTake(61));
});

test('a frame that does not come back in time counts as dropped and is then ignored', () => {
  const flow = new FramesInFlight(30);
  send(flow, 0);
  send(flow, 1);

  assert.ok(!flow.mayTake(1000));
  assert.ok(flow.mayTake(3000));
  assert.equal(flow.comeBack(0, 3001), null);
});
