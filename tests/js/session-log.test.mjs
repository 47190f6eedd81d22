import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { BRIDGE_S } from '../../client/js/session/stretches.js';
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

/** @param {number} seed @returns {() => number} 0 to 1, the same each time */
function randoms(seed) {
  let state = seed;
  return () => (state = (state * 16807) % 2147483647) / 2147483647;
}

for (const seed of [1, 2, 3]) {
  test(`the measured time that is counted as a session grows is that of a walk through it (${seed})`, () => {
    const random = randoms(seed);
    const log = new SessionLog({ framesS: 20 });
    const telemetry = message({});
    let timeS = 0;
    for (let seq = 0; seq < 1500; seq += 1) {
      timeS += random() < 0.05 ? random() * 5 : random() * 0.2;
      log.add(timeS, { ...telemetry, seq, analysed: random() < 0.7 });
      if (seq % 50) continue;
      assert.ok(Math.abs(log.measuredS - log.measured(BRIDGE_S).lengthS) < 1e-6, `at ${timeS} s: ${log.measuredS}, ${log.measured(BRIDGE_S).lengthS}`);
    }
    const stored = SessionLog.from(log.takeChunks(), { framesS: 20 });
    assert.ok(Math.abs(stored.measuredS - stored.measured(BRIDGE_S).lengthS) < 1e-6);
    log.clear();
    assert.equal(log.measuredS, 0);
  });
}
