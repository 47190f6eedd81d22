/** Recordings that are not saved yet: their pieces, kept as they come, and what was left by a page that closed. Shows nothing. */

import { canClaim, claim, hold, isAbandoned } from './claims.js';
import { deleteOwned } from './database.js';

/**
 * @typedef {object} RecordingInfo
 * @property {string} id
 * @property {number} startedMs of the system clock
 * @property {number} touchedMs of the system clock
 * @property {number} lengthS recorded so far
 * @property {string} extension of the file
 * @property {string} type of its content
 * @property {boolean} [isSaved] the browser was given the file; it may still be reading it
 * @property {boolean} [isDamaged] its record could not be read, and says something else now; its pieces may be whole
 *
 * @typedef {object} Piece
 * @property {number} part counts from 1; each part is a file of its own
 * @property {Blob} blob about one second of it
 */

/** Without a database, pieces stay in memory: about two hours at the server's highest bitrate. */
const MOST_BYTES_IN_MEMORY = 2 * 1024 ** 3;

/** The pieces of one recording: in the database; in memory where there is none or it is full. */
export class Pieces {
  #database;
  #info;
  /** @type {Piece[]} */
  #inMemory = [];
  #bytes = 0;
  #release;
  /** Writes end in the order in which they began. @type {Promise<void>} */
  #written = Promise.resolve();
  #onTrouble;

  /**
   * @param {import('./database.js').Database | null} database null: memory only
   * @param {RecordingInfo} info
   * @param {(error: unknown) => void} onTrouble called once: from now on the pieces stay in memory
   * @param {(() => void) | null} [release] gives back the claim on it; null: it is claimed now
   */
  constructor(database, info, onTrouble, release = null) {
    this.#database = database;
    this.#info = info;
    this.#onTrouble = onTrouble;
    this.#release = release ?? (database ? hold(claimOf(info.id)) : () => {});
  }

  /** @returns {boolean} whether memory holds as much as it may */
  get isFull() {
    return this.#bytes > MOST_BYTES_IN_MEMORY;
  }

  /** @returns {RecordingInfo} */
  get info() {
    return this.#info;
  }

  /** @param {Piece} piece @param {number} lengthS of the recording, with this piece @returns {Promise<void>} once it is kept */
  add(piece, lengthS) {
    this.#info = { ...this.#info, lengthS, touchedMs: Date.now() };
    const info = this.#info;
    this.#written = this.#written.then(() => this.#keep(piece, info));
    return this.#written;
  }

  /** Still recorded, although no piece comes. */
  touch() {
    if (!this.#info.lengthS || canClaim()) return;
    this.#info = { ...this.#info, touchedMs: Date.now() };
    this.#database?.write(['recordings'], (store) => void store('recordings').put(this.#info)).catch(() => {});
  }

  /** @returns {Promise<Blob[]>} one for each part; rejects if they cannot be read */
  async parts() {
    await this.#written;
    return partsOf([...(await this.#kept()), ...this.#inMemory], this.#info.type);
  }

  /** Its file was given to the browser: it is not offered again. Remove it once the browser has read it. */
  async markSaved() {
    this.#info = { ...this.#info, isSaved: true };
    await this.#written;
    await this.#database?.write(['recordings'], (store) => void store('recordings').put(this.#info)).catch(() => {});
  }

  /** Forget it: it was saved, or nobody wants it. */
  async remove() {
    await this.#written;
    this.#inMemory = [];
    if (this.#database) await removeRecording(this.#database, this.#info.id).catch(() => {});
    this.close();
  }

  /** Let other tabs offer what is kept. May be called twice. */
  close() {
    this.#release();
  }

  /** @returns {Promise<Piece[]>} those in the database */
  async #kept() {
    if (!this.#database) return [];
    try {
      return await this.#database.ownedBy('pieces', this.#info.id);
    } catch (error) {
      if (!this.#inMemory.length) throw error;
      // What memory holds can still be saved. The rest stays in the database, and another page offers it.
      this.#database = null;
      return [];
    }
  }

  /** @param {Piece} piece @param {RecordingInfo} info */
  async #keep(piece, info) {
    // Once a piece is in memory, the next ones are too, so that their order stays.
    if (this.#database && !this.#inMemory.length) {
      try {
        await this.#database.write(['recordings', 'pieces'], (store) => {
          store('recordings').put(info);
          store('pieces').add({ owner: info.id, ...piece });
        });
        return;
      } catch (error) {
        this.#onTrouble(error);
      }
    }
    this.#inMemory.push(piece);
    this.#bytes += piece.blob.size;
  }
}

/**
 * @param {any} record of the database
 * @returns {RecordingInfo} what the page can rely on
 */
function mended(record) {
  const { startedMs, lengthS, extension, type } = record;
  const isDate = Number.isFinite(startedMs) && !Number.isNaN(new Date(startedMs).getTime());
  const isFile = typeof type === 'string' && /^\w+$/.test(extension);
  if (isDate && isFile && Number.isFinite(lengthS)) return record;
  // What most browsers record.
  const file = isFile ? { type, extension } : { type: 'video/webm', extension: 'webm' };
  return { ...record, ...file, startedMs: isDate ? startedMs : Date.now(), lengthS: 0, isDamaged: true };
}

/** @param {Iterable<Piece>} pieces in their order; damaged ones are left out @param {string} type @returns {Blob[]} one for each part; the browser joins them without reading them */
function partsOf(pieces, type) {
  /** @type {Map<number, Blob[]>} */
  const parts = new Map();
  for (const { part, blob } of pieces) {
    if (!(blob instanceof Blob)) continue;
    if (!parts.has(part)) parts.set(part, []);
    parts.get(part)?.push(blob);
  }
  return [...parts.values()].map((blobs) => new Blob(blobs, { type }));
}

/**
 * Calls back for each recording that a page left behind, once no other tab works on it or offers it.
 *
 * @param {import('./database.js').Database} database
 * @param {(left: Pieces) => void} onLeft its record may be damaged, which its info says
 */
export async function findLeft(database, onLeft) {
  /** @type {RecordingInfo[]} */
  const all = await database.read('recordings', (store) => store.getAll());
  for (const { id, touchedMs } of all) {
    if (!canClaim() && Number.isFinite(touchedMs) && !isAbandoned(touchedMs, Date.now())) continue;
    claim(claimOf(id)).then(async (release) => {
      /** @type {RecordingInfo | undefined} */
      const left = await database.read('recordings', (store) => store.get(id)).catch(() => undefined);
      // Another tab may have offered it first.
      if (!left) return release();
      const pieces = new Pieces(database, mended(left), () => {}, release);
      if (left.isSaved) await pieces.remove();
      else onLeft(pieces);
    });
  }
}

/** @param {string} id of a recording @returns {string} the name that the tab claims that records or offers it */
const claimOf = (id) => `recording.${id}`;

/** @param {import('./database.js').Database} database @param {string} id */
function removeRecording(database, id) {
  return database.write(['recordings', 'pieces'], (store) => {
    store('recordings').delete(id);
    deleteOwned(store('pieces'), id);
  });
}
