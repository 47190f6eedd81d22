import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { MOST_CHARS, amongWords, areFaceNames, faceNameIn, fullName, nameIn, shownName, withName } from '../../client/js/session/face-names.js';
import { dictionary, toCsv, toJsonl } from '../../client/js/session/exports.js';
import { toReport } from '../../client/js/session/report.js';
import { SessionLog } from '../../client/js/session/session-log.js';
import { SEPARATORS, fileOf } from '../../client/js/session/session-files.js';
import { tableOf } from '../../client/js/session/table.js';
import { decodeTelemetry } from '../../client/js/connection/telemetry.js';

const golden = JSON.parse(readFileSync(new URL('../data/telemetry_v1.json', import.meta.url), 'utf8'));
const startedAt = new Date('2026-03-04T05:06:07.500Z');
const face = (id) => ({ ...golden.faces[0], id });

function logOf() {
  const log = new SessionLog();
  for (const seq of [0, 1]) log.add(seq, decodeTelemetry(JSON.stringify({ ...golden, seq, faces: [face(1), face(2)] })));
  return log;
}

for (const [typed, name] of [
  ['  Ada  Lovelace ', 'Ada Lovelace'],
  ['a\nb\tc\u0000d\u0085e\u2028f', 'a b c d e f'],
  ['مريم', 'مريم'],
  ['<img src=x onerror=alert(1)>', '<img src=x onerror=alert(1)>'],
  [' \n ', ''],
  ['😀'.repeat(70), '😀'.repeat(MOST_CHARS)],
  [`${'a'.repeat(63)} b`, 'a'.repeat(63)],
]) {
  test(`of ${JSON.stringify(typed.slice(0, 30))}, the name is one line of 64 characters at most`, () => {
    assert.equal(faceNameIn(typed), name);
  });
}

test('a name is shown in place of the number, and with it where numbers stand, too', () => {
  const names = withName(withName({}, 2, 'Ada'), 3, 'Bob');

  assert.deepEqual([shownName(names, 2), shownName(names, 4), shownName(undefined, 2)], ['Ada', 'Face 4', 'Face 2']);
  assert.deepEqual([fullName(names, 2), fullName(names, 4)], ['\u2068Ada\u2069 (Face 2)', 'Face 4']);
  assert.deepEqual([amongWords('Ada', 2), amongWords('Face 4', 4)], ['\u2068Ada\u2069', 'Face 4']);
  assert.deepEqual(withName(names, 2, ''), { 3: 'Bob' });
  assert.equal(nameIn(names, 'constructor'), '');
});

test('only texts by number are names of faces', () => {
  assert.deepEqual([{}, { 2: 'Ada' }].map(areFaceNames), [true, true]);
  assert.deepEqual([null, [], 'a', { 2: 3 }, { 2: null }].map(areFaceNames), [false, false, false, false, false]);
});

for (const [name, cell] of [['Ada', 'Ada'], ['=1+1', "'=1+1"], ['a, "b"', '"a, ""b"""'], ['مريم 😀', 'مريم 😀'], ['<img src=x onerror=alert(1)>', '<img src=x onerror=alert(1)>']]) {
  test(`CSV has the name ${name} beside the number of the face, and harms no spreadsheet`, () => {
    const csv = toCsv(logOf(), { startedAt, faceNames: { 2: name } });
    const [head, first, second] = csv.split('\r\n');

    assert.match(head, /,face,name,left,/);
    assert.ok(second.includes(`,2,${cell},`));
    assert.match(first, /,1,,\d/);
  });
}

test('JSONL and dictionary have the name', () => {
  const [line] = toJsonl(logOf(), { startedAt, faceNames: { 2: '=1' } }).split('\n').map((text) => text && JSON.parse(text)).filter(({ faces }) => faces);

  assert.deepEqual(line.faces.map(({ id, name }) => [id, name]), [[1, undefined], [2, '=1']]);
  assert.match(dictionary(logOf()), /\r\nname,,"?Name that a person typed/);
});

test('the report calls a face by its name and its number, and escapes it', () => {
  const report = toReport(logOf(), { at: '', notice: '', faceNames: { 2: '<img src=x onerror=alert(1)>' } });
  const name = '\u2068&#60;img src=x onerror=alert(1)&#62;\u2069 (Face 2)';

  assert.doesNotMatch(report, /<img/);
  for (const part of [`<h3>${name}</h3>`, `<h2>${name}</h2>`, `<span>${name} appeared</span>`]) assert.ok(report.includes(part), part);
  assert.ok(report.includes('<h2>Face 1</h2>'));
});

test('the files of a session have its names of faces', async () => {
  const session = { log: logOf(), startedAt, faceNames: { 2: 'Ada' }, source: 'camera', notice: '', settings: { width: 640, height: 480, fps: 30 } };
  for (const kind of ['csv', 'jsonl', 'report']) {
    const { blob, name } = await fileOf(kind, session, SEPARATORS.plain);
    assert.match(await blob.text(), /Ada/);
    assert.doesNotMatch(name, /Ada/);
  }
});

test('the table that compares faces has their names', () => {
  assert.deepEqual(tableOf({ log: logOf(), fromS: 0, toS: 1, faces: [1, 2], names: { 2: 'Ada' } }).head.slice(1, 3), ['Face 1', '\u2068Ada\u2069 (Face 2)']);
});
