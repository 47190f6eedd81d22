/** Ask before anything is sent; once a visit, and again when the text changes. Draws into its own dialog only. */

import { recall, remember } from './settings.js';

export class ConsentDialog {
  #dialog;

  /** @param {HTMLDialogElement} dialog holds .text and buttons with the values "yes" and "no" */
  constructor(dialog) {
    this.#dialog = dialog;
  }

  /** @param {string} text what the person agrees to @returns {Promise<boolean>} */
  async ask(text) {
    if (recall('consent', globalThis.sessionStorage) === text) return true;
    this.#dialog.querySelector('.text').textContent = text;
    // Escape closes it without a value, and the last one would still stand.
    this.#dialog.returnValue = '';
    this.#dialog.showModal();
    await new Promise((resolve) => this.#dialog.addEventListener('close', resolve, { once: true }));
    if (this.#dialog.returnValue !== 'yes') return false;
    remember('consent', text, globalThis.sessionStorage);
    return true;
  }
}
