/** Past sessions as numbers: in the database, or in memory where the person or the browser keeps nothing. Never images, never a file's name. */

import { canClaim, claimed, isAbandoned } from './claims.js';
import { deleteOwned } from './database.js';
import { eventChunk } from '../session/chunks.js';
import { areFaceNames } from '../session/face-names.js';
import { FRAMES_S } from '../session/session-log.js';
import { HeldChunks } from './held-chunks.js';

const NO_SIZE = { width: 0, height: 0, sentWidth: 0, sentHeight: 0 };
const NO_SERVER = { version: '', models: [] };
/** The end comes after the last measurement, also in a file whose times have milliseconds. */
const AFTER_S = 1e-3;
/** Characters of a session's name. */
export const MOST_NAME = 80;

/**
 * @typedef {import('../session/session-log.js').Chunk} Chunk
 *
 * @typedef {object} SessionInfo
 * @property {string} id
 * @property {string} [name] typed by the person
 * @property {import('../session/face-names.js').FaceNames} [faceNames] typed by the person
 * @property {number} startedMs of the system clock
 * @property {number} touchedMs of the system clock, when it was last written
 * @property {number | null} endedMs null: it runs, or its page was closed without an end
 * @property {boolean} [isCut] its page was closed or reloaded, or crashed, before Stop
 * @property {number} lengthS to its last measurement
 * @property {number} [durationS] to its last measurement or event, as lengthsOf(); an older page did not keep it
 * @property {number} [measuredS] how long frames were analysed; an older page did not keep it
 * @property {number} faces numbers of faces; one person gets another after each longer absence
 * @property {number} [atOnce] the most faces in one frame; a session of an older page has none
 * @property {number} markers
 * @property {'camera' | 'file'} source
 * @property {'once' | 'in a loop'} [plays] a file; an older page did not keep it
 * @property {import('../source/video-source.js').ClipSize} [clipSize] of a file, once it is open; an older page did not keep it
 * @property {string} notice what the person agreed to
 * @property {number | null} [agreedMs] of the system clock; null: in the same visit, at a time that is not known
 * @property {boolean} [agreedEarlier] before an earlier session of the same visit, perhaps another person
 * @property {{width: number, height: number, fps: number}} settings of the video that was sent
 * @property {{version: string, models: string[]}} [server] what analysed it; its version is empty if the server did not say it
 *
 * @typedef {SessionInfo & {isWritten: boolean, isDamaged: boolean}} Listed isWritten: a tab writes it, perhaps this one; isDamaged: its record cannot be read, and only its id is sure
 *
 * @typedef {{key: IDBValidKey, toS: number}} KeptFrames
 */

export class Sessions {
  #storage;
  /** Sessions that are not in the database. @type {Map<string, {info: SessionInfo, chunks: HeldChunks}>} */
  #memory = new Map();
  /** Of sessions that this page writes, to delete old ones. @type {Map<string, KeptFrames[]>} */
  #frames = new Map();
  /** Ids of sessions whose numbers the person has saved as a file since they last grew. @type {Set<string>} */
  #saved = new Set();

  /** @param {import('./storage.js').Storage} storage */
  constructor(storage) {
    this.#storage = storage;
  }

  /** @param {string} id @returns {boolean} whether it stays in this browser when the page is closed */
  isKept(id) {
    return !this.#memory.has(id) && Boolean(this.#storage.place?.isOpen);
  }

