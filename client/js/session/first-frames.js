/**
 * Holds back the first messages of a connection until the clock of its frames is known. A browser sends its first frames late, because
 * it does not know yet how much the network carries; so the first message says when the first frame was captured, up to half a second
 * late, and the next ones less so. Pure.
 */

/** From the first message on. Afterwards, the fastest message so far hardly changes any more. */
const SETTLES_MS = 700;

/** @typedef {import('../connection/telemetry.js').Telemetry} Telemetry */

export class FirstFrames {
  /** @type {Telemetry[]} */
  #held = [];
  /** When the first message of the connection arrived; null: none yet. @type {number | null} */
  #sinceMs = null;

  /** @param {Telemetry} telemetry @param {number} atMs when it arrived @returns {Telemetry[]} the messages whose times are known now, oldest first */
  add(telemetry, atMs) {
    this.#sinceMs ??= atMs;
    this.#held.push(telemetry);
    return atMs - this.#sinceMs < SETTLES_MS ? [] : this.take();
  }

  /** @returns {Telemetry[]} those that were held back: nothing follows that would tell their times better */
  take() {
    const held = this.#held;
    this.#held = [];
    return held;
  }
}
