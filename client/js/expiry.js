/** A signal that aborts a request after a time; Safari supports `AbortSignal.timeout` only since 16. Knows no request. */

/** @param {number} ms @returns {AbortSignal} that aborts after this time */
export function expiry(ms) {
  const controller = new AbortController();
  setTimeout(() => controller.abort(), ms);
  return controller.signal;
}
