import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { momentOf } from '../../client/js/session/moment.js';
import { SessionLog } from '../../client/js/session/session-log.js';
import { EMOTIONS, decodeTelemetry } from '../../client/js/connection/telemetry.js';

const golden = decodeTelemetry(readFileSync(new URL('../data/telemetry_v1.json', import.meta.url), 'utf8'));
const face = (id, label, width) => ({ ...golden.faces[0], id, label, box: [0, 0, width, width], probabilities: EMOTIONS.map((emotion) => (emotion === label ? 0.7 : 0.05)) });

/** Ten frames a second: Face 1 is neutral, from second 2 on happy and alone; from 3 to 5 there is no report, after that nobody. */
function record(framesS) {
  const log = new SessionLog({ framesS });
  for (let i = 0; i < 70; i += 1) {
    const atS = i / 10;
    if (atS >= 3 && atS < 5) continue;
    log.add(atS, { ...golden, seq: i, faces: atS >= 5 ? [] : atS < 2 ? [face(1, 'neutral', 200), face(2, 'sad', 100)] : [face(1, 'happy', 200)] });
  }
  return log;
}

for (const framesS of [1800, 1]) {
  const kept = framesS === 1 ? 'means' : 'frames';

  test(`a moment is the second that ends there, of the largest face or the one asked for (${kept})`, () => {
    const log = record(framesS);

    assert.equal(momentOf(log, null, 2).label, 'neutral');
    assert.equal(momentOf(log, null, 2).atS, 1);
    assert.equal(momentOf(log, null, 2.5).label, 'happy');
    assert.equal(momentOf(log, 2, 2).label, 'sad');
    assert.ok(Math.abs(momentOf(log, 2, 2).probabilities[EMOTIONS.indexOf('sad')] - 0.7) < 1e-6);
    assert.equal(momentOf(log, null, 0).label, 'neutral');
  });

  test(`a face that is absent, nobody, and no report differ (${kept})`, () => {
    const log = record(framesS);

    assert.deepEqual(momentOf(log, 2, 3), { atS: 2, faceId: 2, label: '', probabilities: [], changes: null, isMeasured: true });
    assert.deepEqual(momentOf(log, null, 6), { atS: 5, faceId: null, label: '', probabilities: [], changes: null, isMeasured: true });
    assert.deepEqual(momentOf(log, null, 4), { atS: 3, faceId: null, label: '', probabilities: [], changes: null, isMeasured: false });
  });
}

test('the whole second counts, also its last frames', () => {
  const log = new SessionLog();
  for (let i = 0; i < 20; i += 1) log.add(i / 10, { ...golden, seq: i, faces: [face(1, i < 4 ? 'sad' : 'happy', 100)] });

  assert.equal(momentOf(log, 1, 1).label, 'happy');
});
