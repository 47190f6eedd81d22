/** Requests to the server that every connection needs: its address, the token's header, time limits, settings. Keeps nothing. */

import { decodeConfig } from './telemetry.js';

const CHECK_MS = 3000;
const CONFIG_MS = 3000;

/** No header can carry these, and `fetch` throws as if there were no network. */
const NO_HEADER = /[^ -~]/g;

/** @param {string} token @returns {Record<string, string>} the header that carries it; empty without a token. One that no server accepts is sent as a wrong one, so that the server says so */
export const bearer = (token) => (token ? { Authorization: `Bearer ${token.replace(NO_HEADER, '?')}` } : {});

/** @param {string} server address, with or without a slash at its end @returns {string} without; a path is added after it */
export const withoutSlash = (server) => server.replace(/\/+$/, '');

/**
 * Aborts a request after a time. Safari supports `AbortSignal.timeout` only since 16.
 *
 * @param {number} ms @returns {AbortSignal}
 */
export function expiry(ms) {
  const controller = new AbortController();
  setTimeout(() => controller.abort(), ms);
  return controller.signal;
}

/** @param {string} server address without a slash at its end @returns {Promise<boolean>} whether it responds at all */
export async function isReachable(server) {
  try {
    await fetch(`${server}/healthz`, { signal: expiry(CHECK_MS) });
    return true;
  } catch {
    return false;
  }
}

/**
 * @param {string} server address without a slash at its end
 * @param {string} token
 * @returns {Promise<import('./telemetry.js').PageConfig | null>} null: the server did not send its settings
 */
export async function fetchConfig(server, token) {
  try {
    const response = await fetch(`${server}/config`, { headers: bearer(token), signal: expiry(CONFIG_MS) });
    return response.ok ? decodeConfig(await response.text()) : null;
  } catch {
    return null;
  }
}
