/** Choices of the person in the browser's storage. If storage is forbidden, a choice lasts as long as the page. */

const PREFIX = 'facestream.';

/** @param {string} name @param {Storage} [storage] @returns {string | null} what was kept; null: nothing */
export function recall(name, storage = globalThis.localStorage) {
  try {
    return storage.getItem(PREFIX + name);
  } catch {
    return null;
  }
}

/** @param {string} name @param {string} value @param {Storage} [storage] */
export function remember(name, value, storage = globalThis.localStorage) {
  try {
    storage.setItem(PREFIX + name, value);
  } catch {
    return;
  }
}
