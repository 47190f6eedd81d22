import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { AT, COLUMNS, FIRST_COLUMNS, SECOND_COLUMNS } from '../../client/js/session/log-columns.js';
import { SessionLog } from '../../client/js/session/session-log.js';
import { decodeTelemetry } from '../../client/js/connection/telemetry.js';

const golden = JSON.parse(readFileSync(new URL('../data/telemetry_v1.json', import.meta.url), 'utf8'));
const face = (id, label = 'happy') => ({ ...golden.faces[0], id, label });
const decoded = decodeTelemetry(JSON.stringify(golden));
const frame = (seq, faces) => ({ ...decoded, seq, pts: seq / 4, faces });
const { eyes: _eyes, mouth: _mouth, ...bare } = { ...face(3, 'unsure'), unsure: 'turned', pose_deg: null };

/** Four frames a second: a face that stays, one without a pose that comes and goes, seconds without any. */
function record(log, fromS, toS) {
  for (let seq = fromS * 4; seq < toS * 4; seq += 1) {
    const second = Math.floor(seq / 4);
    const faces = second % 7 === 6 ? [] : second % 3 ? [face(1, seq % 5 ? 'happy' : 'sad'), bare] : [face(1)];
    log.add(seq / 4, frame(seq, faces));
  }
  return log;
}

const stored = (chunks) => chunks.map((chunk) => structuredClone(chunk));
const everything = (log) => ({
  frames: [...log], means: [...log.means()], seconds: [...log.everySecond()], events: log.events, leftOut: log.eventsLeftOut,
  lastS: log.lastS, framesFromS: log.framesFromS, line: log.slices(1, log.lastS, 300, 60), ids: log.faces().map(({ id }) => id),
});
const LIMITS = { framesS: 40 };

for (const [name, toS] of [['before the first frames are dropped', 30], ['after frames were dropped', 200], ['after more than one block of frames', 1300]]) {
  test(`a log comes back from its chunks, ${name}`, () => {
    const log = new SessionLog(LIMITS);
    const chunks = [];
    log.note(0, 'began');
    for (let s = 0; s < toS; s += 10) {
      record(log, s, s + 10);
      chunks.push(...stored(log.takeChunks()));
    }

    assert.deepEqual(everything(SessionLog.from(chunks, LIMITS)), everything(log));
  });
}

test('a log comes back although the chunks of old frames were deleted and the others come in another order', () => {
  const log = new SessionLog(LIMITS);
  const chunks = [];
  for (let s = 0; s < 200; s += 5) {
    record(log, s, s + 5);
    chunks.push(...stored(log.takeChunks()));
  }
  const kept = chunks.filter(({ kind, toS }) => kind !== 'frames' || toS > 199 - 40).reverse();

  assert.deepEqual(everything(SessionLog.from(kept, LIMITS)), everything(log));
});

