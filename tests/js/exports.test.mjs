import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { dictionary, fileStem, toCsv, toEventsCsv, toJsonl } from '../../client/js/session/exports.js';
import { SessionLog } from '../../client/js/session/session-log.js';
import { decodeTelemetry } from '../../client/js/connection/telemetry.js';

const golden = JSON.parse(readFileSync(new URL('../data/telemetry_v1.json', import.meta.url), 'utf8'));
const message = (change) => decodeTelemetry(JSON.stringify({ ...golden, ...change }));
const face = (id, label = 'happy') => ({ ...golden.faces[0], id, label });
const startedAt = new Date('2026-03-04T05:06:07.500Z');
const GERMAN = { startedAt, separator: ';', decimal: ',' };

function logOf(...frames) {
  const log = new SessionLog();
  frames.forEach((change, i) => log.add(i, message({ seq: i, ...change })));
  return log;
}

/** Ten seconds of two frames each, of which only the last two seconds are kept as frames. */
function thinned() {
  const log = new SessionLog({ framesS: 2 });
  for (let seq = 0; seq < 20; seq += 1) log.add(seq / 2, message({ seq, faces: seq < 4 ? [] : seq % 2 ? [face(1)] : [face(1), face(2)] }));
  return log;
}

/** Reads CSV as RFC 4180 says. */
function parse(text, separator = ',') {
  const rows = [['']];
  let quoted = false;
  for (let i = 0; i < text.length; i += 1) {
    const row = rows[rows.length - 1];
    if (text[i] === '"') {
      if (quoted && text[i + 1] === '"') row[row.length - 1] += text[(i += 1)];
      else quoted = !quoted;
    } else if (!quoted && text[i] === separator) row.push('');
    else if (!quoted && text.startsWith('\r\n', i)) rows.push(['']) && (i += 1);
    else row[row.length - 1] += text[i];
  }
  return rows.slice(0, -1);
}

function table(text, separator) {
  const [head, ...rows] = parse(text, separator);
  return rows.map((row) => Object.fromEntries(head.map((name, i) => [name, row[i]])));
}

test('CSV has one row per face and one for a frame without faces, all of the same length', () => {
  const rows = parse(toCsv(logOf({}, { faces: [] }), { startedAt }));

  assert.equal(rows.length, 1 + golden.faces.length + 1);
  assert.equal(new Set(rows.map((row) => row.length)).size, 1);
  assert.match(rows[0].join(), /^time_s,clock,row,frames,connection,seq,pts_s,.*label,unsure,frames_angry,.*frames_unsure,angry,disgust,.*blinks,valence,arousal,smile,brows,eyes_closed_s,eye_closures,yawns,gaze,trust$/);
});

test('each row of a CSV has the time of the session and of the wall clock', () => {
  const rows = table(toCsv(logOf({}, {}), { startedAt }));
  const last = rows[rows.length - 1];

  assert.deepEqual([last.time_s, last.clock, last.frames], ['1.000', '2026-03-04T05:06:08.500Z', '1']);
});

test('where only means are kept, CSV says how many frames a row stands for', () => {
  const rows = table(toCsv(thinned(), { startedAt }));

  assert.deepEqual(rows.slice(0, 4).map((row) => [row.time_s, row.face, row.frames]), [['0.000', '', '2'], ['1.000', '', '2'], ['2.000', '1', '2'], ['2.000', '2', '1']]);
  assert.deepEqual(rows.slice(-3).map((row) => [row.time_s, row.face, row.frames]), [['9.000', '1', '1'], ['9.000', '2', '1'], ['9.500', '1', '1']]);
  assert.equal(rows.find((row) => row.time_s === '2.000').happy, String(golden.faces[0].probabilities[3]));
  // Faces: none twice, and none missing, where means end and frames begin.
  const found = rows.filter((row) => row.face === '1').reduce((sum, row) => sum + Number(row.frames), 0);
  assert.equal(found, 16);
});

/** Ten seconds: faces 1 and 2 with changing labels, and frames without a face or not analysed. */
function mixed(limits, chunks = []) {
  const log = new SessionLog(limits);
  for (let seq = 0; seq < 80; seq += 1) {
    const faces = [[face(1, seq % 3 ? 'happy' : 'sad')], [face(1), { ...face(2, 'unsure'), box: [0, 0, 5, 5] }], [], []][seq % 4];
    log.add(seq / 8, message({ seq, faces, ...(seq % 8 === 7 && { analysed: false, unanalysed: 'fault' }) }));
    chunks.push(...structuredClone(log.takeChunks()));
  }
  return log;
}
/** Sums over the rows of each face, as the dictionary says. */
function sums(rows) {
  const columns = Object.keys(rows[0]).filter((name) => name.startsWith('frames'));
  const found = {};
  for (const row of rows) {
    const sum = (found[`${row.face} ${row.analysed}`] ??= Object.fromEntries(columns.map((name) => [name, 0])));
    for (const name of columns) sum[name] += Number(row[name]);
  }
  return found;
}

