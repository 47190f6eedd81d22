import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Countdown, isTemporary, leastDelayMs, retryDelayMs, shouldQueue } from '../../client/js/retry.js';

test('tries come later each time, up to a bound', () => {
  const delays = [0, 1, 2, 3, 20].map((tries) => retryDelayMs(tries, 0, () => 1));

  assert.deepEqual(delays, [500, 1000, 2000, 4000, 15000]);
});

test('no two pages try in step', () => {
  assert.equal(retryDelayMs(3, 0, () => 0), 2000);
  assert.equal(retryDelayMs(3, 0, () => 0.5), 3000);
});

test('a server that asks for more time gets it', () => assert.equal(retryDelayMs(0, 10_000, () => 1), 10_000));

test('a server without a port for the video is asked again, one that refuses the offer is not', () => {
  assert.ok(isTemporary({ key: 'noPort' }, 0));
  assert.ok(!isTemporary({ key: 'offer' }, 0));
});

test('a countdown says its seconds and ends once', async () => {
  const said = [];
  let ends = 0;
  await new Promise((resolve) => {
    new Countdown(30, (seconds) => said.push(seconds), () => resolve((ends += 1)));
  });

  assert.deepEqual([...new Set(said)], [1]);
  assert.equal(ends, 1);
});

test('a countdown that is closed never ends, one that is cut short ends at once', () => {
  let ends = 0;
  const closed = new Countdown(10_000, () => {}, () => (ends += 1));
  closed.close();
  assert.equal(ends, 0);

  const cut = new Countdown(10_000, () => {}, () => (ends += 1));
  cut.end();
  assert.equal(ends, 1);
});

test('what passes by itself is tried again, but not for ever', () => {
  assert.ok(isTemporary({ key: 'cut' }, 0));
  assert.ok(isTemporary({ key: 'ended', code: 'stopping' }, 3));
  assert.ok(!isTemporary({ key: 'cut' }, 1000));
});

test('a session that was ended for its own sake, or a camera that is gone, is not tried again', () => {
  assert.ok(!isTemporary({ key: 'ended', code: '' }, 0));
  assert.ok(!isTemporary({ key: 'cameraEnded' }, 0));
});

for (const code of ['stopping', 'silence', 'setup_timeout']) {
  test(`a session that ended by ${code} may be followed by another`, () => {
    assert.ok(isTemporary({ key: 'ended', code }, 0));
  });
}

for (const code of ['video_ended', 'frame_too_large', 'bad_frame', 'time_over', 'replaced', 'ended', 'a word of tomorrow']) {
  test(`a session that ended by ${code} is not tried again`, () => {
    assert.ok(!isTemporary({ key: 'ended', code }, 0));
  });
}

test('a first frame that never comes is not tried for minutes', () => {
  const error = { key: 'ended', code: 'setup_timeout' };

  assert.ok(isTemporary(error, 2));
  assert.ok(!isTemporary(error, 3));
});

test('a server that is full and says when is waited for, but not for ever', () => {
  for (const key of ['full', 'tooMany']) assert.ok(shouldQueue({ key, retryMs: 10_000 }, 0));
  assert.ok(!shouldQueue({ key: 'full', retryMs: 0 }, 0));
  assert.ok(!shouldQueue({ key: 'rejected', retryMs: 10_000 }, 0));
  assert.ok(!shouldQueue({ key: 'full', retryMs: 10_000 }, 1000));
});

test('a server that stops, or says when, is given that time', () => {
  assert.equal(leastDelayMs({ key: 'full', retryMs: 10_000 }), 10_000);
  assert.equal(leastDelayMs({ key: 'ended', retryMs: 0, code: 'stopping' }), 3000);
  assert.equal(leastDelayMs({ key: 'ended', retryMs: 0, code: 'silence' }), 0);
  assert.equal(leastDelayMs({ key: 'cut', retryMs: 0 }), 0);
});
