import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Flow, HEADER_BYTES, decodePicture, encodeHeader } from '../../client/js/jpeg-flow.js';

test('the header is the one of docs/telemetry.md', () => {
  assert.deepEqual([...new Uint8Array(encodeHeader(0x01020304))], [1, 0, 0, 0, 1, 2, 3, 4]);
});

test('a picture is read as it was sent', () => {
  const message = new Uint8Array([...new Uint8Array(encodeHeader(1234)), 0xff, 0xd8]);

  assert.deepEqual(decodePicture(message.buffer), { timeMs: 1234, jpeg: new Uint8Array(message.buffer, HEADER_BYTES) });
});

test('what is no picture of this version is none', () => {
  assert.equal(decodePicture(new ArrayBuffer(HEADER_BYTES)), null);
  assert.equal(decodePicture(new Uint8Array([2, 0, 0, 0, 0, 0, 0, 0, 1]).buffer), null);
});

/** @param {Flow} flow @param {number} timeMs */
const send = (flow, timeMs) => flow.send({ timeMs, takenMs: timeMs, sentMs: timeMs });

test('two pictures are under way at first, and no third', () => {
  const flow = new Flow(30);
  send(flow, 0);
  assert.ok(flow.mayTake(1));
  send(flow, 1);
  assert.ok(!flow.mayTake(2));

  assert.equal(flow.comeBack(0, 10).timeMs, 0);

  assert.ok(flow.mayTake(11));
});

test('a long way holds more pictures, up to a bound', () => {
  const most = (delayMs) => {
    const flow = new Flow(30);
    send(flow, 0);
    flow.comeBack(0, delayMs);
    return flow.most;
  };

  assert.deepEqual([5, 60, 120, 5000].map(most), [2, 3, 5, 6]);
});

test('a way that was fast once and is slow now does not hold more', () => {
  const flow = new Flow(30);
  send(flow, 0);
  flow.comeBack(0, 20);
  send(flow, 100);
  flow.comeBack(100, 900);

  assert.equal(flow.most, 2);
});

test('a picture that is back stands for those that the server dropped before it', () => {
  const flow = new Flow(30);
  send(flow, 0);
  send(flow, 1);

  assert.equal(flow.comeBack(1, 50).timeMs, 1);

  assert.equal(flow.comeBack(0, 60), null);
  assert.ok(flow.mayTake(61));
});

test('a picture that never comes back is given up, and its late return is none', () => {
  const flow = new Flow(30);
  send(flow, 0);
  send(flow, 1);

  assert.ok(!flow.mayTake(1000));
  assert.ok(flow.mayTake(3000));
  assert.equal(flow.comeBack(0, 3001), null);
});
