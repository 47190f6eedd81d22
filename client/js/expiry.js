/** A signal that ends a request after a time; `AbortSignal.timeout` came with Safari 16. Knows no request. */

/** @param {number} ms @returns {AbortSignal} which aborts then */
export function expiry(ms) {
  const controller = new AbortController();
  setTimeout(() => controller.abort(), ms);
  return controller.signal;
}
