/** Which tab works on what: a claim on a name is held by one tab of this browser, and ends with the tab. Keeps nothing. */

const PREFIX = 'facestream.';
/** Without Web Locks (a page that was loaded over http), work that was not touched for this long was abandoned. Browsers run timers of a background tab once a minute. */
const ABANDONED_MS = 150_000;

/** @returns {LockManager | undefined} only pages on https or localhost have it */
const locks = () => globalThis.navigator?.locks;

/** @returns {boolean} whether claims work here */
export const canClaim = () => Boolean(locks());

/**
 * Wait until no other tab holds the name, then hold it.
 *
 * @param {string} name
 * @returns {Promise<() => void>} gives it back
 */
export function claim(name) {
  return new Promise((resolve) => {
    const manager = locks();
    if (!manager) return resolve(() => {});
    manager
      .request(PREFIX + name, () => new Promise((release) => resolve(() => release(undefined))))
      // A document that is going away gets no lock.
      .catch(() => {});
  });
}

/** Hold the name as soon as no other tab does. @param {string} name @returns {() => void} gives it back, also before it is held; may be called twice */
export function hold(name) {
  const held = claim(name);
  return () => void held.then((release) => release());
}

/** @returns {Promise<Set<string>>} the names that tabs hold, this one included */
export async function claimed() {
  const held = (await locks()?.query())?.held ?? [];
  return new Set(held.flatMap(({ name = '' }) => (name.startsWith(PREFIX) ? [name.slice(PREFIX.length)] : [])));
}

/** @param {number} touchedMs @param {number} nowMs @returns {boolean} where claims do not work: nobody works on it any more */
export const isAbandoned = (touchedMs, nowMs) => nowMs - touchedMs > ABANDONED_MS;
