/** Says that the server keeps this session, as long as it does, and deletes what it has of it. Uses its own elements only. */

import { find, putText } from '../browser/elements.js';
import { asPeerError } from '../connection/errors.js';
import { T } from '../texts/texts.js';

/**
 * @typedef {import('../connection/server-record.js').Owned} Owned
 *
 * @typedef {object} RecordElements
 * @property {HTMLButtonElement} sign on the video, while the session runs
 * @property {HTMLElement} line about the session that has ended; holds a p and a button
 *
 * @typedef {object} RecordActions
 * @property {(text: string) => Promise<boolean>} ask
 * @property {(owned: Owned) => Promise<'deleted' | 'nothing'>} remove rejects with a PeerError
 * @property {(text: string) => void} say
 * @property {(kept: 'results' | 'deleted') => void} onChange what the server has of this session
 */

export class RecordPanel {
  #at;
  #button;
  #actions;
  /** Of this session, the newest last; a connection that was not resumed has a record of its own. @type {Owned[]} */
  #owned = [];
  /** @type {'kept' | 'deleted'} */
  #state = 'kept';
  #isRunning = false;
  #isAsking = false;

  /** @param {RecordElements} elements @param {RecordActions} actions */
  constructor(elements, actions) {
    this.#at = elements;
    this.#button = find(elements.line, 'button', HTMLButtonElement);
    this.#actions = actions;
    for (const button of [elements.sign, this.#button]) button.addEventListener('click', () => this.#delete());
  }

  /** @returns {boolean} whether the person has deleted what the server had of this session: it gets nothing more of it to keep */
  get isDeleted() {
    return this.#state === 'deleted';
  }

  /** A new session begins. */
  begin() {
    this.#owned = [];
    this.#state = 'kept';
    this.#isRunning = true;
    this.#actions.onChange('results');
    this.#show();
  }

  /** There is a connection. @param {(Owned & {recorded: boolean}) | null} admission null: it is gone already */
  admit(admission) {
    if (!admission?.recorded) return;
    this.#owned.push({ sessionId: admission.sessionId, secret: admission.secret });
    this.#show();
  }

  /** The session is over. */
  end() {
    this.#isRunning = false;
    this.#show();
  }

  #show() {
    const isKept = this.#owned.length > 0 && !this.isDeleted;
    this.#at.sign.hidden = !isKept || !this.#isRunning;
    this.#at.line.hidden = !isKept || this.#isRunning;
    putText(find(this.#at.line, 'p', HTMLElement), this.#at.line.hidden ? '' : T.RECORD_KEPT);
  }

  async #delete() {
    if (this.#isAsking) return;
    this.#isAsking = true;
    const wanted = await this.#actions.ask(this.#isRunning ? T.ASK_DELETE_RECORD.running : T.ASK_DELETE_RECORD.ended);
    this.#isAsking = false;
    const owned = this.#owned;
    if (!wanted || this.isDeleted) return;
    try {
      /** @type {('deleted' | 'nothing')[]} */
      const found = [];
      // The newest first, because it is the one that may grow.
      for (const each of [...owned].reverse()) found.push(await this.#actions.remove(each));
      // Another session may have begun meanwhile.
      if (owned === this.#owned) {
        this.#state = 'deleted';
        this.#show();
        this.#actions.onChange('deleted');
      }
      this.#actions.say(found.includes('deleted') ? T.RECORD_DELETED[this.#isRunning && owned === this.#owned ? 'running' : 'ended'] : T.NO_RECORD);
    } catch (error) {
      this.#actions.say(recordProblemOf(asPeerError(error)));
    }
  }
}

/** @param {import('../connection/errors.js').PeerError} error of a request to delete what the server keeps @returns {string} why nothing was deleted, and what helps */
export const recordProblemOf = (error) => T.RECORD_PROBLEMS[error.code] ?? T.RECORD_PROBLEMS[error.key] ?? T.recordNotDeleted(error.message);
