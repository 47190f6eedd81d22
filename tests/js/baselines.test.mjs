import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { Baselines, MEASURED_S, NEUTRAL, NEUTRAL_CLEARED, baselineIn, detailOf, mostChanged, neutralOf } from '../../client/js/session/baselines.js';
import { dictionary, toCsv, toEventsCsv, toJsonl } from '../../client/js/session/exports.js';
import { momentOf } from '../../client/js/session/moment.js';
import { toReport } from '../../client/js/session/report.js';
import { SessionLog } from '../../client/js/session/session-log.js';
import { tableOf } from '../../client/js/session/table.js';
import { signedPoints } from '../../client/js/texts/format.js';
import { T } from '../../client/js/texts/texts.js';
import { EMOTIONS, decodeTelemetry } from '../../client/js/connection/telemetry.js';

const golden = JSON.parse(readFileSync(new URL('../data/telemetry_v1.json', import.meta.url), 'utf8'));
const startedAt = new Date('2026-03-04T05:06:07.500Z');
const HALF = [0, 0, 0, 0.5, 0, 0, 0.5];
const shares = (happy) => [0, 0, 0, happy, 0, 0, Number((1 - happy).toFixed(3))];
const face = (happy, change = {}) => ({ ...golden.faces[0], id: 2, label: 'happy', unsure: '', probabilities: shares(happy), ...change });
const message = (seq, faces) => decodeTelemetry(JSON.stringify({ ...golden, seq, faces }));

/** Ten frames a second. @param {(timeS: number) => object[]} facesAt */
function logOf(seconds, facesAt, limits) {
  const log = new SessionLog(limits);
  for (let seq = 0; seq < seconds * 10; seq += 1) log.add(seq / 10, message(seq, facesAt(seq / 10)));
  return log;
}

const neutralAt = (log, endS = log.lastS) => neutralOf(log.between(endS - MEASURED_S, endS), 2);
const note = (log, timeS, kind = NEUTRAL, detail = detailOf(2, HALF)) => log.noteShown({ timeS, pressedS: timeS + 0.1, seq: 1 }, kind, detail);

function rowsOf(csv) {
  const [head, ...rows] = csv.trim().split('\r\n').map((line) => line.split(','));
  return rows.map((cells) => Object.fromEntries(head.map((name, i) => [name, cells[i]])));
}

test('the neutral face is the mean of the last two seconds of this face', () => {
  const log = logOf(10, (timeS) => [face(timeS < 7.85 ? 1 : 0.2), face(0.9, { id: 3 })]);

  assert.deepEqual(neutralAt(log), shares(0.2));
  assert.deepEqual(neutralOf(log.between(5, 7), 3), shares(0.9));
});

test('frames in which the face is unsure do not count', () => {
  const log = logOf(4, (timeS) => [face(timeS < 3.05 ? 0.2 : 0.7, timeS >= 3.05 && { label: 'unsure', unsure: 'close' })]);

  assert.deepEqual(neutralAt(log, 4), shares(0.2));
});

for (const [what, facesAt] of Object.entries({
  'the face is unsure': () => [face(0.2, { label: 'unsure', unsure: 'close' })],
  'the face is away': () => [face(0.2, { id: 3 })],
  'the face has been there for half a second': (timeS) => (timeS > 9.4 ? [face(0.2)] : []),
})) {
  test(`there is no neutral face where ${what}`, () => {
    assert.equal(neutralAt(logOf(10, facesAt)), null);
  });
}

test('there is no neutral face of two frames with a gap between them', () => {
  const log = new SessionLog();
  for (const [seq, timeS] of [[0, 0], [1, 1.9]]) log.add(timeS, message(seq, [face(0.2)]));

  assert.equal(neutralAt(log), null);
});

test('an event holds a baseline, and the latest before a frame counts', () => {
  assert.deepEqual(baselineIn(detailOf(2, HALF)), { faceId: 2, probabilities: HALF });
  const log = logOf(5, () => [face(0.2)]);
  note(log, 1);
  note(log, 2, NEUTRAL, detailOf(2, shares(0.1)));
  note(log, 3, NEUTRAL_CLEARED, '2');
  const { baselines } = log;

  assert.deepEqual([1, 1.1, 2, 2.1, 3.1].map((timeS) => baselines.of(2, timeS)), [null, HALF, HALF, shares(0.1), null]);
  assert.deepEqual([baselines.of(2), baselines.last(2), baselines.of(3), baselines.isEmpty], [null, null, null, false]);
});

test('a baseline of a damaged event does not count', () => {
  const events = ['2', '2 1 2', 'x 0 0 0 0 0 0 0', '2 0 0 0 x 0 0 0'].map((detail) => ({ timeS: 1, kind: NEUTRAL, detail }));

  assert.equal(new Baselines(events).isEmpty, true);
});

test('a log that is cleared has no baselines, and one from the database has them', () => {
  const log = logOf(2, () => [face(0.2)]);
  note(log, 1);
  const again = SessionLog.from(structuredClone(log.takeChunks()));
  log.clear();

  assert.deepEqual(again.baselines.last(2), { fromS: 1, probabilities: HALF });
  assert.equal(log.baselines.isEmpty, true);
});