test('shares of labels and frames without a face are the same from means as from frames, also after the database', () => {
  const frames = table(toCsv(mixed(), { startedAt }));
  const chunks = [];
  const log = mixed({ framesS: 4 }, chunks);
  const means = table(toCsv(log, { startedAt }));
  const back = SessionLog.from(chunks, { framesS: 4 });

  assert.ok(frames.every(({ row }) => row === 'frame'));
  assert.deepEqual(new Set(means.map(({ row }) => row)), new Set(['mean', 'frame']));
  assert.deepEqual(sums(means), sums(frames));
  const { ' true': none, ' false': unknown, '1 true': first } = sums(means);
  assert.deepEqual([none.frames, unknown.frames, first.frames, first.frames_happy, first.frames_sad], [30, 10, 40, 33, 7]);
  assert.equal(toCsv(back, { startedAt }), toCsv(log, { startedAt }));
});

test('a line of means in JSONL counts its labels and the frames without a face', () => {
  const [line] = toJsonl(mixed({ framesS: 4 }), { startedAt }).trimEnd().split('\n').map((text) => JSON.parse(text)).filter(({ event }) => !event);

  assert.deepEqual([line.frames, line.analysed_frames, line.frames_without_face], [8, 7, 3]);
  const [one, two] = line.faces;
  assert.deepEqual([one.frames, one.labels.happy, one.labels.sad, two.labels.unsure], [4, 3, 1, 2]);
});

for (const [kind, timeS, clock] of [['marker', 0.75, '2026-03-04T05:06:08.250Z'], ['stimulus-start', 1, '2026-03-04T05:06:08.500Z'], ['stimulus-end', 1, '2026-03-04T05:06:08.500Z']]) test(`${kind}: the moment of the key and the number of the frame; a marker has the frame's time, a stimulus that of the key, also after the database`, () => {
  const log = logOf({ faces: [] }, { faces: [] });
  log.noteShown({ timeS: 0.75, pressedS: 1, seq: 3 }, kind, 'cue');
  log.note(1.2, 'stopped');
  const { events } = SessionLog.from(structuredClone(log.takeChunks()));
  const [first, second] = table(toEventsCsv(events, GERMAN).slice(1), ';');
  const [, line, , stopped] = toJsonl(log, { startedAt }).trimEnd().split('\n').map((text) => JSON.parse(text));

  assert.deepEqual(first, {
    time_s: timeS.toFixed(3).replace('.', ','), clock, event: kind, detail: 'cue', pressed_s: '1,000', pressed_clock: '2026-03-04T05:06:08.500Z', seq: '3',
  });
  assert.deepEqual([second.event, second.pressed_s, second.pressed_clock, second.seq], ['stopped', '', '', '']);
  assert.deepEqual([line.time_s, line.pressed_s, line.pressed_clock, line.seq], [timeS, 1, '2026-03-04T05:06:08.500Z', 3]);
  assert.deepEqual(Object.keys(stopped), ['v', 'time_s', 'clock', 'event', 'detail']);
});

test('a stimulus that an earlier version kept with the time of the frame gets that of the key, too', () => {
  const log = logOf({ faces: [] }, { faces: [] });
  log.noteShown({ timeS: 0.75, pressedS: 1, seq: 3 }, 'stimulus-start', 'cue');
  const chunks = structuredClone(log.takeChunks());
  for (const event of chunks.flatMap(({ events = [] }) => events)) if (event.pressedS) event.timeS = 0.75;

  assert.equal(SessionLog.from(chunks).events.find(({ kind }) => kind === 'stimulus-start').timeS, 1);
});

test('rows and lines have the number of their connection, also where only means are kept and after the database', () => {
  const limits = { framesS: 4 };
  const log = new SessionLog(limits);
  const chunks = [];
  for (let seq = 0; seq < 20; seq += 1) {
    // The tries between 5 and 6 s that fail count as none.
    if ([0, 11, 12, 18].includes(seq)) log.newSession();
    if (seq === 11) continue;
    log.add(seq / 2, message({ seq, faces: [face(1)] }));
    chunks.push(...structuredClone(log.takeChunks()));
  }
  for (const kept of [log, SessionLog.from(chunks, limits)]) {
    const rows = table(toCsv(kept, { startedAt })).map(({ row, time_s: timeS, connection }) => [row, timeS, connection]);
    const lines = toJsonl(kept, { startedAt }).trimEnd().split('\n').map((text) => JSON.parse(text));

    assert.deepEqual(rows.slice(0, 7), [
      ['mean', '0.000', '1'], ['mean', '1.000', '1'], ['mean', '2.000', '1'], ['mean', '3.000', '1'], ['mean', '4.000', '1'], ['frame', '5.000', '1'], ['frame', '6.000', '2'],
    ]);
    assert.deepEqual(rows.slice(-2), [['frame', '9.000', '3'], ['frame', '9.500', '3']]);
    assert.deepEqual(lines.filter(({ event }) => !event).map(({ connection }) => connection), [1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 3, 3]);
    assert.deepEqual(lines.filter(({ event }) => event === 'connection').map(({ time_s: timeS, detail }) => [timeS, detail]), [[0, '1'], [6, '2'], [9, '3']]);
    assert.equal(lines[0].event, 'connection');
  }
});

