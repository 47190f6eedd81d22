/**
 * The token that the server may want: from the address bar's fragment, from this visit, or from the person.
 * Kept in the session storage, so that it goes with the tab. Draws into its own dialog only.
 */

import { recall, remember } from './settings.js';

const FRAGMENT = /^#token=(.+)$/;

/**
 * Take the token out of the address bar, where it would be seen, copied and kept in the history. A fragment, because
 * the browser sends it to nobody.
 *
 * @param {Location} location @param {History} history
 */
export function takeToken(location, history) {
  const [, token] = FRAGMENT.exec(location.hash) ?? [];
  if (!token) return;
  history.replaceState(null, '', location.pathname + location.search);
  remember('token', decoded(token), globalThis.sessionStorage);
}

/** @param {string} text @returns {string} */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export class TokenDialog {
  #dialog;
  #token = recall('token', globalThis.sessionStorage) ?? '';

  /** @param {HTMLDialogElement} dialog holds .text, an input and buttons with the values "yes" and "no" */
  constructor(dialog) {
    this.#dialog = dialog;
  }

  /** @returns {string} the token of this visit; empty: there is none */
  get token() {
    return this.#token;
  }

  /** @param {string} reason why one is wanted @returns {Promise<boolean>} whether the person gave one */
  async ask(reason) {
    const input = this.#dialog.querySelector('input');
    this.#dialog.querySelector('.text').textContent = reason;
    // Escape closes it without a value, and the last one would still stand.
    this.#dialog.returnValue = '';
    input.value = '';
    this.#dialog.showModal();
    await new Promise((resolve) => this.#dialog.addEventListener('close', resolve, { once: true }));
    const token = input.value.trim();
    input.value = '';
    if (this.#dialog.returnValue !== 'yes' || !token) return false;
    this.#token = token;
    remember('token', token, globalThis.sessionStorage);
    return true;
  }
}
