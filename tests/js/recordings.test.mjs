import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Pieces, findLeft } from '../../client/js/storage/recordings.js';
import { FakeDatabase } from './fake-database.mjs';

const INFO = { id: 'r', startedMs: 0, touchedMs: 0, lengthS: 0, extension: 'webm', type: 'video/webm' };
const piece = (text, part = 1) => ({ part, blob: new Blob([text]) });
const texts = async (pieces) => Promise.all((await pieces.parts()).map((blob) => blob.text()));
/** What a page offers that opens long after. */
function left(database) {
  for (const info of database.stores.recordings.values()) info.touchedMs = 0;
  return new Promise((resolve) => findLeft(database, resolve));
}

/** A recording with these pieces; `troubles` counts how often the person learns that they stay in memory. */
async function recorded(database, ...given) {
  const at = { troubles: 0 };
  const pieces = new Pieces(database, INFO, () => (at.troubles += 1));
  for (const each of given) await pieces.add(each, 1);
  return Object.assign(at, { pieces });
}

test('each part is a file of the pieces in their order', async () => {
  const { pieces } = await recorded(new FakeDatabase(), piece('a'), piece('b'), piece('c', 2));

  assert.deepEqual(await texts(pieces), ['ab', 'c']);
});

test('a recording that cannot be read is an error, not an empty file, and stays', async () => {
  const database = new FakeDatabase();
  const { pieces } = await recorded(database, piece('a'));
  database.fails.add('read');

  await assert.rejects(pieces.parts(), /read/);
  database.fails.clear();

  assert.deepEqual(await texts(pieces), ['a']);
});

test('when the database is full, pieces stay in memory, in their order, and that is said once', async () => {
  const database = new FakeDatabase();
  const recording = await recorded(database, piece('a'));
  database.fails.add('write');
  await recording.pieces.add(piece('b'), 2);
  database.fails.clear();
  await recording.pieces.add(piece('c'), 3);

  assert.equal(recording.troubles, 1);
  assert.deepEqual(await texts(recording.pieces), ['abc']);
});

test('when only the memory can be read, the rest is not deleted: another page offers it', async () => {
  const database = new FakeDatabase();
  const { pieces } = await recorded(database, piece('a'));
  database.fails.add('write');
  await pieces.add(piece('b'), 2);
  database.fails.add('read');
  assert.deepEqual(await texts(pieces), ['b']);
  database.fails.clear();

  await pieces.markSaved();
  await pieces.remove();

  assert.deepEqual(await texts(await left(database)), ['a']);
});

test('without a database everything is in memory', async () => {
  const recording = await recorded(null, piece('a'));

  assert.equal(recording.troubles, 0);
  assert.deepEqual(await texts(recording.pieces), ['a']);
});

for (const damage of [{ lengthS: undefined }, { startedMs: 'x' }, { extension: null, type: 3 }, { lengthS: undefined, touchedMs: undefined }]) {
  test(`a recording with a damaged record is offered with what can be read: ${JSON.stringify(Object.keys(damage))}`, async () => {
    const database = new FakeDatabase();
    const { pieces } = await recorded(database, piece('a'), { part: 1 }, piece('b'));
    pieces.close();
    database.stores.recordings.set('r', { ...INFO, ...damage });
    database.stores.recordings.set('whole', { ...INFO, id: 'whole', lengthS: 2 });

    /** @type {Pieces[]} */
    const found = [];
    await findLeft(database, (each) => found.push(each));
    await new Promise((resolve) => setTimeout(resolve));

    assert.deepEqual(found.map(({ info }) => [info.id, Boolean(info.isDamaged)]), [['r', true], ['whole', false]]);
    const [{ info }] = found;
    assert.ok(Number.isFinite(info.lengthS) && Number.isFinite(new Date(info.startedMs).getTime()));
    assert.deepEqual([info.extension, info.type], ['webm', 'video/webm']);
    assert.deepEqual(await texts(found[0]), ['ab']);
    await found[0].remove();
    assert.deepEqual([...database.stores.recordings.keys(), ...database.stores.pieces.keys()], ['whole']);
  });
}

test('a recording that was saved is removed and not offered', async () => {
  const database = new FakeDatabase();
  const { pieces } = await recorded(database, piece('a'));
  await pieces.markSaved();
  database.stores.recordings.set('other', { ...INFO, id: 'other' });

  assert.equal((await left(database)).info.id, 'other');

  assert.deepEqual([...database.stores.pieces.keys()], []);
});
