/** A database in memory with the methods of storage/database.js. Reads and writes reject while `fails` names them. */

globalThis.IDBKeyRange = { only: (owner) => owner };

export class FakeDatabase {
  stores = { sessions: new Map(), chunks: new Map(), recordings: new Map(), pieces: new Map() };
  fails = new Set();
  isOpen = true;
  #key = 0;

  async write(_names, write) {
    if (this.fails.has('write')) throw new Error('write');
    const requests = [];
    write((name) => this.#store(name, requests));
    for (const request of requests) request.onsuccess?.();
  }

  async read(name, read) {
    if (this.fails.has('read')) throw new Error('read');
    const store = this.stores[name];
    return read({ get: (id) => store.get(id), getAll: () => [...store.values()] });
  }

  async ownedBy(name, owner) {
    if (this.fails.has('read') || this.fails.has('ownedBy')) throw new Error('cannot read');
    return [...this.stores[name].values()].filter((value) => value.owner === owner);
  }

  #store(name, requests) {
    const store = this.stores[name];
    return {
      put: (value) => store.set(value.id, value),
      get: (id) => {
        const request = { result: store.get(id) };
        requests.push(request);
        return request;
      },
      add: (value) => {
        const request = { result: (this.#key += 1) };
        store.set(request.result, value);
        requests.push(request);
        return request;
      },
      delete: (key) => store.delete(key),
      index: () => ({ openKeyCursor: (owner) => this.#cursor(store, owner) }),
    };
  }

  /** Calls back at once for each key of the owner, as a cursor does within its transaction. */
  #cursor(store, owner) {
    const keys = [...store].flatMap(([key, value]) => (value.owner === owner ? [key] : []));
    const request = {
      set onsuccess(call) {
        const next = () => {
          const primaryKey = keys.shift();
          call({ target: { result: primaryKey === undefined ? null : { primaryKey, continue: next } } });
        };
        next();
      },
    };
    return request;
  }
}