test('a session of an older page says no connection', () => {
  const [row] = table(toCsv(logOf({}), { startedAt }));

  assert.equal(row.connection, '');
  assert.ok(!('connection' in JSON.parse(toJsonl(logOf({ faces: [] }), { startedAt }))));
});

test('CSV for a German Excel has semicolons, decimal commas and the mark of UTF-8', () => {
  const text = toCsv(logOf({ fps_out: 29.5 }), GERMAN);
  const [row] = table(text.slice(1), ';');

  assert.equal(text[0], '\ufeff');
  assert.deepEqual([row.time_s, row.fps_out, row.clock], ['0,000', '29,5', '2026-03-04T05:06:07.500Z']);
});

test('a decimal comma does not break a table with commas', () => {
  const rows = parse(toCsv(logOf({}), { startedAt, decimal: ',' }));

  assert.equal(new Set(rows.map((row) => row.length)).size, 1);
  assert.equal(rows[1][0], '0,000');
});

test('CSV of an empty log has a head only', () => assert.equal(parse(toCsv(new SessionLog(), { startedAt })).length, 1));

for (const text of ['plain', 'with, comma; and semicolon', 'a "quoted" word', 'two\r\nlines', 'ä 漢 🙂']) {
  for (const separator of [',', ';']) {
    test(`an event's text ${JSON.stringify(text)} comes through a CSV with ${separator}`, () => {
      const csv = toEventsCsv([{ timeS: 1.5, kind: 'marker', detail: text }], { startedAt, separator });

      assert.deepEqual(table(csv.replace('\ufeff', ''), separator), [{ time_s: '1.500', clock: '2026-03-04T05:06:09.000Z', event: 'marker', detail: text, pressed_s: '', pressed_clock: '', seq: '' }]);
    });
  }
}

for (const text of ['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', ' =1', '＝1']) {
  test(`a spreadsheet does not calculate the note ${JSON.stringify(text)}`, () => {
    const [row] = table(toEventsCsv([{ timeS: 0, kind: 'marker', detail: text }], { startedAt }));

    assert.equal(row.detail, `'${text}`);
  });
}

test('the dictionary gives the unit and the meaning of every column, in order', () => {
  const [columns] = parse(toCsv(new SessionLog(), { startedAt }));
  const [eventColumns] = parse(toEventsCsv([], { startedAt }));

  const rows = table(dictionary(new SessionLog()));

  assert.deepEqual(rows.map(({ column }) => column), [...new Set([...columns, ...eventColumns])]);
  for (const { column, meaning } of rows) assert.match(meaning, /\w{3}/, column);
  const units = Object.fromEntries(rows.map(({ column, unit }) => [column, unit]));
  assert.deepEqual([units.time_s, units.detect_ms, units.yaw_deg, units.left, units.fps_in, units.happy], ['s', 'ms', 'degrees', 'px', '1/s', '']);
  assert.equal(table(dictionary(new SessionLog(), { separator: ';' }).slice(1), ';').length, rows.length);
});

test('JSONL contains the messages as the server sent them', () => {
  const lines = toJsonl(logOf({ faces: [] }), { startedAt }).trimEnd().split('\n');

  assert.equal(lines.length, 1);
  assert.deepEqual(decodeTelemetry(lines[0]), message({ seq: 0, faces: [] }));
  assert.equal(JSON.parse(lines[0]).time_s, 0);
});

test('JSONL contains the events between the messages, in order of time', () => {
  const log = logOf({ faces: [] }, { faces: [] });
  log.note(0.5, 'marker', 'a "note"\nof two lines');
  log.note(7, 'stopped');
  const lines = toJsonl(log, { startedAt }).trimEnd().split('\n').map((line) => JSON.parse(line));

  assert.deepEqual(lines.map(({ time_s: timeS, event }) => [timeS, event]), [[0, undefined], [0.5, 'marker'], [1, undefined], [7, 'stopped']]);
  assert.deepEqual(lines[1], { v: 1, time_s: 0.5, clock: '2026-03-04T05:06:08.000Z', event: 'marker', detail: 'a "note"\nof two lines' });
});

test('where only means are kept, JSONL says how many messages a line stands for', () => {
  const lines = toJsonl(thinned(), { startedAt }).trimEnd().split('\n').map((line) => JSON.parse(line)).filter(({ event }) => !event);

  assert.equal(lines.reduce((sum, { frames = 1 }) => sum + frames, 0), 20);
  assert.deepEqual([lines[2].frames, lines[2].faces.map(({ id, frames }) => [id, frames])], [2, [[1, 2], [2, 1]]]);
  assert.deepEqual(lines.map(({ time_s: timeS }) => timeS), [...lines.map(({ time_s: timeS }) => timeS)].sort((a, b) => a - b));
  for (const line of lines) assert.ok(decodeTelemetry(JSON.stringify(line)));
});

test('an empty log gives an empty JSONL file', () => assert.equal(toJsonl(new SessionLog(), { startedAt }), ''));

test('file names sort by time', () => assert.equal(fileStem(new Date(2026, 2, 4, 5, 6, 7)), 'facestream_2026-03-04_050607'));
