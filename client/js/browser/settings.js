/** Reads and keeps the person's choices in the browser's storage. If storage is forbidden, a choice lasts as long as the page. */

const PREFIX = 'facestream.';

/** @param {string} name @param {Storage} [storage] @returns {string | null} the choice that was kept; null: none */
export function readChoice(name, storage = globalThis.localStorage) {
  try {
    return storage.getItem(PREFIX + name);
  } catch {
    return null;
  }
}

/** @param {string} name @param {string} value @param {Storage} [storage] */
export function keepChoice(name, value, storage = globalThis.localStorage) {
  try {
    storage.setItem(PREFIX + name, value);
  } catch {
    return;
  }
}
