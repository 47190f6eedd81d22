/** Keeps the session of this page as it grows, every few seconds, so that a crash loses seconds only. Knows no element. */

import { lengthsOf } from '../session/stretches.js';
import { hold } from './claims.js';
import { claimOf } from './sessions.js';

const SAVE_MS = 3000;

/** @typedef {import('./sessions.js').SessionInfo} SessionInfo */

export class SessionKeeper {
  #sessions;
  #log;
  /** The session that runs, or the last one. @type {SessionInfo | null} null: none, or it was forgotten */
  #info = null;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #timer;
  #release = () => {};
  /** Writes end in the order in which they began. @type {Promise<void>} */
  #written = Promise.resolve();

  /** @param {import('./sessions.js').Sessions} sessions @param {import('../session/session-log.js').SessionLog} log of the page */
  constructor(sessions, log) {
    this.#sessions = sessions;
    this.#log = log;
  }

  /** @returns {SessionInfo | null} */
  get info() {
    return this.#info;
  }

  /** @returns {boolean} */
  get isRunning() {
    return this.#timer !== undefined;
  }

  /** A new session; the log has forgotten the last one. @param {Pick<SessionInfo, 'startedMs' | 'source' | 'plays' | 'notice' | 'agreedMs' | 'agreedEarlier' | 'settings' | 'server'>} about */
  begin(about) {
    this.#stop();
    const id = `${about.startedMs}-${Math.random().toString(36).slice(2)}`;
    this.#info = { ...about, id, touchedMs: about.startedMs, endedMs: null, lengthS: 0, durationS: 0, measuredS: 0, faces: 0, atOnce: 0, markers: 0 };
    this.#timer = setInterval(() => this.save(), SAVE_MS);
    this.#release = hold(claimOf(id));
  }

  /** A file is open. @param {SessionInfo['clipSize']} clipSize of its frames */
  describe(clipSize) {
    if (this.#info && this.isRunning) this.#info = { ...this.#info, clipSize };
  }

  /** @returns {Promise<void>} once everything so far is kept. A session without a measurement is not. Does nothing once the session has ended. */
  save() {
    // What has ended is kept already, and another tab may have deleted it.
    if (this.#info && this.isRunning && this.#log.lastS > 0) {
      // Each of these is counted as the session grows: the cost of a save must not depend on its length.
      const { lastS, faceCount, atOnce, markerCount } = this.#log;
      this.#info = { ...this.#info, touchedMs: Date.now(), lengthS: lastS, ...lengthsOf(this.#log), faces: faceCount, atOnce, markers: markerCount };
      const info = this.#info;
      const chunks = this.#log.takeChunks();
      this.#written = this.#written.then(() => this.#sessions.save(info, chunks));
    }
    return this.#written;
  }

  /** The session is over; its numbers stay. May be called twice. @returns {Promise<void>} */
  async end() {
    if (!this.#info || !this.isRunning) return;
    this.#info = { ...this.#info, endedMs: Date.now() };
    const saved = this.save();
    const release = this.#release;
    this.#release = () => {};
    this.#stop();
    await saved;
    // Only now: another tab may delete it from here on.
    release();
  }

  /** The page is closed or reloaded: what it has of the session is kept, without an end. Whoever lists it next sees that. */
  leave() {
    if (!this.isRunning) return;
    const saved = this.save();
    const release = this.#release;
    this.#release = () => {};
    this.#stop();
    saved.then(release);
  }

  /** @param {Partial<Pick<SessionInfo, 'name' | 'faceNames'>>} typed what the person calls the session and its faces @returns {Promise<void>} once it is kept */
  async rename(typed) {
    if (!this.#info) return;
    this.#info = { ...this.#info, ...typed };
    const { id } = this.#info;
    const renamed = this.#written.then(() => this.#sessions.amend(id, (info) => ({ ...info, ...typed })));
    // If it fails, later writes still happen.
    this.#written = renamed.catch(() => {});
    await renamed;
  }

  /** The person has changed whether the browser keeps anything. */
  async move() {
    const id = this.#info?.id;
    if (!id) return;
    await this.save();
    const moved = this.#written.then(() => this.#sessions.move(id));
    // If it fails, later writes still happen.
    this.#written = moved.catch(() => {});
    await moved;
  }

  /** Delete the last session everywhere, also from the log. */
  async forget() {
    const id = this.#info?.id;
    this.#stop();
    this.#info = null;
    this.#log.clear();
    await this.#written;
    if (id) await this.#sessions.remove(id);
  }

  #stop() {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#release();
    this.#release = () => {};
  }
}
