/** The page's database in the browser (IndexedDB): opens it and runs one transaction at a time. Knows neither sessions nor recordings. */

const NAME = 'facestream';
const VERSION = 1;

/** Its stores: `key` is the key path; null: numbers that count up, with an index on `owner`. */
const STORES = { sessions: 'id', chunks: null, recordings: 'id', pieces: null };
/** @typedef {keyof typeof STORES} StoreName */

/** Why there is no database: 'missing' in this browser or window, 'newer' than this page, 'damaged', 'full', 'closed' for a newer page, 'deleted' meanwhile. */
export class StorageError extends Error {
  /** @param {'missing' | 'newer' | 'damaged' | 'full' | 'closed' | 'deleted'} key @param {unknown} [cause] */
  constructor(key, cause) {
    super(`storage: ${key}`, { cause });
    this.key = key;
  }
}

export class Database {
  #db;
  /** Why it is closed, a key of a StorageError; empty: it is open. @type {'' | 'closed' | 'deleted'} */
  #closed = '';

  /** @param {IDBDatabase} db */
  constructor(db) {
    this.#db = db;
    // Another tab has a newer page, or deletes everything, and waits for this one.
    db.onversionchange = ({ newVersion }) => this.#end(newVersion === null ? 'deleted' : 'closed');
    // The browser itself has deleted it.
    db.onclose = () => this.#end('deleted');
  }

  /** @returns {Promise<Database>} rejects with a StorageError */
  static async open() {
    const db = await opened();
    if (Object.keys(STORES).every((name) => db.objectStoreNames.contains(name))) return new Database(db);
    db.close();
    throw new StorageError('damaged');
  }

  /** @returns {boolean} whether it still keeps anything */
  get isOpen() {
    return !this.#closed;
  }

  close() {
    this.#end('closed');
  }

  /** @param {'closed' | 'deleted'} why */
  #end(why) {
    this.#closed ||= why;
    this.#db.close();
  }

  /**
   * @param {StoreName[]} names of the stores it uses
   * @param {(store: (name: StoreName) => IDBObjectStore) => void} write adds, puts and deletes
   * @returns {Promise<void>} once all of it is kept; rejects with a StorageError if none of it is
   */
  write(names, write) {
    return this.#run(names, 'readwrite', (store) => {
      write(store);
      return null;
    }).then(() => {});
  }

  /**
   * @template T
   * @param {StoreName} name
   * @param {(store: IDBObjectStore) => IDBRequest<T>} read
   * @returns {Promise<T>}
   */
  read(name, read) {
    return this.#run([name], 'readonly', (store) => read(store(name)));
  }

  /**
   * @param {StoreName} name of a store with an index on `owner`
   * @param {string} owner
   * @returns {Promise<any[]>} in the order in which they were added
   */
  ownedBy(name, owner) {
    return this.read(name, (store) => store.index('owner').getAll(owner));
  }

  /**
   * @template T
   * @param {StoreName[]} names @param {IDBTransactionMode} mode
   * @param {(store: (name: StoreName) => IDBObjectStore) => IDBRequest<T> | null} work
   * @returns {Promise<T>}
   */
  #run(names, mode, work) {
    return new Promise((resolve, reject) => {
      if (this.#closed) throw new StorageError(this.#closed);
      try {
        const transaction = this.#db.transaction(names, mode);
        const request = work((name) => transaction.objectStore(name));
        transaction.oncomplete = () => resolve(/** @type {T} */ (request?.result));
        transaction.onabort = () => reject(asStorageError(transaction.error));
      } catch (error) {
        reject(asStorageError(error));
      }
    });
  }
}

/** Deletes everything with this owner; part of a transaction. @param {IDBObjectStore} store with an index on `owner` @param {string} owner */
export function deleteOwned(store, owner) {
  store.index('owner').openKeyCursor(IDBKeyRange.only(owner)).onsuccess = ({ target }) => {
    const cursor = /** @type {IDBRequest<IDBCursor | null>} */ (target).result;
    if (!cursor) return;
    store.delete(cursor.primaryKey);
    cursor.continue();
  };
}

/** @returns {Promise<IDBDatabase>} */
function opened() {
  return new Promise((resolve, reject) => {
    // Reading the property throws where the browser forbids storage to this page.
    const request = tryOpen(reject);
    if (!request) return;
    request.onupgradeneeded = () => makeStores(request.result);
    request.onerror = () => reject(asStorageError(request.error));
    request.onsuccess = () => resolve(request.result);
  });
}

/** @param {(error: StorageError) => void} reject @returns {IDBOpenDBRequest | null} */
function tryOpen(reject) {
  try {
    return indexedDB.open(NAME, VERSION);
  } catch (error) {
    reject(new StorageError('missing', error));
    return null;
  }
}

/** @param {IDBDatabase} db */
function makeStores(db) {
  for (const [name, key] of Object.entries(STORES)) {
    const store = db.createObjectStore(name, key ? { keyPath: key } : { autoIncrement: true });
    if (!key) store.createIndex('owner', 'owner');
  }
}

/** @param {unknown} error @returns {StorageError} */
function asStorageError(error) {
  if (error instanceof StorageError) return error;
  const name = error instanceof DOMException ? error.name : '';
  if (name === 'VersionError') return new StorageError('newer', error);
  if (name === 'QuotaExceededError') return new StorageError('full', error);
  if (name === 'InvalidStateError') return new StorageError('closed', error);
  if (name === 'SecurityError') return new StorageError('missing', error);
  return new StorageError('damaged', error);
}