test('if the chunks begin in the middle of a second, that second is kept as means', () => {
  const log = record(new SessionLog(), 0, 10);
  log.add(10, frame(40, [face(1)]));
  log.takeChunks();
  record(log, 11, 30);
  const [seconds] = stored(record(new SessionLog(), 0, 12).takeChunks()).filter(({ kind }) => kind === 'seconds');
  const late = new SessionLog();
  for (let seq = 42; seq < 60; seq += 1) late.add(seq / 4, frame(seq, [face(1)]));

  const back = SessionLog.from([...late.takeChunks().filter(({ kind }) => kind === 'frames'), seconds]);

  assert.equal(back.framesFromS, 11);
  assert.equal([...back][0].timeS, 11);
  assert.deepEqual([...back.means()].map(({ timeS }) => timeS), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
});

test('nothing comes twice, and nothing is new in a log that came back', () => {
  const log = record(new SessionLog(), 0, 3);
  const chunks = log.takeChunks();

  assert.deepEqual(chunks.map(({ kind, fromS, toS }) => [kind, fromS, toS]), [['frames', 0, 2.75], ['seconds', 0, 1], ['events', 0, 2.75]]);
  assert.deepEqual(log.takeChunks(), []);
  assert.deepEqual(SessionLog.from(chunks).takeChunks(), []);
});

test('a log that came back goes on where it ended', () => {
  const chunks = [];
  const first = record(new SessionLog(LIMITS), 0, 50);
  chunks.push(...stored(first.takeChunks()));
  const second = SessionLog.from(chunks, LIMITS);
  second.newSession();
  record(second, 50, 120);
  chunks.push(...stored(second.takeChunks()));

  assert.deepEqual(everything(SessionLog.from(chunks, LIMITS)), everything(second));
  assert.deepEqual([...second.everySecond()], [...record(new SessionLog(LIMITS), 0, 120).everySecond()]);
});

for (const text of ['plain', '', 'two\nlines, "quoted"; =1+1', 'ä ß 漢字 🙂 \u202e\u0000']) {
  test(`a note comes back with its text ${JSON.stringify(text)}`, () => {
    const log = new SessionLog();
    log.note(1.5, 'marker', text);

    assert.deepEqual(SessionLog.from(stored(log.takeChunks())).events, [{ timeS: 1.5, kind: 'marker', detail: text, id: 1 }]);
  });
}

test('a note that comes after its marker was taken is kept with it, whatever the order of the chunks', () => {
  const log = new SessionLog();
  const first = log.note(1.5, 'marker');
  log.note(1.5, 'marker');
  const before = stored(log.takeChunks());
  log.annotate(first, 'hello');
  const after = stored(log.takeChunks());
  const events = [{ timeS: 1.5, kind: 'marker', detail: 'hello', id: 1, edits: 1 }, { timeS: 1.5, kind: 'marker', detail: '', id: 2 }];

  assert.deepEqual(log.events, events);
  assert.deepEqual(SessionLog.from([...before, ...after]).events, events);
  assert.deepEqual(SessionLog.from([...after, ...before]).events.filter(({ id }) => id === 1), [events[0]]);
  assert.equal(SessionLog.from([...after, ...before]).events.length, 2);
});

test('of a note that was written several times the last state counts, also an empty one, whatever the order of the chunks', () => {
  const log = new SessionLog();
  const id = log.note(1.5, 'marker');
  const chunks = stored(log.takeChunks());
  for (const note of ['hel', 'hello', '']) {
    log.annotate(id, note);
    chunks.push(...stored(log.takeChunks()));
  }

  for (const order of [chunks, [...chunks].reverse()]) assert.deepEqual(SessionLog.from(order).events.map(({ detail }) => detail), ['']);
});

test('a note that an earlier version kept without a count replaces the marker without it', () => {
  const marker = { timeS: 1.5, kind: 'marker', detail: '', id: 1 };
  const chunk = (/** @type {object} */ event) => ({ kind: 'events', fromS: 1.5, toS: 1.5, format: 1, events: [event] });
  const chunks = /** @type {any[]} */ ([chunk({ ...marker, detail: 'hello' }), chunk(marker)]);

  for (const order of [chunks, [...chunks].reverse()]) assert.deepEqual(SessionLog.from(order).events.map(({ detail }) => detail), ['hello']);
});

test('a note that comes before its marker is taken is in one event', () => {
  const log = new SessionLog();
  log.annotate(log.note(2, 'marker'), 'soon');

  assert.deepEqual(log.takeChunks().flatMap(({ events }) => events), [{ timeS: 2, kind: 'marker', detail: 'soon', id: 1, edits: 1 }]);
});

test('an event whose moment is damaged is refused', () => {
  const log = new SessionLog();
  log.noteShown({ timeS: 1, pressedS: NaN }, 'marker', '');

  assert.throws(() => SessionLog.from(log.takeChunks()), /damaged/);
});

test('chunks of another version are refused', () => {
  const [chunk] = record(new SessionLog(), 0, 1).takeChunks();

  assert.throws(() => SessionLog.from([{ ...chunk, format: 99 }]), /format 99/);
});

test('beyond the limit, events of faces are counted and markers are kept', () => {
  const limits = { events: 3 };
  const log = new SessionLog(limits);
  for (let i = 0; i < 5; i += 1) log.add(i, frame(i, [face(i + 1)]));
  log.note(6, 'marker', 'kept');

  assert.deepEqual(log.events.map(({ kind }) => kind), ['appeared', 'appeared', 'left', 'marker']);
  assert.equal(log.eventsLeftOut, 6);
  assert.equal(SessionLog.from(log.takeChunks(), limits).eventsLeftOut, 6);
});

test('a log that a browser has kept since before a face had the later columns comes back, and they are not known', () => {
  const log = new SessionLog(LIMITS);
  const chunks = stored(record(log, 0, 20).takeChunks());
  const old = chunks.map((chunk) => {
    const width = { frames: COLUMNS.length, seconds: SECOND_COLUMNS.length }[chunk.kind];
    if (!width) return { ...chunk, format: 1 };
    const cells = chunk.rows.cells.filter((_, at) => at % width < FIRST_COLUMNS || at % width >= COLUMNS.length);
    return { ...chunk, format: 1, rows: { ...chunk.rows, cells } };
  });
  const without = ({ valence: _1, arousal: _2, smile: _3, brows: _4, eyes_closed_s: _5, eye_closures: _6, yawns: _7, gaze: _8, trust: _9, ...kept }) => kept;
  const bare = (telemetry) => ({ ...telemetry, faces: telemetry.faces.map(without) });

  const back = SessionLog.from(old, LIMITS);

  assert.equal(FIRST_COLUMNS, 32);
  assert.deepEqual([...back].map(({ telemetry }) => telemetry), [...log].map(({ telemetry }) => bare(telemetry)));
  assert.deepEqual([...back.means()].map(({ telemetry, faces }) => [telemetry, faces]), [...log.means()].map(({ telemetry, faces }) => [bare(telemetry), faces.map(({ face: one, ...counts }) => ({ face: without(one), ...counts }))]));
});

test('events are in order of time, although those of a frame come late', () => {
  const log = new SessionLog();
  log.note(2, 'marker');
  log.add(1.9, frame(0, [face(1)]));

  assert.deepEqual(log.events.map(({ kind }) => kind), ['appeared', 'marker']);
});

test('a second is kept as means, with the most frequent label and how often each face was found', () => {
  const log = new SessionLog({ framesS: 2 });
  const unsure = { ...face(1, 'unsure'), unsure: 'blurred' };
  [[face(1, 'sad'), face(2)], [unsure], [unsure], []].forEach((faces, i) => log.add(i / 4, frame(i, faces)));
  record(log, 4, 6);

  const [means] = log.means();

  assert.equal(means.timeS, 0);
  assert.equal(means.frames, 4);
  assert.equal(means.telemetry.seq, 0);
  assert.deepEqual(means.faces.map(({ face: { id, label, unsure: why }, frames }) => [id, label, why, frames]), [[1, 'unsure', 'blurred', 3], [2, 'happy', '', 1]]);
  assert.deepEqual(means.faces[0].labels, [0, 0, 0, 0, 1, 0, 0, 2]);
});

test('a session of eight hours needs less than 10 MB for its means', () => {
  const log = new SessionLog();
  for (let s = 0; s < 8 * 3600; s += 1) log.add(s, frame(s, [face(1)]));

  const bytes = log.takeChunks().flatMap(({ kind, rows }) => (kind === 'seconds' ? [rows.times, rows.pts, rows.cells] : [])).reduce((sum, { byteLength }) => sum + byteLength, 0);

  assert.equal([...log].length, 1801);
  assert.ok(bytes < 10e6, `${bytes} bytes`);
});

const rowsOf = (chunks, kind) => chunks.find((chunk) => chunk.kind === kind).rows;
const DAMAGE = {
  'no chunk at all': (chunks) => (chunks[0] = undefined),
  'an unknown kind': (chunks) => (chunks[0].kind = 'odd'),
  'no rows': (chunks) => delete chunks[0].rows,
  'a plain list of times': (chunks) => (chunks[0].rows.times = [...chunks[0].rows.times]),
  'a time that is no number': (chunks) => (rowsOf(chunks, 'frames').times[3] = NaN),
  'a chunk whose time is no number': (chunks) => (chunks[0].fromS = NaN),
  'times that go back': (chunks) => rowsOf(chunks, 'frames').times.reverse(),
  'too few cells': (chunks) => (chunks[0].rows.cells = chunks[0].rows.cells.slice(1)),
  'cells that are no numbers': (chunks) => rowsOf(chunks, 'frames').cells.fill(NaN),
  'a second without frames': (chunks) => (rowsOf(chunks, 'seconds').cells[AT.secondFrames] = 0),
  'a face without probabilities': (chunks) => (rowsOf(chunks, 'frames').cells[AT.happy] = NaN),
  'the same frames twice': (chunks) => chunks.push(structuredClone(chunks[0])),
  'an event without a time': (chunks) => delete chunks.find(({ kind }) => kind === 'events').events[0].timeS,
  'no list of events': (chunks) => (chunks.find(({ kind }) => kind === 'events').events = 'none'),
};
for (const [name, damage] of Object.entries(DAMAGE)) {
  test(`damaged chunks are refused: ${name}`, () => {
    const chunks = stored(record(new SessionLog(), 0, 3).takeChunks());
    SessionLog.from(stored(chunks));

    damage(chunks);

    assert.throws(() => SessionLog.from(chunks), /chunk/);
  });
}
