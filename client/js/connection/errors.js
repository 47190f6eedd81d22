/** The errors of the page, each with one key, and the key of each response that rejects a request. Decides by codes, never by sentences. */

/** The error of everything that opens a source or a connection. */
export class PeerError extends Error {
  /** Milliseconds after which the server allows another try; 0: it did not say. */
  retryMs = 0;
  /** The code of the notice that ended the session, or of the problem that rejected a request (docs/telemetry.md); empty: none. */
  code = '';
  /** Whether the server rejected a request. */
  isRejection = false;

  /** @param {string} key of PROBLEMS in problems.js @param {string} [detail] @param {unknown} [cause] */
  constructor(key, detail = '', cause = undefined) {
    super(detail, { cause });
    this.key = key;
  }
}

/** @param {unknown} error @returns {PeerError} the error itself, or one with the key "unknown" */
export function asPeerError(error) {
  if (error instanceof PeerError) return error;
  return new PeerError('unknown', error instanceof Error ? error.message : String(error), error);
}

/** @type {Record<string, string>} keys by the member `code` of a problem */
const KEYS_BY_CODE = {
  token_required: 'token',
  token_wrong: 'token',
  token_expired: 'token',
  too_many_sessions_for_address: 'tooMany',
  rate_limited: 'tooMany',
  server_full: 'full',
  draining: 'draining',
  no_media_port: 'noPort',
  bad_offer: 'offer',
  offer_too_large: 'offer',
  server_fault: 'fault',
};

/** @type {Record<number, string>} keys by HTTP status, for a code that this page does not know, or none */
const KEYS_BY_STATUS = { 401: 'token', 429: 'tooMany', 503: 'full', 400: 'offer', 413: 'offer', 500: 'fault' };

/**
 * @param {number} status HTTP status
 * @param {{code?: unknown, detail?: unknown}} problem the problem details (RFC 9457), as far as the server sent any
 * @param {number} [retryAfterS] NaN or 0: the server did not say
 * @returns {PeerError}
 */
export function rejection(status, { code, detail }, retryAfterS = 0) {
  const known = typeof code === 'string' && Object.hasOwn(KEYS_BY_CODE, code) ? KEYS_BY_CODE[code] : undefined;
  const error = new PeerError(known ?? KEYS_BY_STATUS[status] ?? 'rejected', typeof detail === 'string' ? detail : `HTTP ${status}`);
  error.retryMs = 1000 * (retryAfterS || 0);
  error.isRejection = true;
  if (typeof code === 'string') error.code = code;
  return error;
}

/**
 * @param {string} key of what the page observed
 * @param {import('./telemetry.js').Control | null} notice the last notice from the server, which is more precise
 * @returns {PeerError}
 */
export function loss(key, notice) {
  if (!notice) return new PeerError(key);
  const error = new PeerError('ended', notice.detail);
  error.code = notice.code;
  return error;
}
