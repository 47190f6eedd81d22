import assert from 'node:assert/strict';
import { test } from 'node:test';

import { look, rates } from '../../client/js/connection/connection-stats.js';

const entries = (n) => [
  { type: 'codec', id: 'c', mimeType: 'video/VP8' },
  {
    type: 'inbound-rtp', kind: 'video', codecId: 'c', framesDecoded: 30 * n, packetsReceived: 90 * n, packetsLost: 10 * n,
    bytesReceived: 125_000 * n, jitterBufferDelay: 0.6 * n, jitterBufferEmittedCount: 30 * n, totalDecodeTime: 0.06 * n,
  },
  {
    type: 'outbound-rtp', kind: 'video', bytesSent: 250_000 * n, framesEncoded: 25 * n, totalEncodeTime: 0.1 * n, packetsSent: 50 * n,
    totalPacketSendDelay: 0.05 * n,
  },
  { type: 'candidate-pair', nominated: true, currentRoundTripTime: 0.004 },
];

test('rates cover the time between two readings', () => {
  const found = rates(look(entries(1), 1000), look(entries(3), 3000));

  assert.equal(found.codec, 'VP8');
  assert.equal(found.rttMs, 4);
  assert.equal(found.shownFps, 30);
  assert.equal(found.lossShare, 0.1);
  assert.equal(found.kbps, 1000);
  assert.equal(found.sentKbps, 2000);
  assert.ok(Math.abs(found.ms.camera - 5) < 1e-9);
  assert.equal(found.ms.network, 4);
  assert.ok(Math.abs(found.ms.display - 22) < 1e-9);
});

test('missing statistics give zeros, not NaN', () => {
  const found = rates(look([], 0), look([], 0));

  assert.deepEqual([...Object.values(found), ...Object.values(found.ms)].filter(Number.isNaN), []);
  assert.equal(found.rttMs, null);
});

test('the frames of the source are counted at the source, or else at the encoder', () => {
  const source = { type: 'media-source', kind: 'video', frames: 40 };

  assert.equal(look([...entries(1), source], 0).sourceFrames, 40);
  assert.equal(look(entries(1), 0).sourceFrames, 25);
  assert.equal(look([], 0).sourceFrames, null);
});
