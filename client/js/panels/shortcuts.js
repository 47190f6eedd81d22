/** Keyboard shortcuts: one table binds them, lists them and puts them into tooltips. None works while a person types or a dialog asks. */

import { make } from '../browser/elements.js';
import { T } from '../texts/texts.js';

/** @typedef {{key: string, action: string}} Shortcut `action`: its name in SHORTCUTS of the texts */

/** In the order of the list. @type {readonly Shortcut[]} */
export const SHORTCUTS = [
  { key: ' ', action: 'startStop' },
  { key: 'r', action: 'record' },
  { key: 's', action: 'snapshot' },
  { key: 'm', action: 'marker' },
  { key: 'n', action: 'neutral' },
  { key: 'w', action: 'word' },
  { key: 'f', action: 'fullScreen' },
  { key: '?', action: 'help' },
];
/** A note that is typed where there is no field for it must press no key's action: after so long without a key it is over. */
const NOTE_ENDS_MS = 3000;
/** Controls in which letters are text or choose an entry. */
const TAKES_LETTERS = 'input:not([type=checkbox], [type=radio], [type=range], [type=file]), textarea, select, [contenteditable]';
/** Controls that the space bar presses. */
const TAKES_SPACE = 'button, summary, a[href], input, [role=button]';

/**
 * @typedef {Pick<KeyboardEvent, 'key' | 'altKey' | 'ctrlKey' | 'metaKey' | 'repeat' | 'isComposing' | 'defaultPrevented'>} Press
 *
 * @param {Press} press
 * @param {(selector: string) => boolean} isOn whether the focused control, or what holds it, matches
 * @param {readonly Shortcut[]} [table]
 * @returns {string} the action; empty: none
 */
export function actionOf(press, isOn, table = SHORTCUTS) {
  if (press.altKey || press.ctrlKey || press.metaKey || press.repeat || press.isComposing || press.defaultPrevented) return '';
  if (isOn(TAKES_LETTERS) || (press.key === ' ' && isOn(TAKES_SPACE))) return '';
  return table.find(({ key }) => key === press.key.toLowerCase())?.action ?? '';
}

/**
 * @param {Document} page
 * @param {Record<string, () => void>} actions by name; one that is not possible now does nothing
 * @returns {() => void} call it where a person may type a note blindly: no key has an action until they pause
 */
export function bindShortcuts(page, actions) {
  let typingUntilMs = 0;
  page.addEventListener('keydown', (event) => {
    const { target, timeStamp } = event;
    if (page.querySelector('dialog[open]')) return;
    if (timeStamp < typingUntilMs && event.key.length === 1) {
      typingUntilMs = timeStamp + NOTE_ENDS_MS;
      event.preventDefault();
      return;
    }
    const action = actionOf(event, (selector) => target instanceof Element && target.closest(selector) !== null);
    if (!action || !actions[action]) return;
    // The space bar would scroll the page, and "/" with Shift opens a search in some browsers.
    event.preventDefault();
    actions[action]();
  });
  return () => (typingUntilMs = performance.now() + NOTE_ENDS_MS);
}

/** @param {string} key @returns {string} as it is written on the keyboard */
const keyName = (key) => T.KEY_NAMES[key] ?? key.toUpperCase();

/** @param {HTMLElement} list a <dl> that gets all shortcuts */
export function listShortcuts(list) {
  for (const { key, action } of SHORTCUTS) {
    const row = make('div');
    const term = make('dt');
    term.append(make('kbd', { textContent: keyName(key) }));
    row.append(term, make('dd', { textContent: T.SHORTCUTS[action] }));
    list.append(row);
  }
}

/** Say a button's shortcut in its tooltip. @param {HTMLElement} button @param {string} action */
export function showShortcut(button, action) {
  const key = SHORTCUTS.find((shortcut) => shortcut.action === action)?.key;
  if (!key) return;
  button.title = T.withKey(T.SHORTCUTS[action], keyName(key));
  button.setAttribute('aria-keyshortcuts', keyName(key));
}
