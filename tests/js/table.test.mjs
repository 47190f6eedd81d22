import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { tableOf } from '../../client/js/session/table.js';
import { SessionLog } from '../../client/js/session/session-log.js';
import { decodeTelemetry } from '../../client/js/connection/telemetry.js';

const golden = decodeTelemetry(readFileSync(new URL('../data/telemetry_v1.json', import.meta.url), 'utf8'));

test('seconds without a report are not measured; seconds without a face have no face', () => {
  const log = new SessionLog();
  for (let i = 0; i < 80; i += 1) {
    const atS = i / 10;
    if (atS >= 2 && atS < 5) continue;
    log.add(atS, { ...golden, seq: i, faces: atS >= 6 ? [] : [{ ...golden.faces[0], id: 1, label: 'happy' }] });
  }
  for (const faces of [[null], [1, null]]) {
    const { rows } = tableOf({ log, fromS: 0, toS: 7.5, faces });

    assert.deepEqual(rows.map(([, label]) => label), ['Happy', 'Happy', 'Not measured', 'Not measured', 'Not measured', 'Happy', 'No face', 'No face']);
  }
});
