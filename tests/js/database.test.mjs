import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { Database, deleteOwned } from '../../client/js/storage/database.js';

const NAMES = ['sessions', 'chunks', 'recordings', 'pieces'];

/** A request or transaction whose end comes later, as in browsers. */
function later(target, event, fields = {}) {
  setImmediate(() => target[event]?.({ target }));
  return Object.assign(target, fields);
}

/** An open database; `abort` is how its transactions end, undefined: well. */
function fakeDb(names = NAMES) {
  const db = {
    isClosed: false, made: [], abort: undefined,
    objectStoreNames: { contains: (name) => names.includes(name) },
    close: () => (db.isClosed = true),
    createObjectStore: (name, options) => {
      db.made.push([name, options]);
      return { createIndex: (index) => db.made.push([name, index]) };
    },
    transaction: (_names, mode) => {
      if (db.isClosed) throw new DOMException('', 'InvalidStateError');
      const transaction = { objectStore: (name) => ({ name, mode, put: () => {}, index: () => ({ getAll: (owner) => ({ result: [owner] }) }) }) };
      return db.abort ? later(transaction, 'onabort', { error: db.abort }) : later(transaction, 'oncomplete');
    },
  };
  return db;
}

/** What the page's next open() finds. */
function browser(event, fields) {
  globalThis.indexedDB = { open: () => later({}, event, fields) };
}

beforeEach(() => delete globalThis.indexedDB);

const key = (expected) => (error) => error.key === expected;

test('a new database gets its stores', async () => {
  const db = fakeDb();
  globalThis.indexedDB = { open: () => {
    const request = { result: db };
    setImmediate(() => (request.onupgradeneeded(), request.onsuccess()));
    return request;
  } };

  await Database.open();

  assert.deepEqual(db.made.map(([name, about]) => [name, about.keyPath ?? about.autoIncrement ?? about]), [['sessions', 'id'], ['chunks', true], ['chunks', 'owner'], ['recordings', 'id'], ['pieces', true], ['pieces', 'owner']]);
});

test('a database that lacks a store is damaged, and closed again', async () => {
  const db = fakeDb(['sessions']);
  browser('onsuccess', { result: db });

  await assert.rejects(Database.open(), key('damaged'));

  assert.equal(db.isClosed, true);
});

for (const [name, expected] of [['VersionError', 'newer'], ['QuotaExceededError', 'full'], ['InvalidStateError', 'closed'], ['SecurityError', 'missing'], ['UnknownError', 'damaged']]) {
  test(`a database that does not open because of ${name} is ${expected}`, async () => {
    browser('onerror', { error: new DOMException('', name) });

    await assert.rejects(Database.open(), key(expected));
  });
}

test('a browser that forbids storage has none', async () => {
  Object.defineProperty(globalThis, 'indexedDB', { configurable: true, get: () => { throw new DOMException('', 'SecurityError'); } });

  await assert.rejects(Database.open(), key('missing'));
});

test('what is read comes once its transaction is complete; a failed write says why', async () => {
  const db = fakeDb();
  browser('onsuccess', { result: db });
  const database = await Database.open();

  assert.deepEqual(await database.ownedBy('chunks', 'a'), ['a']);
  await database.write(['sessions'], (store) => store('sessions').put({}));
  db.abort = new DOMException('', 'QuotaExceededError');
  await assert.rejects(database.write(['sessions'], () => {}), key('full'));
  await assert.rejects(database.write(['sessions'], () => { throw new TypeError('no'); }), key('damaged'));
});

for (const [what, happens, expected] of [
  ['a newer page in another tab', (db) => db.onversionchange({ newVersion: 2 }), 'closed'],
  ['another tab that deletes it', (db) => db.onversionchange({ newVersion: null }), 'deleted'],
  ['a browser that deletes it', (db) => db.onclose(), 'deleted'],
]) {
  test(`${what} ends the database`, async () => {
    const db = fakeDb();
    browser('onsuccess', { result: db });
    const database = await Database.open();
    assert.equal(database.isOpen, true);
    happens(db);

    assert.deepEqual([db.isClosed, database.isOpen], [true, false]);
    await assert.rejects(database.read('sessions', (store) => store.getAll()), key(expected));
    database.close();
    await assert.rejects(database.write(['sessions'], () => {}), key(expected));
  });
}

test('everything with an owner is deleted, one key after the other', () => {
  globalThis.IDBKeyRange = { only: (owner) => owner };
  const deleted = [];
  const keys = [1, 2];
  const request = {};
  deleteOwned({ delete: (each) => deleted.push(each), index: () => ({ openKeyCursor: () => request }) }, 'a');
  const next = () => request.onsuccess({ target: { result: keys.length ? { primaryKey: keys.shift(), continue: next } : null } });
  next();

  assert.deepEqual(deleted, [1, 2]);
});
