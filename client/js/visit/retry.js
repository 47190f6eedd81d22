/** What to do after an error: try again and when, wait, or fall back. Decides by keys and codes; opens no connection. */

const FIRST_MS = 500;
const LONGEST_MS = 15_000;
/** A server that is stopping takes at least this long to restart. */
const RESTART_MS = 3000;
/** Tries in a row before the person has to start again: about five minutes. */
const MOST_TRIES = 24;
/** Fewer tries if the first frame never arrives, because each try takes a session from other peers. */
const MOST_SETUPS = 3;
/** Keys of errors whose cause may end by itself; any other needs a person. */
const TEMPORARY = ['cut', 'closed', 'serverAway', 'fault', 'full', 'draining', 'noPort', 'tooMany', 'noMedia'];
/** Codes of a notice after which a new session may succeed; after any other it would end the same way. */
const TEMPORARY_CODES = ['stopping', 'silence', 'setup_timeout'];
/** Keys of rejections that end when another session ends. */
const QUEUEABLE = ['full', 'draining', 'noPort', 'tooMany'];
/** Keys of errors that concern WebRTC only, so that frames may still get through over a WebSocket. */
export const FALLBACK_KEYS = ['noMedia', 'noWebrtc', 'offer', 'fault', 'noPort'];

/** @typedef {Pick<import('../connection/errors.js').PeerError, 'key'> & Partial<Pick<import('../connection/errors.js').PeerError, 'code' | 'retryMs'>>} Reason */

/**
 * @param {Reason} error
 * @param {number} tries how many failed before
 * @returns {boolean} whether another try may succeed
 */
export function isTemporary({ key, code = '' }, tries) {
  if (key === 'ended') return TEMPORARY_CODES.includes(code) && tries < (code === 'setup_timeout' ? MOST_SETUPS : MOST_TRIES);
  return TEMPORARY.includes(key) && tries < MOST_TRIES;
}

/**
 * @param {Reason} error of a first try
 * @param {number} tries how many failed before
 * @returns {boolean} whether the server sent `Retry-After`, so that waiting makes sense
 */
export function shouldQueue({ key, retryMs = 0 }, tries) {
  return QUEUEABLE.includes(key) && retryMs > 0 && tries < MOST_TRIES;
}

/** @param {Reason} error of a WebRTC connection @returns {boolean} whether the compatibility mode may succeed */
export function mayFallBack({ key }) {
  return FALLBACK_KEYS.includes(key);
}

/** @param {Reason} error @returns {number} milliseconds before which there is no next try */
export function leastDelayMs({ key, retryMs = 0, code = '' }) {
  return retryMs || (key === 'ended' && code === 'stopping' ? RESTART_MS : 0);
}

/**
 * @param {number} tries how many failed before
 * @param {number} [leastMs] what the server asks for
 * @param {() => number} [random] 0..1
 * @returns {number} milliseconds until the next try
 */
export function retryDelayMs(tries, leastMs = 0, random = Math.random) {
  const longest = Math.min(LONGEST_MS, FIRST_MS * 2 ** tries);
  return Math.round(Math.max(longest * (0.5 + random() / 2), leastMs));
}

/** Counts down to one moment, in whole seconds; it can be ended early. */
export class Countdown {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #endMs;
  #onSecond;
  #onEnd;

  /**
   * @param {number} ms
   * @param {(seconds: number) => void} onSecond at once and then every second, with the seconds left
   * @param {() => void} onEnd once, unless it is closed first
   */
  constructor(ms, onSecond, onEnd) {
    this.#endMs = performance.now() + ms;
    this.#onSecond = onSecond;
    this.#onEnd = onEnd;
    this.#tick();
  }

  /** End now. */
  end() {
    this.close();
    this.#onEnd();
  }

  /** Never end. May be called twice. */
  close() {
    clearTimeout(this.#timer);
  }

  #tick() {
    const leftMs = this.#endMs - performance.now();
    if (leftMs <= 0) return this.end();
    this.#onSecond(Math.ceil(leftMs / 1000));
    this.#timer = setTimeout(() => this.#tick(), leftMs % 1000 || 1000);
  }
}
