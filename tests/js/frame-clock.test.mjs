import assert from 'node:assert/strict';
import { test } from 'node:test';

import { FrameClock, FrameMatcher } from '../../client/js/session/frame-clock.js';

test('a delayed message does not change the time of its frame', () => {
  const clock = new FrameClock();
  clock.pageTime(0, 100.02);
  clock.pageTime(1, 101.01);

  assert.ok(Math.abs(clock.pageTime(2, 102.4) - 102.01) < 1e-9);
});

/** Frames 33 ms apart that arrive `lagMs` after their messages; returns the last match. */
function play(matcher, frames, lagMs, origin) {
  let found = null;
  for (let i = 0; i < frames; i += 1) {
    const ptsS = Math.round((i / 30) * 1000) / 1000;
    const atMs = 1000 + (i * 1000) / 30;
    matcher.addMessage({ pts: ptsS }, atMs, 50 + ptsS);
    found = matcher.match((origin + i * 3000) % 2 ** 32, atMs + lagMs);
  }
  return found;
}

test('the displayed frame finds its message, whatever its first RTP timestamp', () => {
  for (const origin of [0, 123_456_789, 2 ** 32 - 30_000]) {
    const found = play(new FrameMatcher(), 30, 12, origin);

    assert.ok(Math.abs(found.timeS - (50 + 29 / 30)) < 0.002);
    assert.equal(found.telemetry.pts, Math.round((29 / 30) * 1000) / 1000);
  }
});

test('a frame that overtakes its message slightly finds it', () => {
  const found = play(new FrameMatcher(), 30, -2, 7000);

  assert.ok(Math.abs(found.timeS - (50 + 29 / 30)) < 0.002);
  assert.equal(found.telemetry.pts, Math.round((29 / 30) * 1000) / 1000);
});

test('too few frames give no match', () => assert.equal(play(new FrameMatcher(), 3, 12, 99), null));

test('a few late frames do not outvote the others', () => {
  const matcher = new FrameMatcher();
  play(matcher, 20, 10, 5000);
  // Forty milliseconds late: by then, the newest message is that of the next frame.
  matcher.addMessage({ pts: 0.667 }, 1667, 50.667);
  matcher.addMessage({ pts: 0.7 }, 1700, 50.7);

  assert.equal(matcher.match(5000 + 20 * 3000, 1710).timeS, 50.667);
});

test('a frame that is shown seconds after its message finds it among the later ones', () => {
  const matcher = new FrameMatcher();
  play(matcher, 90, 12, 700);

  // The jitter buffer held the thirtieth frame back for two seconds.
  assert.equal(matcher.match(700 + 29 * 3000, 1000 + (29 * 1000) / 30 + 12).telemetry.pts, 0.967);
});

test('a frame whose message was lost finds none', () => {
  const matcher = new FrameMatcher();
  play(matcher, 30, 12, 700);

  assert.equal(matcher.match(700 + 30 * 3000, 2012), null);
  assert.equal(matcher.arrivedBy(2012).telemetry.pts, 0.967);
});

test('a message is found by the time of its frame', () => {
  const matcher = new FrameMatcher();
  play(matcher, 3, 12, 0);

  assert.equal(matcher.at(0.033).arrivedMs, 1000 + 1000 / 30);
  assert.equal(matcher.at(5), null);
});

test('a frame whose message has arrived has a time in the page\'s clock', () => {
  const clock = new FrameClock();
  clock.pageTime(1, 11.3);
  clock.pageTime(2, 12.1);

  assert.ok(Math.abs(clock.timeOf(1.5) - 11.6) < 1e-9);
});
