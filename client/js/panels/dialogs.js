/** Asks the person for consent and for the access token, and closes menus. Draws into its own dialogs and menus only. */

import { forTab, forgetChoice, keepChoice, readChoice } from '../browser/settings.js';

const FRAGMENT = /^#token=(.*)$/;

/** @param {HTMLDialogElement} dialog with buttons whose values are "yes" and "no" @returns {Promise<boolean>} whether the answer is "yes" */
export async function isConfirmed(dialog) {
  // Escape closes a dialog without a value, so the last answer would still be set.
  dialog.returnValue = '';
  dialog.showModal();
  await new Promise((resolve) => dialog.addEventListener('close', resolve, { once: true }));
  return dialog.returnValue === 'yes';
}

/** @param {HTMLDialogElement} dialog @param {string} text */
export function fill(dialog, text) {
  const place = dialog.querySelector('.text');
  if (place) place.textContent = text;
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
  if (token) keepChoice('token', decoded(token), forTab);
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
    const token = this.#input.value.trim();
    this.#input.value = '';
    if (!confirmed || !token) return false;
    this.#token = token;
    keepChoice('token', token, forTab);
    return true;
  }
}

/** Make menus close on Escape, on a press outside, and when the focus leaves them. @param {Iterable<HTMLDetailsElement>} menus */
export function closeLikeMenus(menus) {
  for (const menu of menus) {
    // In a low window, the sheet may begin or end outside it.
    menu.addEventListener('toggle', () => menu.open && menu.querySelector('.sheet')?.scrollIntoView({ block: 'nearest' }));
    document.addEventListener('pointerdown', ({ target }) => {
      if (!menu.contains(/** @type {Node} */ (target))) menu.open = false;
    });
    menu.addEventListener('focusout', ({ relatedTarget }) => {
      // null: a press on a text in the menu, or another window; neither leaves the menu.
      if (relatedTarget instanceof Node && !menu.contains(relatedTarget)) menu.open = false;
    });
    menu.addEventListener('keydown', ({ key }) => {
      if (key !== 'Escape') return;
      menu.open = false;
      menu.querySelector('summary')?.focus();
    });
  }
}
