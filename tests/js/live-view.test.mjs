import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { fakeClock } from './clock.mjs';
import { LiveView } from '../../client/js/panels/live-view.js';
import { SessionLog } from '../../client/js/session/session-log.js';
import { decodeTelemetry } from '../../client/js/connection/telemetry.js';

const golden = decodeTelemetry(readFileSync(new URL('../data/telemetry_v1.json', import.meta.url), 'utf8'));
/** From the press of the start button to the first frame. */
const SETUP_MS = 2000;

/** Takes every call. */
const anything = () => new Proxy({}, { get: (_, name) => (name === 'chosenId' ? null : () => null), set: () => true });

/** A live view with a connection in the compatibility mode, whose reports and frames the test delivers. */
function begin(t, { reportsFrames = true, isClip = false, chosen = [] } = {}) {
  const pass = fakeClock(t, 5000);
  const log = new SessionLog();
  const part = anything();
  const face = new Proxy({ choose: (id) => chosen.push(id) }, { get: (own, name) => own[name] ?? part[name], set: () => true });
  const video = { getVideoPlaybackQuality: () => ({ totalVideoFrames: 0 }) };
  const live = new LiveView({ log, chart: null, chartTools: part, face, announcer: part, qualityPanel: part, strip: part, summary: part, video });
  let seq = 0;
  live.begin();
  live.beginConnection();
  live.beginSession('id', 'new');
  return {
    live,
    log,
    pass,
    /** Frames of ten a second; each report and its display come with the delay. */
    play: async (seconds) => {
      for (let i = 0; i < seconds * 10; i += 1) {
        const telemetry = { ...golden, seq, pts: seq / 10, ...(isClip && { clipS: seq / 10 }) };
        live.add(telemetry, performance.now());
        if (reportsFrames) live.showJpegFrame({ ptsS: telemetry.pts, ms: {} });
        if (i % 3 === 0) live.show(telemetry, 0);
        seq += 1;
        await pass(100);
      }
    },
  };
}

const rounded = ({ timeS, pressedS, ...rest }) => ({ timeS: Number(timeS.toFixed(3)), ...(pressedS !== undefined && { pressedS: Number(pressedS.toFixed(3)) }), ...rest });

for (const reportsFrames of [true, false]) {
  const browser = reportsFrames ? 'a browser that reports frames' : 'a browser that does not';

  test(`while frames come, what is noted has the frame on show and the moment (${browser})`, async (t) => {
    const { live, pass, play } = begin(t, { reportsFrames });
    await pass(SETUP_MS);
    await play(3);

    const { seq, timeS, pressedS } = rounded(live.onShow);
    assert.equal(pressedS, 5);
    assert.equal(seq, 29);
    assert.equal(timeS, 2 + seq / 10);
  });

  test(`when the video stands still for a second, what is noted has the moment and no frame (${browser})`, async (t) => {
    const { live, pass, play } = begin(t, { reportsFrames });
    await pass(SETUP_MS);
    await play(3);
    await pass(700);
    assert.equal(live.onShow.seq, 29);
    await pass(1000);

    assert.deepEqual(rounded(live.onShow), { timeS: 6.7, pressedS: 6.7 });
    await play(0.1);
    assert.equal(live.onShow.seq, 30);
  });
}

test('a report that stays while frames go on does not count as a frame on show', async (t) => {
  const { live, pass, play } = begin(t);
  await play(3);
  for (let i = 0; i < 15; i += 1) {
    live.showJpegFrame({ ptsS: 2.9, ms: {} });
    await pass(100);
  }

  assert.equal(live.onShow.seq, undefined);
});

for (const [name, cause] of [['the camera is paused', (live) => live.pause('why')], ['the connection is lost', (live) => live.interrupt('why', 0)], ['the next connection has no frame yet', (live) => live.beginConnection()]]) {
  test(`when ${name}, what is noted has the moment at once, also in the log`, async (t) => {
    const { live, log, pass, play } = begin(t);
    await play(3);
    cause(live);
    await pass(200);
    log.noteShown(live.onShow, 'marker', 'late');
    live.note('lost');

    assert.deepEqual(rounded(live.onShow), { timeS: 3.2, pressedS: 3.2 });
    const { timeS, seq } = log.events.find(({ kind }) => kind === 'marker');
    assert.deepEqual([Number(timeS.toFixed(3)), seq], [3.2, undefined]);
    assert.ok(Math.abs(log.endS - 3.2) < 1e-6 && log.lastS < 3);
  });
}

test('of a file that is analysed once, what is noted has the time of the frame in the file, however long it stands', async (t) => {
  const { live, log, pass, play } = begin(t, { isClip: true });
  await play(3);
  await pass(5000);
  live.hold('why');

  assert.deepEqual(rounded(live.onShow), { timeS: 2.9, seq: 29 });
  log.noteShown(live.onShow, 'stimulus-start');
  assert.equal(Number(log.events.at(-1).timeS.toFixed(3)), 2.9);
});

test('the chosen face stays in a session that goes on, although numbers of frames come again', async (t) => {
  const chosen = [];
  const { live } = begin(t, { chosen });
  live.add({ ...golden, seq: 40 }, 0);
  chosen.length = 0;

  live.beginConnection();
  live.beginSession('next', 'resumed');
  live.add({ ...golden, seq: 35 }, 100);
  assert.deepEqual(chosen, []);
  live.beginConnection();
  live.beginSession('another', 'new');

  assert.deepEqual(chosen, [null]);
});
