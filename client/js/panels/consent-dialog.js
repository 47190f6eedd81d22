/** Asks the person for consent, and keeps what was agreed to and when. Draws into its own dialog only. */

import { forTab, forgetChoice, keepChoice, readChoice } from '../browser/settings.js';
import { T } from '../texts/texts.js';
import { fill, isConfirmed } from './dialogs.js';

/** @param {Pick<import('../connection/telemetry.js').PageConfig, 'notice' | 'recorded' | 'recordDays'>} config @returns {string} what a person agrees to before a video is sent to a server with these settings */
export function agreementOf({ notice, recorded, recordDays }) {
  if (!recorded) return notice || T.NOTICE;
  return notice ? `${notice} ${T.recordedNotice(recordDays)}` : T.noticeWith(T.recordedNotice(recordDays));
}

/** Asks before anything is sent: once in each browser session, or at each start if the person wants that, and again when the text changes. What was agreed to and when survives a reload. */
export class ConsentDialog {
  #dialog;
  #each;

  /** @returns {{agreedMs: number | null, agreedEarlier: boolean}} when a person agreed, by the system clock, null: not known; whether a session has begun with it already, perhaps another person's */
  get agreement() {
    const at = Number(readChoice('consent-at', forTab) ?? NaN);
    return { agreedMs: Number.isFinite(at) ? at : null, agreedEarlier: readChoice('consent-used', forTab) !== null };
  }

  /** @param {HTMLDialogElement} dialog holds .text and buttons with the values "yes" and "no" @param {HTMLInputElement} each box: ask at each start; remembered */
  constructor(dialog, each) {
    this.#dialog = dialog;
    this.#each = each;
    each.checked = readChoice('consent-each') === 'on';
    each.addEventListener('change', () => keepChoice('consent-each', each.checked ? 'on' : 'off'));
  }

  /** @param {string} text what the person agrees to @returns {boolean} whether the next start asks */
  willAsk(text) {
    return this.#each.checked || readChoice('consent', forTab) !== text;
  }

  /** @param {string} text what the person agrees to @returns {Promise<boolean>} */
  async ask(text) {
    if (!this.willAsk(text)) return true;
    fill(this.#dialog, text);
    if (!(await isConfirmed(this.#dialog))) return false;
    this.forget();
    keepChoice('consent', text, forTab);
    keepChoice('consent-at', String(Date.now()), forTab);
    return true;
  }

  /** A session has begun with the agreement. */
  use() {
    keepChoice('consent-used', 'yes', forTab);
  }

  /** The next start asks again. */
  forget() {
    for (const name of ['consent', 'consent-at', 'consent-used']) forgetChoice(name, forTab);
  }
}