test('CSV has the differences beside the probabilities, from the next frame on and until it is cleared', () => {
  const log = logOf(5, () => [face(0.2), face(0.3, { id: 3 })]);
  note(log, 1);
  note(log, 3, NEUTRAL_CLEARED, '2');
  const csv = toCsv(log, { startedAt });
  const rows = rowsOf(csv).filter(({ face: id }) => id === '2');
  const of = (from, to) => new Set(rows.filter(({ time_s: timeS }) => timeS >= from && timeS < to).map((row) => `${row.happy} ${row.happy_change} ${row.neutral_change} ${row.angry_change}`));

  assert.deepEqual([of(0, 1.1), of(1.1, 3.1), of(3.1, 5)].map((each) => [...each]), [['0.2   '], ['0.2 -0.3 0.3 0'], ['0.2   ']]);
  assert.ok(rowsOf(csv).filter(({ face: id }) => id === '3').every((row) => row.happy_change === '' && row.neutral_change === ''));
  assert.match(csv, new RegExp(`,${EMOTIONS.join()},${EMOTIONS.map((emotion) => `${emotion}_change`).join()},yaw_deg,`));
});

test('where only means are kept, a second counts against the baseline at its start', () => {
  const log = logOf(10, () => [face(0.2)], { framesS: 2 });
  note(log, 1.5);
  const changes = rowsOf(toCsv(log, { startedAt })).slice(0, 4).map(({ row, time_s: timeS, happy_change: change }) => [row, timeS, change]);

  assert.deepEqual(changes, [['mean', '0.000', ''], ['mean', '1.000', ''], ['mean', '2.000', '-0.3'], ['mean', '3.000', '-0.3']]);
});

test('events, dictionary, JSONL and report say the baseline', () => {
  const log = logOf(3, () => [face(0.2)]);
  note(log, 1);
  const lines = toJsonl(log, { startedAt }).trim().split('\n').map((line) => JSON.parse(line));

  assert.match(toEventsCsv(log.events, { startedAt }), /\r\n1\.000,[^,]+,neutral,2 0 0 0 0\.5 0 0 0\.5,1\.100,/);
  assert.match(dictionary(log), /\r\nhappy_change,,"?Probability of the expression ""Happy"" minus its mean while/);
  assert.deepEqual(lines.find(({ event }) => event === 'neutral').detail, '2 0 0 0 0.5 0 0 0.5');
  assert.deepEqual(lines.find(({ faces }) => faces).faces[0].change, undefined);
  assert.deepEqual(lines[lines.length - 1].faces[0].change, [0, 0, 0, -0.3, 0, 0, 0.3]);
  assert.match(toReport(log, { at: '', notice: '' }), /Neutral face set at 0:01: Angry 0%, .*Happy 50%, .*Neutral 50%\./);
  note(log, 2, NEUTRAL_CLEARED, '2');
  assert.doesNotMatch(toReport(log, { at: '', notice: '' }), /Neutral face set at/);
  assert.deepEqual(log.events.slice(-2).map((event) => T.eventSentence(event)), ['Neutral face of Face 2', 'Face 2 has no neutral face any more']);
});

for (const [what, limits] of [['frames', {}], ['means', { framesS: 1 }]]) {
  test(`slices of ${what} have the differences of the face on show, also of the largest one`, () => {
    const log = logOf(12, (timeS) => [face(timeS < 8 ? 0.2 : 0.7)], limits);
    note(log, 3.95);
    const { changes, lines } = log.slices(null, 11.5, 12, 6, 1, log.baselines);

    assert.deepEqual(changes[3].map((change) => change && Number(change.toFixed(3))), [null, null, -0.3, -0.3, 0.2, 0.2]);
    assert.deepEqual(lines[3].map((mean) => Number(mean.toFixed(3))), [0.2, 0.2, 0.2, 0.2, 0.7, 0.7]);
    assert.deepEqual(log.slices(null, 11.5, 12, 6).changes, []);
  });
}

test('a moment of a session has the differences, and none before the baseline', () => {
  const log = logOf(4, () => [face(0.2)]);
  note(log, 1.95);

  assert.equal(momentOf(log, 2, 1).changes, null);
  assert.deepEqual(momentOf(log, 2, 4).changes?.map((change) => Number(change.toFixed(3))), [0, 0, 0, -0.3, 0, 0, 0.3]);
});

test('the table of the chart has the differences with their signs on demand', () => {
  const log = logOf(4, () => [face(0.2)]);
  note(log, 1.95);
  const stretch = { log, fromS: 0, toS: 3.9, faces: [null] };
  const { head, rows } = tableOf({ ...stretch, changes: 'shown' });

  assert.deepEqual(head.slice(-7), EMOTIONS.map((emotion) => T.changeName(emotion)));
  assert.deepEqual([rows[0].slice(-7), rows[3].slice(-7)], [EMOTIONS.map(() => '–'), ['0', '0', '0', '-30', '0', '0', '+30']]);
  assert.equal(tableOf(stretch).head.length, head.length - 7);
});

for (const [change, words] of [[0.423, '+42'], [-0.07, '-7'], [0, '0'], [0.004, '0'], [1, '+100']]) {
  test(`a difference of ${change} is ${words} points`, () => {
    assert.equal(signedPoints(change), words);
  });
}

test('the largest difference is that of the expression whose mean is farthest from 0, never that of neutral', () => {
  const lines = EMOTIONS.map(() => [null, 0.01, 0.01]);
  lines[EMOTIONS.indexOf('sad')] = [0.1, -0.5, null];
  lines[EMOTIONS.indexOf('happy')] = [null, 0.3, 0.3];
  lines[EMOTIONS.indexOf('neutral')] = [-0.9, -0.9, -0.9];

  assert.equal(EMOTIONS[mostChanged(lines)], 'happy');
  assert.equal(mostChanged(EMOTIONS.map(() => [null, null])), -1);
});
