/** JPEG frames over a WebSocket: the header before each, and how many may be in flight. Independent of the socket. */

export const HEADER_BYTES = 8;
const VERSION = 1;
/** One frame to the server and one back keep both directions busy. */
const LEAST_IN_FLIGHT = 2;
/** Enough for 30 frames a second over 160 ms; more would only wait in a buffer. */
const MOST_IN_FLIGHT = 6;
/** A frame that a newer one replaced on the server never comes back; after this time it counts as dropped. */
const DROPPED_MS = 2000;

/** @param {number} timeMs whole milliseconds @returns {ArrayBuffer} the header of a JPEG */
export function encodeHeader(timeMs) {
  const view = new DataView(new ArrayBuffer(HEADER_BYTES));
  view.setUint8(0, VERSION);
  view.setUint32(4, timeMs);
  return view.buffer;
}

/** @param {ArrayBuffer} message @returns {{timeMs: number, jpeg: Uint8Array<ArrayBuffer>} | null} null: not a frame of this version */
export function decodeFrame(message) {
  if (message.byteLength <= HEADER_BYTES) return null;
  const view = new DataView(message);
  if (view.getUint8(0) !== VERSION) return null;
  return { timeMs: view.getUint32(4), jpeg: new Uint8Array(message, HEADER_BYTES) };
}

/**
 * @typedef {object} Sent
 * @property {number} timeMs of the frame's header
 * @property {number} takenMs when the frame was captured, in the page's clock
 * @property {number} sentMs when it was handed to the socket
 */

/**
 * Frames that were sent and are not back yet. The limit is what the round trip holds at the camera's rate: fewer would
 * lower the frame rate over a long round trip, more would only wait in buffers.
 */
export class FramesInFlight {
  /** @type {Sent[]} oldest first */
  #sent = [];
  #leastMs = Infinity;
  #intervalMs;

  /** @param {number} fps of the camera */
  constructor(fps) {
    this.#intervalMs = 1000 / fps;
  }

  /** @returns {number} frames that may be in flight at once */
  get most() {
    if (!Number.isFinite(this.#leastMs)) return LEAST_IN_FLIGHT;
    const held = Math.ceil(this.#leastMs / this.#intervalMs) + 1;
    return Math.min(MOST_IN_FLIGHT, Math.max(LEAST_IN_FLIGHT, held));
  }

  /** @param {number} nowMs @returns {boolean} whether another frame may be sent */
  mayTake(nowMs) {
    while (this.#sent.length && nowMs - this.#sent[0].sentMs > DROPPED_MS) this.#sent.shift();
    return this.#sent.length < this.most;
  }

  /** @param {Sent} frame handed to the socket */
  send(frame) {
    this.#sent.push(frame);
  }

  /**
   * @param {number} timeMs of a frame that is back; the server dropped those before it
   * @param {number} nowMs
   * @returns {Sent | null} null: it had counted as dropped
   */
  comeBack(timeMs, nowMs) {
    let found = null;
    while (this.#sent.length && this.#sent[0].timeMs <= timeMs) found = this.#sent.shift();
    if (found?.timeMs !== timeMs) return null;
    this.#leastMs = Math.min(this.#leastMs, nowMs - found.sentMs);
    return found;
  }
}
