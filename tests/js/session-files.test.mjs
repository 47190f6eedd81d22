import assert from 'node:assert/strict';
import { test } from 'node:test';

import { SEPARATORS, fileOf } from '../../client/js/session/session-files.js';
import { SessionLog } from '../../client/js/session/session-log.js';

const SESSION = { log: new SessionLog(), startedAt: new Date(0), notice: 'Agreed.', settings: { width: 1280, height: 720, fps: 30 } };
const report = async (session) => (await (await fileOf('report', session, SEPARATORS.plain)).blob.text()).split('<h2>Settings</h2>')[1];

test('the report says what was sent, and what analysed it', async () => {
  const text = await report({ ...SESSION, server: { version: '1.2', models: ['blazeface 0.4', 'emotion 1'] } });

  for (const [name, value] of [['Size in pixels (requested)', '1280 × 720'], ['Frames per second (requested)', '30'], ['Models', 'blazeface 0.4, emotion 1'], ['Version of the server', '1.2']]) {
    assert.ok(text.includes(`<dt>${name}</dt><dd>${value}</dd>`), name);
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
