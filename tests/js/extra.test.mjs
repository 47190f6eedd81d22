import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { dictionary, toCsv, toJsonl } from '../../client/js/session/exports.js';
import { ExtraLog, MOST_NAMES } from '../../client/js/session/extra-log.js';
import { toReport } from '../../client/js/session/report.js';
import { SessionLog } from '../../client/js/session/session-log.js';
import { tableOf } from '../../client/js/session/table.js';
import { pointsOf } from '../../client/js/session/timeline.js';
import { significant } from '../../client/js/texts/format.js';
import { T } from '../../client/js/texts/texts.js';
import { decodeTelemetry } from '../../client/js/connection/telemetry.js';

const golden = JSON.parse(readFileSync(new URL('../data/telemetry_v1.json', import.meta.url), 'utf8'));
const message = (change) => decodeTelemetry(JSON.stringify({ ...golden, ...change }));
const EVERY_KIND = { count: 3, share: 0.1, truth: true, nothing: null, word: 'left "a"; b', list: [1, { a: 'x' }] };
const ABOUT = { at: '', notice: '' };
const startedAt = new Date('2026-03-04T05:06:07.500Z');

/** Frames half a second apart. */
function logOf(extras, limits) {
  const log = new SessionLog(limits);
  extras.forEach((extra, seq) => log.add(seq / 2, message({ seq, extra })));
  return log;
}

/** As the database stores it. */
const stored = (...chunks) => structuredClone(chunks.flat());

const extrasOf = (log) => [...log].map(({ telemetry }) => telemetry.extra);

