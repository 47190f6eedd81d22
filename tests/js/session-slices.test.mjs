import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { test } from 'node:test';

import { SessionLog } from '../../client/js/session/session-log.js';
import { EMOTIONS, decodeTelemetry } from '../../client/js/connection/telemetry.js';

const golden = JSON.parse(readFileSync(new URL('../data/telemetry_v1.json', import.meta.url), 'utf8'));
const HAPPY = EMOTIONS.indexOf('happy');
const one = (at, of) => EMOTIONS.map((_, i) => (i === at ? of : 0));

/** A face that is happy with this probability. */
const face = (id, happy, width = 100, label = happy > 0.5 ? 'happy' : 'neutral') => ({ ...golden.faces[0], id, label, box: [0, 0, width, width], probabilities: one(HAPPY, happy) });
let seq = 0;
const decoded = decodeTelemetry(JSON.stringify(golden));
const frame = (faces, change = {}) => ({ ...decoded, seq: (seq += 1), faces, ...change });
const happyLine = (slices) => slices.lines[HAPPY].map((value) => (value === null ? null : Number(value.toFixed(3))));

/** Frames at a steady rate; `facesAt` says which faces are there. */
function record({ fromS = 0, toS, fps = 10, facesAt, log = new SessionLog() }) {
  for (let i = 0; i < (toS - fromS) * fps; i += 1) log.add(fromS + i / fps, frame(facesAt(fromS + i / fps)));
  return log;
}

test('a slice is the mean of its frames, with the most frequent label and the rate', () => {
  const log = new SessionLog();
  log.add(0.1, frame([face(1, 0.25)], { fpsOut: 20 }));
  log.add(0.2, frame([face(1, 0.75)], { fpsOut: 10 }));
  log.add(0.3, frame([face(1, 0.8)], { fpsOut: 15 }));

  const slices = log.slices(1, 0.9, 2, 2);

  assert.deepEqual(happyLine(slices), [null, 0.6]);
  assert.deepEqual(slices.labels, [null, 'happy']);
  assert.deepEqual(slices.fps, [null, 15]);
  assert.equal(slices.lines.length, EMOTIONS.length);
});

test('an empty log has no values', () => {
  assert.deepEqual(new SessionLog().slices(null, 10, 5, 2), { lines: EMOTIONS.map(() => [null, null]), labels: [null, null], fps: [null, null], changes: [] });
});

for (const framesS of [1800, 5]) {
  const kept = framesS === 5 ? 'means' : 'frames';

  test(`a face that is absent is a gap, not the curve of another face (${kept})`, () => {
    const log = record({ toS: 30, facesAt: (s) => (s >= 10 && s < 13 ? [face(2, 0.9, 300)] : [face(1, 0.4), face(2, 0.9, 300)]), log: new SessionLog({ framesS }) });

    const slices = log.slices(1, 19.9, 20, 20);

    assert.deepEqual(happyLine(slices), [...Array(10).fill(0.4), null, null, null, ...Array(7).fill(0.4)]);
    assert.equal(slices.labels[11], null);
    assert.ok(slices.fps.every((fps) => fps > 0));
  });

  test(`without a chosen face, the largest of each moment is followed (${kept})`, () => {
    const log = record({ toS: 30, facesAt: (s) => (s < 10 ? [face(1, 0.25, 50), face(2, 0.75, 80)] : [face(1, 0.25, 90), face(2, 0.75, 80)]), log: new SessionLog({ framesS }) });

    assert.deepEqual(happyLine(log.slices(null, 14.9, 10, 10)), [...Array(5).fill(0.75), ...Array(5).fill(0.25)]);
  });

  test(`a frame without a face is a gap, however short; a hole without a message is bridged (${kept})`, () => {
    const log = new SessionLog({ framesS });
    for (let s = 0; s < 30; s += 1) if (s !== 12) log.add(s, frame(s === 8 ? [] : [face(1, s / 100)]));

    assert.deepEqual(happyLine(log.slices(1, 14.9, 8, 8)), [0.07, null, 0.09, 0.1, 0.11, 0.12, 0.13, 0.14]);
  });

  test(`a longer hole without a message is a gap (${kept})`, () => {
    const log = new SessionLog({ framesS });
    for (let s = 0; s < 30; s += 1) if (s < 11 || s > 13) log.add(s, frame([face(1, 0.5)]));

    assert.deepEqual(happyLine(log.slices(1, 14.9, 5, 5)), [0.5, null, null, null, 0.5]);
    assert.deepEqual(happyLine(log.slices(1, 14.9, 5, 5, 3)), Array(5).fill(0.5));
  });
}

test('slices shorter than a second are filled by its mean', () => {
  const log = record({ toS: 60, facesAt: (s) => [face(1, s < 10 ? 0.25 : 0.75)], log: new SessionLog({ framesS: 5 }) });

  assert.deepEqual(happyLine(log.slices(1, 10.99, 2, 8)), [...Array(4).fill(0.25), ...Array(4).fill(0.75)]);
});

test('means of one second and frames join without a gap and without an overlap', () => {
  const log = record({ toS: 60, facesAt: () => [face(1, 0.5)], log: new SessionLog({ framesS: 20 }) });
  const { framesFromS } = log;

  const slices = log.slices(1, framesFromS + 9.9, 20, 80);

  assert.equal(framesFromS, 39);
  assert.deepEqual(happyLine(slices), Array(80).fill(0.5));
});

test('nothing after the end is read, so that a paused chart does not change', () => {
  const log = record({ toS: 10, facesAt: () => [face(1, 0.25)] });
  const before = log.slices(1, 9.95, 10, 4);
  record({ fromS: 10, toS: 12, facesAt: () => [face(1, 0.75)], log });

  assert.deepEqual(log.slices(1, 9.95, 10, 4), before);
});

test('points do not move between two redraws within a slice', () => {
  const log = record({ toS: 20, facesAt: (s) => [face(1, s / 100)] });

  assert.deepEqual(log.slices(1, 15.1, 10, 20).lines[HAPPY].slice(0, -1), log.slices(1, 15.4, 10, 20).lines[HAPPY].slice(0, -1));
});

test('the log knows when each face was seen', () => {
  const log = record({ toS: 20, facesAt: (s) => (s < 5 ? [face(1, 0.5)] : [face(2, 0.5)]) });

  assert.deepEqual(log.faces(), [{ id: 1, firstS: 0, lastS: 4.9 }, { id: 2, firstS: 5, lastS: 19.9 }]);
  assert.equal(log.lastS, 19.9);
});

test('five minutes of a log that is full are read in a small part of a redraw', () => {
  const log = record({ toS: 2400, fps: 30, facesAt: () => [face(1, 0.5)] });
  const times = Array.from({ length: 20 }, () => {
    const beganMs = performance.now();
    log.slices(null, 2399, 300, 120);
    return performance.now() - beganMs;
  });

  // A scan of all 54,000 rows takes six times as long as one of 9,000. The fastest of many is not slowed by other processes.
  assert.ok(Math.min(...times) < 10, `${Math.min(...times)} ms`);
});
