import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

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

  assert.deepEqual(log.events.map(({ kind }) => kind), ['appeared', 'connection']);
});
