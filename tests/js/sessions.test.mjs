import assert from 'node:assert/strict';
import { test } from 'node:test';

import { MOST_NAME, Sessions, nameOf } from '../../client/js/storage/sessions.js';
import { FakeDatabase } from './fake-database.mjs';

const info = (id, more = {}) => ({
  id, startedMs: 1000, touchedMs: 2000, endedMs: 3000, lengthS: 10, faces: 1, markers: 0, source: 'camera', notice: '', settings: { width: 640, height: 480, fps: 30 }, ...more,
});
const chunk = (fromS, kind = 'frames') => ({ kind, fromS, toS: fromS + 1, format: 1 });

/** Sessions over a database that the person lets the browser use, or not. */
function made(mayKeep = true) {
  const database = new FakeDatabase();
  const storage = { mayKeep, ready: Promise.resolve(database), reported: 0, report: () => (storage.reported += 1), get place() { return this.mayKeep ? database : null; } };
  return { database, storage, sessions: new Sessions(storage) };
}

test('sessions are listed newest first, and those that cannot be read last, as damaged', async () => {
  const { database, sessions } = made();
  const damaged = [{ id: 'bare' }, info('date', { startedMs: 'x' }), info('far', { startedMs: 9e15 }), info('length', { lengthS: NaN }), info('end', { endedMs: undefined }), info('size', { settings: {} }), info('server', { server: null }), info('name', { name: 5 }), info('once', { atOnce: 'x' }), info(7)];
  for (const each of [...damaged, info('old'), info('new', { startedMs: 5000 })]) database.stores.sessions.set(each.id, each);

  const listed = await sessions.list();

  assert.deepEqual(listed.slice(0, 2).map(({ id, isDamaged }) => [id, isDamaged]), [['new', false], ['old', false]]);
  assert.deepEqual(listed.slice(2).map(({ id }) => id).sort(), [7, 'bare', 'date', 'end', 'far', 'length', 'name', 'once', 'server', 'size']);
  assert.ok(listed.slice(2).every(({ isDamaged, isWritten }) => isDamaged && !isWritten));
});

test('a damaged session can be deleted, with its chunks', async () => {
  const { database, sessions } = made();
  database.stores.sessions.set('bare', { id: 'bare' });
  database.stores.chunks.set(1, { owner: 'bare', chunk: null });
  database.stores.chunks.set(2, { owner: 'other', chunk: null });

  await sessions.remove('bare');

  assert.equal(database.stores.sessions.size, 0);
  assert.deepEqual([...database.stores.chunks.keys()], [2]);
});

test('chunks that cannot be read are an error, not an empty session', async () => {
  const { database, sessions } = made();
  await sessions.save(info('a'), [chunk(0)]);
  database.fails.add('read');

  await assert.rejects(sessions.chunks('a'), /read/);
});

test('a session that cannot be read is not deleted when the browser shall keep nothing more', async () => {
  const { database, storage, sessions } = made();
  await sessions.save(info('a'), [chunk(0)]);
  storage.mayKeep = false;
  database.fails.add('ownedBy');

  await assert.rejects(sessions.move('a'), /read/);

  assert.equal(database.stores.chunks.size, 1);
  assert.equal(sessions.isKept('a'), false);
});

test('a session moves to memory and back, with all of its chunks', async () => {
  const { database, storage, sessions } = made();
  await sessions.save(info('a'), [chunk(0)]);
  storage.mayKeep = false;
  await sessions.move('a');
  assert.equal(database.stores.sessions.size + database.stores.chunks.size, 0);
  await sessions.save(info('a'), [chunk(1)]);
  storage.mayKeep = true;
  await sessions.move('a');

  assert.deepEqual((await sessions.chunks('a')).map(({ fromS }) => fromS), [0, 1]);
  assert.equal(database.stores.chunks.size, 2);
  assert.equal(sessions.isKept('a'), true);
});

