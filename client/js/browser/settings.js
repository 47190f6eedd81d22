/** Reads and keeps the person's choices in the browser's storage. If storage is forbidden, a choice lasts as long as the page. */

const PREFIX = 'facestream.';

/** Reading the property itself throws where storage is forbidden, for example in a frame of another site. */
const local = () => globalThis.localStorage;
/** Lasts as long as the tab. */
export const forTab = () => globalThis.sessionStorage;

/** What could not be stored. @type {Map<string, string>} */
const unstored = new Map();

/** @param {string} name @param {() => Storage} [storage] @returns {string | null} the choice that was kept; null: none */
export function readChoice(name, storage = local) {
  const kept = unstored.get(name);
  if (kept !== undefined) return kept;
  try {
    return storage().getItem(PREFIX + name);
  } catch {
    return null;
  }
}

/** @param {string} name @param {string} value @param {() => Storage} [storage] */
export function keepChoice(name, value, storage = local) {
  try {
    storage().setItem(PREFIX + name, value);
    unstored.delete(name);
  } catch {
    unstored.set(name, value);
  }
}

/** @param {string} name @param {() => Storage} [storage] */
export function forgetChoice(name, storage = local) {
  unstored.delete(name);
  try {
    storage().removeItem(PREFIX + name);
  } catch {
    // Where storage is forbidden, nothing was stored.
  }
}
