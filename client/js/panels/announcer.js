/** Speaks through a screen reader: once on request, and at each change of the expression if the person wants it. Uses its own elements only. */

import { keepChoice, readChoice } from '../browser/settings.js';
import { Pace } from './calm.js';

export class Announcer {
  #region;
  #box;
  #pace = new Pace();

  /**
   * @param {HTMLElement} region a status, which screen readers read when it changes
   * @param {HTMLInputElement} box in a dialog; whether changes are announced; remembered
   */
  constructor(region, box) {
    this.#region = region;
    this.#box = box;
    box.checked = readChoice('announce') === 'on';
    box.addEventListener('change', () => {
      keepChoice('announce', box.checked ? 'on' : 'off');
      this.begin();
    });
  }

  /** A new session: its first label is announced, whatever the last one was. */
  begin() {
    this.#pace.reset();
  }

  /** @param {{key: string, text: string}} label on show; `key` empty: none that is likely @param {number} nowMs */
  hear({ key, text }, nowMs) {
    // What is outside of a modal dialog is not read.
    if (!this.#box.checked || this.#box.closest('dialog')?.open) return;
    if (this.#pace.mayAnnounce(key, nowMs)) this.say(text);
  }

  /** @param {string} text */
  say(text) {
    this.#region.textContent = '';
    // A status that is set to the same text again is not announced.
    requestAnimationFrame(() => (this.#region.textContent = text));
  }
}
