import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Countdown, isTemporary, leastDelayMs, retryDelayMs, shouldQueue } from '../../client/js/visit/retry.js';

test('the delay grows with each try, up to a limit', () => {
  const delays = [0, 1, 2, 3, 20].map((tries) => retryDelayMs(tries, 0, () => 1));

  assert.deepEqual(delays, [500, 1000, 2000, 4000, 15000]);
});

test('the delay is random, so that pages do not retry together', () => {
  assert.equal(retryDelayMs(3, 0, () => 0), 2000);
  assert.equal(retryDelayMs(3, 0, () => 0.5), 3000);
});

test('a server that asks for more time gets it', () => assert.equal(retryDelayMs(0, 10_000, () => 1), 10_000));

test('the page retries after "noPort", but not after a rejected offer', () => {
  assert.ok(isTemporary({ key: 'noPort' }, 0));
  assert.ok(!isTemporary({ key: 'offer' }, 0));
});

test('a countdown reports its seconds and ends once', async () => {
  const said = [];
  let ends = 0;
  await new Promise((resolve) => {
    new Countdown(30, (seconds) => said.push(seconds), () => resolve((ends += 1)));
  });

  assert.deepEqual([...new Set(said)], [1]);
  assert.equal(ends, 1);
});

test('a closed countdown never ends; end() ends it at once', () => {
  let ends = 0;
  const closed = new Countdown(10_000, () => {}, () => (ends += 1));
  closed.close();
  assert.equal(ends, 0);

  const cut = new Countdown(10_000, () => {}, () => (ends += 1));
  cut.end();
  assert.equal(ends, 1);
});

test('temporary errors are retried a limited number of times', () => {
  assert.ok(isTemporary({ key: 'cut' }, 0));
  assert.ok(isTemporary({ key: 'ended', code: 'stopping' }, 3));
  assert.ok(!isTemporary({ key: 'cut' }, 1000));
});

test('an ended session without a code and a disconnected camera are not retried', () => {
  assert.ok(!isTemporary({ key: 'ended', code: '' }, 0));
  assert.ok(!isTemporary({ key: 'cameraEnded' }, 0));
});

for (const code of ['stopping', 'silence', 'setup_timeout']) {
  test(`the page retries after the ending ${code}`, () => {
    assert.ok(isTemporary({ key: 'ended', code }, 0));
  });
}

for (const code of ['video_ended', 'frame_too_large', 'bad_frame', 'time_over', 'replaced', 'ended', 'future_code']) {
  test(`the page does not retry after the ending ${code}`, () => {
    assert.ok(!isTemporary({ key: 'ended', code }, 0));
  });
}

test('a missing first frame is retried only a few times', () => {
  const error = { key: 'ended', code: 'setup_timeout' };

  assert.ok(isTemporary(error, 2));
  assert.ok(!isTemporary(error, 3));
});

test('the page waits for a full server that sends Retry-After, but not forever', () => {
  for (const key of ['full', 'tooMany']) assert.ok(shouldQueue({ key, retryMs: 10_000 }, 0));
  assert.ok(!shouldQueue({ key: 'full', retryMs: 0 }, 0));
  assert.ok(!shouldQueue({ key: 'rejected', retryMs: 10_000 }, 0));
  assert.ok(!shouldQueue({ key: 'full', retryMs: 10_000 }, 1000));
});

test('the delay respects Retry-After and the restart of a stopping server', () => {
  assert.equal(leastDelayMs({ key: 'full', retryMs: 10_000 }), 10_000);
  assert.equal(leastDelayMs({ key: 'ended', retryMs: 0, code: 'stopping' }), 3000);
  assert.equal(leastDelayMs({ key: 'ended', retryMs: 0, code: 'silence' }), 0);
  assert.equal(leastDelayMs({ key: 'cut', retryMs: 0 }), 0);
});