/** The cells of these columns, of a CSV in which no cell has a line break. */
function cellsOf(text, ...columns) {
  const [head, ...rows] = text.trim().split('\r\n').map((line) => line.match(/("([^"]|"")*"|[^,]*)(,|$)/g).map((cell) => cell.replace(/,$/, '').replace(/^"|"$/g, '').replaceAll('""', '"')));
  return rows.map((row) => columns.map((column) => row[head.indexOf(column)]));
}

for (const bad of [null, 3, [1], {}, { 'a b': 1 }, { '<img>': 1 }, { ['x'.repeat(33)]: 1 }]) {
  test(`${JSON.stringify(bad)} is taken for no values of a plug-in`, () => {
    assert.equal('extra' in message({ extra: bad }), false);
  });
}

test('the log returns every kind of value unchanged, before and after the database', () => {
  const log = logOf([EVERY_KIND, undefined, { count: 4 }, { other: [] }]);

  assert.deepEqual(extrasOf(log), [EVERY_KIND, undefined, { count: 4 }, { other: [] }]);
  assert.deepEqual(extrasOf(SessionLog.from(stored(log.takeChunks()))), extrasOf(log));
});

test('frames of the same moment keep their own values', () => {
  const log = new SessionLog();
  for (const [seq, extra] of [[0, { n: 0 }], [1, undefined], [2, { n: 2 }]]) log.add(1, message({ seq, extra }));

  assert.deepEqual(extrasOf(log), [{ n: 0 }, undefined, { n: 2 }]);
});

test('chunks hold only what is new, and a log made of them goes on with the open second', () => {
  const log = logOf([{ n: 1 }, { n: 2 }, { n: 3 }]);
  const first = log.takeChunks();
  log.add(1.6, message({ seq: 3, extra: { n: 4, more: 'x' } }));
  const second = log.takeChunks();
  const again = SessionLog.from(stored(first, second));
  again.add(2, message({ seq: 4, extra: { n: 5 } }));

  assert.deepEqual(first.map(({ extra }) => extra?.map(({ times }) => [...times])), [[[0, 0.5, 1]], [[0]], undefined]);
  assert.deepEqual(second.map(({ kind, extra }) => [kind, extra?.map(({ names }) => names)]), [['frames', [['n', 'more']]]]);
  assert.deepEqual([...again.extra.totals()], [['n', { mean: 3, least: 1, most: 5 }]]);
  assert.deepEqual(again.extra.slices(2, 3, 3).get('n').line, [1.5, 3.5, 5]);
});

test('a session without values has chunks as those of an older page, and such chunks are read', () => {
  const chunks = stored(logOf([undefined, undefined]).takeChunks());

  assert.equal(chunks.some((chunk) => 'extra' in chunk), false);
  assert.deepEqual(SessionLog.from(chunks).extra.names, []);
});

test('where only means are kept, a second has the mean of numbers and the most frequent of other values', () => {
  const frames = [{ n: 1, is: true, word: 'a', mixed: null }, { n: 2, is: true, word: 'b', mixed: 7 }, { n: 5, is: false, word: 'c', mixed: null }, { n: 6, is: false, word: 'c' }];
  const log = logOf([...frames, {}, {}, {}, {}, {}, {}], { framesS: 2 });
  const [first, second, third] = [...log.means()];

  assert.deepEqual(first.telemetry.extra, { n: 1.5, is: true, word: 'a', mixed: 7 });
  assert.deepEqual(second.telemetry.extra, { n: 5.5, is: false, word: 'c', mixed: null });
  assert.equal(third, undefined);
  assert.deepEqual([...log.extra.totals()], [['n', { mean: 3.5, least: 1, most: 6 }], ['is', { mean: 0.5, least: 0, most: 1 }], ['mixed', { mean: 7, least: 7, most: 7 }]]);
});

test('the thinned past is the same after the database, also where its frames were deleted', () => {
  const log = new SessionLog({ framesS: 2 });
  const chunks = [];
  for (let seq = 0; seq < 40; seq += 1) {
    log.add(seq / 4, message({ seq, extra: { n: seq, word: `w${seq % 3}` } }));
    if (seq % 4 === 1) chunks.push(...log.takeChunks());
  }
  chunks.push(...log.takeChunks());
  const again = SessionLog.from(stored(chunks.filter(({ kind, toS }) => kind !== 'frames' || toS >= 7)), { framesS: 2 });

  assert.deepEqual(extrasOf(again), extrasOf(log));
  assert.deepEqual([...again.means()], [...log.means()]);
  assert.deepEqual(again.extra.slices(9.9, 10, 5), log.extra.slices(9.9, 10, 5));
  assert.deepEqual(again.extra.totals(), log.extra.totals());
});

test('slices of means and of frames have the same values', () => {
  const extras = Array.from({ length: 40 }, (_, seq) => ({ n: seq, is: seq > 9 }));
  const slices = (log) => [...log.extra.slices(19.9, 20, 10)].map(([name, { line, newest }]) => [name, line, newest]);

  assert.deepEqual(slices(logOf(extras, { framesS: 4 })), slices(logOf(extras)));
});

test('a short hole is a straight line, a long one is a gap', () => {
  const log = new SessionLog();
  for (const [seq, n] of [[0, 0], [8, 4], [30, 10]]) log.add(seq / 8, message({ seq, extra: { n } }));

  assert.deepEqual(log.extra.slices(3.9, 4, 16).get('n').line, [0, 1, 2, 3, 4, null, null, null, null, null, null, null, null, null, null, 10]);
});

test('more names than the limit are left out and counted', () => {
  const log = logOf([Object.fromEntries(Array.from({ length: MOST_NAMES }, (_, i) => [`a${i}`, i])), { a0: 9, late: 1 }, { late: 2, later: 3 }]);

  assert.equal(log.extra.names.length, MOST_NAMES);
  assert.equal(log.extra.namesLeftOut, 2);
  assert.deepEqual(extrasOf(log).slice(1), [{ a0: 9 }, undefined]);
  assert.match(toReport(log, ABOUT), /2 more values are not kept/);
});

test('texts beyond the limit are dropped from the oldest frames on, and that is said; numbers stay', () => {
  const extra = new ExtraLog(30_000);
  for (let seq = 0; seq < 5000; seq += 1) extra.add(seq, seq, { n: seq, word: String(seq).padStart(8) });
  const of = extra.ofFrames();

  assert.equal(extra.textsFromS, 2047);
  assert.deepEqual([of(0, 0), of(2047, 2047), of(2048, 2048)], [{ n: 0 }, { n: 2047 }, { n: 2048, word: '    2048' }]);
});

test('rows that are dropped are gone, and what is left is found', () => {
  const extra = new ExtraLog();
  for (let seq = 0; seq < 5000; seq += 1) extra.add(seq / 10, seq, { n: seq });
  extra.dropBefore(300);
  const of = extra.ofFrames();

  assert.deepEqual([of(299.9, 2999), of(300, 3000), of(499.9, 4999), of(500, 5000)], [undefined, { n: 3000 }, { n: 4999 }, undefined]);
  assert.equal(extra.take('frames').reduce((sum, { times }) => sum + times.length, 0), 2000);
});

for (const [what, damage] of Object.entries({
  'no list': () => 3,
  'names that are no texts': (copy) => [{ ...copy, names: [1] }],
  'too few numbers': (copy) => [{ ...copy, numbers: copy.numbers.slice(1) }],
  'a text that it lacks': (copy) => [{ ...copy, texts: copy.texts.map(() => 9) }],
  'times that go back': (copy) => [{ ...copy, times: copy.times.map((timeS) => -timeS) }],
  'a text that is no JSON': (copy) => [{ ...copy, dictionary: ['{'] }],
  'nothing in it': () => [null],
})) {
  test(`a stored session whose values have ${what} is damaged`, () => {
    const [frames, ...others] = stored(logOf([{ n: 'a' }, { n: 2 }]).takeChunks());

    assert.throws(() => SessionLog.from([{ ...frames, extra: damage(frames.extra[0]) }, ...others]), /damaged chunk/);
  });
}

test('CSV has a column for each name with the cells of faces.csv, in each row of a frame', () => {
  const log = new SessionLog();
  log.add(0, message({ seq: 0, extra: { ...EVERY_KIND, formula: '=1+1' }, faces: [{ ...golden.faces[0], id: 1 }, { ...golden.faces[0], id: 2 }] }));
  log.add(1, message({ seq: 1, faces: [] }));
  const cells = cellsOf(toCsv(log, { startedAt }), 'face', 'extra_count', 'extra_share', 'extra_truth', 'extra_nothing', 'extra_word', 'extra_list', 'extra_formula');
  const values = ['3', '0.1', 'true', '', 'left "a"; b', '[1, {"a": "x"}]', "'=1+1"];

  assert.deepEqual(cells, [['1', ...values], ['2', ...values], Array(8).fill('')]);
});

test('the dictionary has the meaning of the columns of a plug-in', () => {
  assert.match(dictionary(logOf([{ fps_in: 1 }])), /\r\nextra_fps_in,,"?The value ""fps_in"" of this server's own plug-in/);
});

test('JSONL has the values under the name of the telemetry, those of a second as means', () => {
  const lines = toJsonl(logOf([{ n: 1 }, { n: 2 }, ...Array(8).fill({ list: [1] })], { framesS: 2 }), { startedAt }).trim().split('\n').map((line) => JSON.parse(line)).filter(({ event }) => !event);

  assert.deepEqual([lines[0].extra, lines[lines.length - 1].extra], [{ n: 1.5 }, { list: [1] }]);
});

test('the table of the chart has means of numbers and the newest of other values', () => {
  const log = logOf([{ n: 1, word: '<b>', is: false }, { n: 2, word: 'b', is: true }, {}, { n: null, list: [1] }]);
  const { head, rows } = tableOf({ log, fromS: 0, toS: 2, faces: [null] });

  assert.deepEqual(head.slice(-4), ['n', 'word', 'is', 'list']);
  assert.deepEqual(rows.map((row) => row.slice(-4)), [['1.5', 'b', 'true', '–'], ['–', '–', '–', '[1]'], ['–', '–', '–', '–']]);
});

test('the report has mean, least and most of each name with numbers, and its course', () => {
  const report = toReport(logOf([{ n: 1, constant: 2, word: 'a' }, { n: 2, constant: 2 }, { n: 1e9, constant: 2 }]), ABOUT);

  assert.match(report, new RegExp(`<h2>${T.VALUES.title}</h2>`));
  assert.match(report, /<th scope="row"><bdi>n<\/bdi><\/th><td>3.333E8<\/td><td>1<\/td><td>1E9<\/td><td class="spark"><svg/);
  assert.match(report, /<bdi>constant<\/bdi><\/th><td>2<\/td><td>2<\/td>/);
  assert.doesNotMatch(report, /<bdi>word<\/bdi>/);
  assert.doesNotMatch(toReport(logOf([undefined]), ABOUT), new RegExp(T.VALUES.title));
});

test('the report says from when on texts are kept', () => {
  const log = new SessionLog();
  Object.defineProperty(log.extra, 'textsFromS', { value: 65 });

  assert.match(toReport(log, ABOUT), /Texts and lists among the values are kept from 1:05 on/);
});

test('the first failure of the plug-in in a session is an event of it, also after the database', () => {
  const log = new SessionLog();
  log.add(0, message({ seq: 0 }));
  for (const seq of [1, 2]) log.add(seq, message({ seq, extra_fault: 'ValueError' }));
  const again = SessionLog.from(stored(log.takeChunks()));
  again.add(3, message({ seq: 3, extra_fault: 'ValueError' }));
  const faults = again.events.filter(({ kind }) => kind === 'extra-fault');

  assert.deepEqual(faults.map(({ timeS }) => timeS), [1]);
  assert.match(T.eventSentence(faults[0]), /plug-in/);
  log.clear();
  log.add(0, message({ seq: 0, extra_fault: 'ValueError' }));
  assert.equal(log.events.filter(({ kind }) => kind === 'extra-fault').length, 1);
});

test('a line is drawn between its least and its greatest value; a constant one is in the middle', () => {
  assert.deepEqual(pointsOf([2, null, 4, 3]), [0, null, 1, 0.5]);
  assert.deepEqual(pointsOf([7, null, 7]), [0.5, null, 0.5]);
});

for (const [value, words] of [[0, '0'], [0.12345, '0.1235'], [-3, '-3'], [1234567, '1,234,567'], [12345678, '1.235E7'], [0.00001234, '1.234E-5']]) {
  test(`${value} is written as ${words}`, () => {
    assert.equal(significant(value), words);
  });
}
