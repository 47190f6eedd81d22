/** Whether and where this browser keeps what a session leaves: the person's choice, and the database if there is one. */

import { keepChoice, readChoice } from '../browser/settings.js';
import { Database, StorageError } from './database.js';

const CHOICE = 'keep';
/** Safari has versions that never answer the first request after a start, and a busy computer answers late. */
const WAIT_MS = 10_000;
/** The page works without them; the person learns it where sessions are listed. */
const EXPECTED = ['missing'];

export class Storage {
  /** @type {Database | null} */
  #database = null;
  #ready;
  #onTrouble;
  #hasReported = false;
  #trouble = '';

  /** @param {(key: string) => void} onTrouble a key of STORAGE_TROUBLES in the texts; called once at most */
  constructor(onTrouble) {
    this.#onTrouble = onTrouble;
    const opened = Database.open().then(
      (database) => void (this.#database = database),
      (error) => {
        this.#trouble = error.key;
        if (!EXPECTED.includes(error.key)) this.report(error);
      },
    );
    this.#ready = Promise.race([opened, new Promise((resolve) => setTimeout(resolve, WAIT_MS))]);
  }

  /** @returns {Promise<Database | null>} null: there is none, or it is late */
  get ready() {
    return this.#ready.then(() => this.#database);
  }

  /** @returns {Database | null} null: none, or not open yet */
  get database() {
    return this.#database;
  }

  /** @returns {string} why there is no database, a key of STORAGE_TROUBLES in the texts; empty: there is one, or it is late */
  get trouble() {
    return this.#trouble;
  }

  /** @returns {boolean} whether the person lets the browser keep anything */
  get mayKeep() {
    return readChoice(CHOICE) !== 'no';
  }

  set mayKeep(may) {
    keepChoice(CHOICE, may ? 'yes' : 'no');
  }

  /** @returns {Database | null} where to keep something now; null: in memory */
  get place() {
    return this.mayKeep ? this.#database : null;
  }

  /** @param {unknown} error why something could not be kept */
  report(error) {
    console.warn('storage:', error);
    if (this.#hasReported) return;
    this.#hasReported = true;
    this.#onTrouble(error instanceof StorageError ? error.key : 'damaged');
  }
}