  /** @returns {boolean} whether closing the page would lose numbers that no file has */
  get hasUnsaved() {
    return [...this.#memory.keys()].some((id) => !this.#saved.has(id));
  }

  /** The person has saved its numbers as a file. @param {string} id */
  noteSaved(id) {
    this.#saved.add(id);
  }

  /** @param {SessionInfo} info @param {Chunk[]} chunks added to those that it has */
  async save(info, chunks) {
    await this.#storage.ready;
    const database = this.#memory.has(info.id) ? null : this.#storage.place;
    if (!database) return this.#hold(info, chunks, []);
    try {
      await this.#write(database, info, chunks);
    } catch (error) {
      this.#storage.report(error);
      // What is in the database stays there: it is what remains if this page crashes.
      await this.#hold(info, chunks, []);
    }
  }

  /** @returns {Promise<Listed[]>} newest first, damaged ones last. A session that its page left behind gets its end first */
  async list() {
    const found = await this.#find();
    const left = found.filter(({ id, endedMs, isWritten, isDamaged }) => !isDamaged && !isWritten && endedMs === null && !this.#frames.has(id) && !this.#memory.has(id));
    if (!left.length) return found;
    for (const info of left) await this.#endCut(info).catch((error) => this.#storage.report(error));
    return this.#find();
  }

  /** @returns {Promise<Listed[]>} */
  async #find() {
    const database = await this.#storage.ready;
    /** @type {SessionInfo[]} */
    const kept = database ? await database.read('sessions', (store) => store.getAll()).catch((error) => (this.#storage.report(error), [])) : [];
    const inMemory = [...this.#memory.values()].map(({ info }) => info);
    const all = [...inMemory, ...kept.filter(({ id }) => !this.#memory.has(id))];
    const names = await claimed();
    return all
      .map((info) => {
        const isDamaged = !isInfo(info);
        const isWritten = !isDamaged && info.endedMs === null && (canClaim() ? names.has(claimOf(info.id)) : !isAbandoned(info.touchedMs, Date.now()));
        return { ...info, isWritten, isDamaged };
      })
      .sort((a, b) => Number(a.isDamaged) - Number(b.isDamaged) || b.startedMs - a.startedMs);
  }

  /** @param {string} id @returns {Promise<Chunk[]>} rejects if they cannot be read */
  async chunks(id) {
    return this.#memory.get(id)?.chunks.all ?? this.#chunksInDatabase(id);
  }

  /** The person has changed whether the browser keeps anything: what runs follows. @param {string} id */
  async move(id) {
    const database = await this.#storage.ready;
    const inMemory = this.#memory.get(id);
    if (this.#storage.place) {
      if (!inMemory) return;
      await this.remove(id);
      await this.save(inMemory.info, inMemory.chunks.all);
      return;
    }
    /** @type {SessionInfo | undefined} */
    const info = inMemory?.info ?? (await database?.read('sessions', (store) => store.get(id)));
    if (!info) return;
    // Rejects before anything is deleted that could not be read.
    await this.#hold(info, []);
    await this.#removeKept(id);
  }

  /**
   * Change the record of a session that is not being written. One that was deleted meanwhile stays deleted.
   *
   * @param {string} id @param {(info: SessionInfo) => SessionInfo | null} change null: leave it as it is @param {Chunk[]} [chunks] added to those that it has
   */
  async amend(id, change, chunks = []) {
    const held = this.#memory.get(id);
    if (held) {
      const changed = change(held.info);
      if (!changed) return;
      held.chunks.add(chunks);
      this.#memory.set(id, { info: changed, chunks: held.chunks });
      return;
    }
    const database = await this.#storage.ready;
    await database?.write(['sessions', 'chunks'], (store) => {
      const request = store('sessions').get(id);
      request.onsuccess = () => {
        const changed = request.result && change(request.result);
        if (!changed) return;
        store('sessions').put(changed);
        for (const chunk of chunks) store('chunks').add({ owner: id, chunk });
      };
    });
  }

  /** Its page was closed or reloaded, or crashed: that is its last event. @param {SessionInfo} info */
  async #endCut({ id, lengthS }) {
    const chunks = await this.#chunksInDatabase(id);
    const atS = chunks.reduce((latest, chunk) => (chunk?.toS > latest ? chunk.toS : latest), lengthS);
    // Its own tab, or another one that lists it, may have ended it meanwhile.
    await this.amend(id, (info) => (info.endedMs === null ? { ...info, durationS: atS + AFTER_S, endedMs: info.touchedMs, isCut: true } : null), [eventChunk(atS + AFTER_S, 'cut')]);
  }

  /** @param {string} id @returns {Promise<void>} */
  async remove(id) {
    await this.#removeKept(id);
    this.#memory.delete(id);
  }

  /** @param {string} id */
  async #removeKept(id) {
    this.#frames.delete(id);
    const database = await this.#storage.ready;
    await database?.write(['sessions', 'chunks'], (store) => {
      store('sessions').delete(id);
      deleteOwned(store('chunks'), id);
    });
  }

  /** @param {import('./database.js').Database} database @param {SessionInfo} info @param {Chunk[]} chunks */
  async #write(database, info, chunks) {
    const frames = this.#frames.get(info.id) ?? [];
    const firstKept = frames.findIndex(({ toS }) => toS >= info.lengthS - FRAMES_S);
    const old = frames.slice(0, firstKept < 0 ? frames.length : firstKept);
    /** @type {KeptFrames[]} */
    const added = [];
    await database.write(['sessions', 'chunks'], (store) => {
      store('sessions').put(info);
      for (const { key } of old) store('chunks').delete(key);
      for (const chunk of chunks) {
        const request = store('chunks').add({ owner: info.id, chunk });
        if (chunk.kind === 'frames') request.onsuccess = () => added.push({ key: request.result, toS: chunk.toS });
      }
    });
    frames.splice(0, old.length);
    frames.push(...added);
    this.#frames.set(info.id, frames);
  }

  /**
   * From now on in memory, with what the database has of it.
   *
   * @param {SessionInfo} info @param {Chunk[]} chunks
   * @param {Chunk[]} [otherwise] taken for what the database has if that cannot be read; without it, this rejects
   */
  async #hold(info, chunks, otherwise) {
    this.#saved.delete(info.id);
    const held = this.#memory.get(info.id)?.chunks ?? new HeldChunks(await this.#chunksInDatabase(info.id, otherwise));
    held.add(chunks);
    held.dropFramesBefore(info.lengthS - FRAMES_S);
    this.#memory.set(info.id, { info, chunks: held });
  }

  /** @param {string} id @param {Chunk[]} [otherwise] if they cannot be read; without it, this rejects @returns {Promise<Chunk[]>} */
  async #chunksInDatabase(id, otherwise) {
    const database = await this.#storage.ready;
    try {
      const found = database ? await database.ownedBy('chunks', id) : [];
      return found.map(({ chunk }) => chunk);
    } catch (error) {
      if (otherwise) return otherwise;
      throw error;
    }
  }
}

/** @param {any} info a record of the database @returns {boolean} whether the page can rely on it */
function isInfo({ id, name = '', faceNames = {}, startedMs, touchedMs, endedMs, lengthS, durationS = 0, measuredS = 0, faces, atOnce = 0, markers, source, plays = 'once', clipSize = NO_SIZE, notice, agreedMs = null, settings, server = NO_SERVER }) {
  const numbers = [clipSize?.width, clipSize?.height, clipSize?.sentWidth, clipSize?.sentHeight, startedMs, touchedMs, endedMs ?? 0, agreedMs ?? 0, lengthS, durationS, measuredS, faces, atOnce, markers, settings?.width, settings?.height, settings?.fps];
  const texts = [id, name, source, plays, notice, server?.version, ...(Array.isArray(server?.models) ? server.models : [null])];
  const isDate = !Number.isNaN(new Date(startedMs).getTime());
  return endedMs !== undefined && isDate && areFaceNames(faceNames) && numbers.every(Number.isFinite) && texts.every((text) => typeof text === 'string');
}

/** @param {string} typed by a person @returns {string} a session's name; empty: none */
export const nameOf = (typed) => [...typed.replace(/\s+/g, ' ').trim()].slice(0, MOST_NAME).join('').trim();

/** @param {string} id of a session @returns {string} the name that the tab claims that writes it */
export const claimOf = (id) => `session.${id}`;
