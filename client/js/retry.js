/** When to try again: later each time, and never in step with everybody else whom the same server lost. */

const FIRST_MS = 500;
const LONGEST_MS = 15_000;
/** A server that stops is not back sooner. */
const RESTART_MS = 3000;
/** Tries after which a person has to ask for more: about five minutes. */
const MOST_TRIES = 24;
/** Keys of problems that may pass by themselves; all else needs a person. */
const PASSING = ['cut', 'ended', 'serverAway', 'full', 'noPort', 'tooMany', 'noMedia'];
/** Codes after which a new session may succeed; after any other it would end the same way. */
const PASSING_CODES = ['stopping', 'silence', 'setup_timeout'];
/** Fewer tries if the first frame never arrives, because each try takes a session from other peers. */
const MOST_SETUPS = 3;
/** Keys of refusals that end when another session ends. */
const WAITING = ['full', 'noPort', 'tooMany'];

/**
 * @param {import('./peer.js').PeerError} error
 * @param {number} tries how many failed before
 * @returns {boolean} whether another try may end better
 */
export function mayPass({ key, message, code = '' }, tries) {
  const most = code === 'setup_timeout' ? MOST_SETUPS : MOST_TRIES;
  return PASSING.includes(key) && (key !== 'ended' || endingPasses(message, code)) && tries < most;
}

/** A server older than the codes reports that it is stopping only in its sentence. */
function endingPasses(message, code) {
  if (code) return PASSING_CODES.includes(code);
  return message === '' || isStopping(message, code);
}

function isStopping(message, code) {
  return code ? code === 'stopping' : /stopping/.test(message);
}

/**
 * @param {import('./peer.js').PeerError} error that a first try met
 * @param {number} tries how many failed before
 * @returns {boolean} whether the server sent `Retry-After`, so that waiting makes sense
 */
export function mayWait({ key, retryMs }, tries) {
  return WAITING.includes(key) && retryMs > 0 && tries < MOST_TRIES;
}

/** @param {import('./peer.js').PeerError} error @returns {number} milliseconds that no try comes sooner */
export function leastDelayMs({ key, message, retryMs, code = '' }) {
  return retryMs || (key === 'ended' && isStopping(message, code) ? RESTART_MS : 0);
}

/**
 * @param {number} tries how many failed before
 * @param {number} [leastMs] what the server asked for
 * @param {() => number} [random] 0..1
 * @returns {number} milliseconds until the next try
 */
export function retryDelayMs(tries, leastMs = 0, random = Math.random) {
  const longest = Math.min(LONGEST_MS, FIRST_MS * 2 ** tries);
  return Math.round(Math.max(longest * (0.5 + random() / 2), leastMs));
}

/** Counts down to one moment, in whole seconds, and can be cut short. */
export class Countdown {
  #timer = 0;
  #endMs;
  #onSecond;
  #onEnd;

  /**
   * @param {number} ms
   * @param {(seconds: number) => void} onSecond at once and then every second, with what is left
   * @param {() => void} onEnd once, unless it is closed before
   */
  constructor(ms, onSecond, onEnd) {
    this.#endMs = performance.now() + ms;
    this.#onSecond = onSecond;
    this.#onEnd = onEnd;
    this.#tick();
  }

  /** Do not wait any longer. */
  end() {
    this.close();
    this.#onEnd();
  }

  /** Wait for nothing any more; may be called twice. */
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
