/** How pictures travel over a WebSocket: the header before each JPEG, and how many may be under way. Knows no socket. */

export const HEADER_BYTES = 8;
const VERSION = 1;
/** One on its way there and one on its way back keep both directions busy. */
const LEAST_IN_FLIGHT = 2;
/** Enough for 30 pictures a second over 160 ms; more would only wait somewhere. */
const MOST_IN_FLIGHT = 6;
/** A picture that a newer one replaced on the server never comes back; after this time it is not waited for. */
const GIVEN_UP_MS = 2000;

/** @param {number} timeMs whole milliseconds @returns {ArrayBuffer} what stands before a JPEG */
export function encodeHeader(timeMs) {
  const view = new DataView(new ArrayBuffer(HEADER_BYTES));
  view.setUint8(0, VERSION);
  view.setUint32(4, timeMs);
  return view.buffer;
}

/** @param {ArrayBuffer} message @returns {{timeMs: number, jpeg: Uint8Array} | null} null for all that is no picture */
export function decodePicture(message) {
  if (message.byteLength <= HEADER_BYTES) return null;
  const view = new DataView(message);
  if (view.getUint8(0) !== VERSION) return null;
  return { timeMs: view.getUint32(4), jpeg: new Uint8Array(message, HEADER_BYTES) };
}

/**
 * @typedef {object} Sent
 * @property {number} timeMs of the picture's header
 * @property {number} takenMs when the picture was taken, in the page's clock
 * @property {number} sentMs when it was handed to the socket
 */

/**
 * Pictures that were sent and are not back. As many may be as the way there and back holds at the camera's rate: fewer
 * would cost frames on a long way, more would wait in buffers in between and only grow old.
 */
export class Flow {
  /** @type {Sent[]} oldest first */
  #underWay = [];
  #leastMs = Infinity;
  #intervalMs;

  /** @param {number} fps of the camera */
  constructor(fps) {
    this.#intervalMs = 1000 / fps;
  }

  /** @returns {number} pictures that may be under way at once */
  get most() {
    if (!Number.isFinite(this.#leastMs)) return LEAST_IN_FLIGHT;
    const held = Math.ceil(this.#leastMs / this.#intervalMs) + 1;
    return Math.min(MOST_IN_FLIGHT, Math.max(LEAST_IN_FLIGHT, held));
  }

  /** @param {number} nowMs @returns {boolean} whether another picture may be taken */
  mayTake(nowMs) {
    while (this.#underWay.length && nowMs - this.#underWay[0].sentMs > GIVEN_UP_MS) this.#underWay.shift();
    return this.#underWay.length < this.most;
  }

  /** @param {Sent} picture that has gone out */
  send(picture) {
    this.#underWay.push(picture);
  }

  /**
   * @param {number} timeMs of a picture that is back; those before it were replaced by it
   * @param {number} nowMs
   * @returns {Sent | null} null: it had been given up
   */
  comeBack(timeMs, nowMs) {
    let found = null;
    while (this.#underWay.length && this.#underWay[0].timeMs <= timeMs) found = this.#underWay.shift();
    if (found?.timeMs !== timeMs) return null;
    this.#leastMs = Math.min(this.#leastMs, nowMs - found.sentMs);
    return found;
  }
}