test('numbers in memory only are unsaved until they are in a file, and again when they grow', async () => {
  const { database, sessions } = made();
  await sessions.save(info('kept'), [chunk(0)]);
  assert.deepEqual([sessions.isKept('kept'), sessions.hasUnsaved], [true, false]);
  database.isOpen = false;
  assert.equal(sessions.isKept('kept'), false);
  database.fails.add('write');
  await sessions.save(info('held'), [chunk(0)]);
  assert.equal(sessions.hasUnsaved, true);

  sessions.noteSaved('held');
  assert.equal(sessions.hasUnsaved, false);
  await sessions.save(info('held'), [chunk(1)]);

  assert.equal(sessions.hasUnsaved, true);
});

test('a session in memory is not lost when it cannot move to the browser', async () => {
  const { database, storage, sessions } = made(false);
  await sessions.save(info('a'), [chunk(0)]);
  storage.mayKeep = true;
  database.fails.add('write');

  await assert.rejects(sessions.move('a'), /write/);

  assert.deepEqual((await sessions.chunks('a')).map(({ fromS }) => fromS), [0]);
});

test('where the database can neither be read nor written, what comes is held in memory', async () => {
  const { database, storage, sessions } = made();
  await sessions.save(info('a'), [chunk(0)]);
  database.fails.add('read').add('write');

  await sessions.save(info('a'), [chunk(1)]);
  await sessions.save(info('a'), [chunk(2)]);

  assert.equal(storage.reported, 1);
  assert.deepEqual((await sessions.chunks('a')).map(({ fromS }) => fromS), [1, 2]);
  assert.equal(database.stores.chunks.size, 1);
});

test('frames older than half an hour are deleted, means are not', async () => {
  const { sessions } = made();
  await sessions.save(info('a', { lengthS: 1 }), [chunk(0), chunk(0, 'seconds')]);
  await sessions.save(info('a', { lengthS: 1802 }), [chunk(1801)]);

  assert.deepEqual((await sessions.chunks('a')).map(({ kind, fromS }) => [kind, fromS]), [['frames', 0], ['seconds', 0], ['frames', 1801]].slice(1));
});

test('a session gets a name, in the browser and in memory; one that was deleted does not come back', async () => {
  const named = (kept) => ({ ...kept, name: 'Class 4b' });
  for (const mayKeep of [true, false]) {
    const { sessions } = made(mayKeep);
    await sessions.save(info('a'), [chunk(0)]);

    await sessions.amend('a', named, [chunk(1)]);
    await sessions.amend('gone', named, [chunk(1)]);

    const listed = await sessions.list();
    assert.deepEqual(listed.map(({ id, name, isDamaged }) => [id, name, isDamaged]), [['a', 'Class 4b', false]]);
    assert.equal((await sessions.chunks('a')).length, 2);
    assert.equal((await sessions.chunks('gone')).length, 0);
  }
});

test('a name is one line of limited length', () => {
  assert.equal(nameOf('  Class\t4b \n morning '), 'Class 4b morning');
  assert.equal([...nameOf('\u{1f600}'.repeat(200))].length, MOST_NAME);
  assert.equal(nameOf(' \n '), '');
});

test('a session that its page left behind gets its end once, as its last event, also with events after the last measurement', async () => {
  const { database, sessions } = made();
  database.stores.sessions.set('a', info('a', { endedMs: null }));
  database.stores.chunks.set('x', { owner: 'a', chunk: { kind: 'events', fromS: 12, toS: 12, format: 1, events: [{ timeS: 12, kind: 'lost', detail: '' }] } });

  const listed = await sessions.list();
  await sessions.list();

  assert.deepEqual(listed.map(({ endedMs, isCut }) => [endedMs, isCut]), [[2000, true]]);
  assert.equal(listed[0].durationS, 12.001);
  const events = (await sessions.chunks('a')).flatMap((each) => each.events ?? []);
  assert.deepEqual(events.map(({ timeS, kind }) => [timeS, kind]), [[12, 'lost'], [12.001, 'cut']]);
});

test('a session that another tab writes, or that was stopped, is not said to be cut', async () => {
  const { database, sessions } = made();
  database.stores.sessions.set('runs', info('runs', { endedMs: null, touchedMs: Date.now() }));
  database.stores.sessions.set('over', info('over'));

  const listed = await sessions.list();

  assert.ok(listed.every(({ isCut }) => !isCut));
  assert.equal(database.stores.chunks.size, 0);
});
