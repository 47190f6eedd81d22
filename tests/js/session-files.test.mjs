import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { decodeTelemetry } from '../../client/js/connection/telemetry.js';
import { SEPARATORS, fileOf } from '../../client/js/session/session-files.js';
import { exactTime } from '../../client/js/texts/format.js';
import { SessionLog } from '../../client/js/session/session-log.js';

const SESSION = { log: new SessionLog(), startedAt: new Date(0), source: 'camera', notice: 'Agreed.', settings: { width: 1280, height: 720, fps: 30 } };
const report = async (session) => (await (await fileOf('report', session, SEPARATORS.plain)).blob.text()).split('<h2>Settings</h2>')[1];

test('the report says what was sent, and what analysed it', async () => {
  const text = await report({ ...SESSION, server: { version: '1.2', models: ['blazeface 0.4', 'emotion 1'] } });

  for (const [name, value] of [['Size in pixels (requested)', '1280 × 720'], ['Frames per second (requested)', '30'], ['Models', 'blazeface 0.4, emotion 1'], ['Version of the server', '1.2']]) {
    assert.ok(text.includes(`<dt>${name}</dt><dd>${value}</dd>`), name);
  }
});

const FILE = { ...SESSION, source: 'file', plays: 'once', clipSize: { width: 960, height: 540, sentWidth: 640, sentHeight: 360 } };

test('the report of a file says its real size, and what was sent, instead of what a camera would be asked for', async () => {
  const text = await report(FILE);

  for (const [name, value] of [['Source', 'video file'], ['Size of the file in pixels', '960 × 540'], ['Size of the frames that were sent', '640 × 360']]) {
    assert.ok(text.includes(`<dt>${name}</dt><dd>${value}</dd>`), name);
  }
  assert.doesNotMatch(text, /requested|1280/);
  const looped = await report({ ...FILE, plays: 'in a loop' });
  assert.match(looped, /video file, played in a loop.*640 × 360 at most/);
  const older = await report({ ...SESSION, source: 'file' });
  assert.match(older, /video file/);
  assert.doesNotMatch(older, /requested|×/);
  assert.match(await report(SESSION), /<dt>Source<\/dt><dd>camera</);
});

test('the times of a file that is analysed once have no clock, in tables and events; those of a loop and a camera have', async () => {
  const log = new SessionLog();
  log.add(0.5, decodeTelemetry(readFileSync(new URL('../data/telemetry_v1.json', import.meta.url), 'utf8')));
  log.note(0.5, 'finished');
  const clocks = async (session, kind) => {
    const { blob } = await fileOf(kind, { ...session, log }, SEPARATORS.plain);
    return (await blob.text()).match(/1970-01-01T/g)?.length ?? 0;
  };

  for (const kind of ['csv', 'jsonl', 'tables']) {
    assert.equal(await clocks(FILE, kind), 0, kind);
    assert.equal(await clocks({ ...FILE, plays: undefined }, kind), 0, kind);
    for (const session of [SESSION, { ...FILE, plays: 'in a loop' }]) assert.ok((await clocks(session, kind)) > 0, kind);
  }
});

test('the report leaves out what the server does not say', async () => {
  for (const server of [undefined, { version: '', models: [] }]) assert.doesNotMatch(await report({ ...SESSION, server }), /Models|Version/);
});

test('both variants of the tables fit in one folder', async () => {
  for (const kind of ['tables', 'csv']) {
    const [plain, german] = await Promise.all([SEPARATORS.plain, SEPARATORS.german].map((separators) => fileOf(kind, SESSION, separators)));

    assert.notEqual(plain.name, german.name);
    assert.match(german.name, /_german\.(zip|csv)$/);
  }
});

test('the tables are in a folder named like their archive, so that unpacking two archives loses nothing', async () => {
  for (const separators of [SEPARATORS.plain, SEPARATORS.german]) {
    const { blob, name } = await fileOf('tables', { ...SESSION, name: 'P01' }, separators);
    const text = await blob.text();

    for (const file of ['measurements.csv', 'events.csv', 'dictionary.csv']) assert.ok(text.includes(`${name.replace(/\.zip$/, '')}/${file}`), file);
  }
});

test('the report says when the session was, to the second and with the offset, and when the person agreed, if that is known', async () => {
  const whole = async (session) => (await fileOf('report', session, SEPARATORS.plain)).blob.text();

  assert.match(await whole(SESSION), /<h1>Facial expressions<\/h1><p>[^<]*19(70|69)[^<]*\d:\d\d:00[^<]*\(UTC[+-]\d\d:\d\d\)</);
  assert.match(await whole({ ...SESSION, agreedMs: 5000 }), /Text of the agreement<\/h2><p>Agreed\.<\/p><p>Agreed on [^<]*:05[^<]*\(UTC/);
  assert.match(await whole({ ...SESSION, agreedMs: 5000, agreedEarlier: true }), /<p>Agreed on [^<]*:05[^<]*, before an earlier session of this visit; perhaps another person\.<\/p>/);
  assert.match(await whole({ ...SESSION, agreedMs: null }), /<p>Agreed earlier in the same visit/);
  assert.doesNotMatch(await whole(SESSION), /Agreed on|Agreed earlier/);
});

test('a time with its offset is that of the local clock', () => {
  assert.match(exactTime(new Date(0), 90), /1970.*1:30:00.* \(UTC\+01:30\)$/);
  assert.match(exactTime(new Date(0), -300), /1969.*7:00:00.* \(UTC-05:00\)$/);
});

test('the name of a session is in the head of its report, and in the names of its files as far as any file system has it', async () => {
  const { blob, name } = await fileOf('report', { ...SESSION, name: 'Öz & <b>/../4b?' }, SEPARATORS.plain);
  const html = await blob.text();

  assert.match(html, /<h1>Facial expressions<\/h1><p class="name">Öz &#38; &#60;b&#62;/);
  assert.match(html, /<title>Öz [^<]*, Facial expressions/);
  assert.match(name, /^facestream_[-\d]+_\d{6}_Öz-b-4b\.html$/);
  for (const kind of ['tables', 'csv', 'jsonl']) {
    assert.match((await fileOf(kind, { ...SESSION, name: '  ' }, SEPARATORS.plain)).name, /^facestream_[-\d]+_\d{6}\.\w+$/);
    assert.ok((await fileOf(kind, { ...SESSION, name: 'x'.repeat(200) }, SEPARATORS.plain)).name.length < 90);
  }
});
