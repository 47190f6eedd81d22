import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { toReport } from '../../client/js/session/report.js';
import { SessionLog } from '../../client/js/session/session-log.js';
import { decodeTelemetry } from '../../client/js/connection/telemetry.js';

const schema = JSON.parse(readFileSync(new URL('../../docs/telemetry.schema.json', import.meta.url), 'utf8'));
const golden = JSON.parse(readFileSync(new URL('../data/telemetry_v1.json', import.meta.url), 'utf8'));
const message = (change) => decodeTelemetry(JSON.stringify({ ...golden, ...change }));
const face = (id, label) => ({ ...golden.faces[0], id, label });

function logOf(...frames) {
  const log = new SessionLog();
  frames.forEach((change, i) => log.add(i, message({ seq: i, ...change })));
  return log;
}

test('the log returns each report unchanged', () => {
  const [entry] = [...logOf({})];

  assert.deepEqual(entry, { timeS: 0, telemetry: message({ seq: 0 }) });
});

for (const unanalysed of schema.properties.unanalysed.enum) {
  test(`the log keeps "${unanalysed}", the reason why a frame was not analysed`, () => {
    const [entry] = [...logOf({ analysed: unanalysed === '', unanalysed, faces: [] })];

    assert.equal(entry.telemetry.unanalysed, unanalysed);
  });
}

for (const unsure of schema.$defs.FaceMessage.properties.unsure.examples) {
  test(`the log keeps "${unsure}", the reason why a face has no label`, () => {
    const [entry] = [...logOf({ faces: [{ ...face(1, unsure ? 'unsure' : 'happy'), unsure }] })];

    assert.equal(entry.telemetry.faces[0].unsure, unsure);
  });
}

for (const label of schema.$defs.FaceMessage.properties.label.examples) {
  test(`the log keeps the label ${label}`, () => {
    const [entry] = [...logOf({ faces: [face(1, label)] })];

    assert.equal(entry.telemetry.faces[0].label, label);
  });
}

test('a full log drops its oldest rows', () => {
  const log = new SessionLog({ rows: 3 });
  for (let i = 0; i < 10; i += 1) log.add(i, message({ seq: i, faces: [] }));

  assert.deepEqual([...log].map(({ timeS }) => timeS), [7, 8, 9]);
});

test('faces that appear, change and leave are events; a short "unsure" is not', () => {
  const log = logOf(
    { faces: [face(1, 'happy')] }, { faces: [face(1, 'unsure')] }, { faces: [face(1, 'happy')] }, { faces: [face(1, 'sad')] },
    { faces: [], analysed: false }, { faces: [face(1, 'sad')] }, { faces: [] },
  );

  assert.deepEqual(log.events.map(({ timeS, kind, detail }) => [timeS, kind, detail]), [
    [0, 'appeared', '1'], [3, 'changed', '1 sad'], [6, 'left', '1'],
  ]);
});

test('a lost connection does not count as a face that left', () => {
  const log = logOf({ faces: [face(1, 'happy')] });
  log.newSession();
  log.add(1, message({ seq: 0, faces: [] }));

  assert.deepEqual(log.events.map(({ kind }) => kind), ['appeared']);
});

test('a report of an empty log says that there was no face', () => {
  assert.match(toReport(new SessionLog(), [], { at: 'now', notice: '' }), /No face was found/);
});

test('a report loads nothing and runs no script', () => {
  const log = logOf({ faces: [face(1, 'happy')] }, { faces: [face(1, 'sad')] });
  const html = toReport(log, log.events, { at: 'today', notice: '<script>alert(1)</script>' });

  assert.doesNotMatch(html, /<script|https?:|<link|<img|url\(/);
  assert.match(html, /<svg/);
  assert.match(html, /Face 1: Sad/);
  assert.match(html, /50%/);
});

test('event times in a report count from the start of the visit, even if the first events were dropped', () => {
  const html = toReport([], [{ timeS: 65, kind: 'appeared', detail: '1' }, { timeS: 70, kind: 'left', detail: '1' }], { at: '', notice: '' });

  assert.deepEqual([...html.matchAll(/<time>([^<]*)<\/time>([^<]*)/g)].map(([, time, text]) => [time, text]), [['1:05', 'Face 1 appeared'], ['1:10', 'Face 1 left']]);
});

test('the line in a report is interrupted while the face was away', () => {
  const log = new SessionLog();
  for (let i = 0; i < 100; i += 1) log.add(i, message({ seq: i, faces: i > 40 && i < 60 ? [] : [face(1, 'happy')] }));
  const [line] = toReport(log, [], { at: '', notice: '' }).match(/<path [^>]*--happy[^>]*>/);

  assert.equal(line.match(/M/g).length, 2);
});
