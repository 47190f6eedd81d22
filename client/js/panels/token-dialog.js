/** The access token: from the address, or asked for. Draws into its own dialog only. */

import { forTab, keepChoice, readChoice } from '../browser/settings.js';
import { cleanToken } from '../connection/pasted-token.js';
import { T } from '../texts/texts.js';
import { fill, isConfirmed } from './dialogs.js';

const FRAGMENT = /^#token=(.*)$/;

/**
 * Move the token from the address bar, where others could see and copy it, to the session storage. It comes in the fragment,
 * which browsers never send to a server.
 *
 * @param {Location} location @param {History} history
 */
export function takeToken(location, history) {
  const [, token] = FRAGMENT.exec(location.hash) ?? [];
  if (token === undefined) return;
  history.replaceState(null, '', location.pathname + location.search);
  if (token) keepChoice('token', cleanToken(decoded(token)), forTab);
}

/** @param {string} text @returns {string} */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The access token, kept in the session storage, so that it is gone when the tab is closed. */
export class TokenDialog {
  #dialog;
  #input;
  #token = readChoice('token', forTab) ?? '';

  /** @param {HTMLDialogElement} dialog holds .text, an input and buttons with the values "yes" and "no" */
  constructor(dialog) {
    this.#dialog = dialog;
    this.#input = /** @type {HTMLInputElement} */ (dialog.querySelector('input'));
    // Spaces are no token; "required" takes them for one.
    this.#input.addEventListener('input', () => this.#input.setCustomValidity(this.#input.value && !cleanToken(this.#input.value) ? T.TOKEN_WANTED : ''));
  }

  /** @returns {string} empty: there is none */
  get token() {
    return this.#token;
  }

  /** @param {string} reason why it is required @returns {Promise<boolean>} whether the person entered one */
  async ask(reason) {
    fill(this.#dialog, reason);
    this.#input.value = '';
    const confirmed = await isConfirmed(this.#dialog);
    const token = cleanToken(this.#input.value);
    this.#input.value = '';
    if (!confirmed || !token) return false;
    this.#token = token;
    keepChoice('token', token, forTab);
    return true;
  }
}
