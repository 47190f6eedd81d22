/** Finds the report of the displayed frame and its time: relates the clock of the telemetry to the page's clock and to the video's. */

const TICKS_A_SECOND = 90_000;
const WRAP = 2 ** 32;
/** Telemetry rounds to milliseconds; frames are 16 ms apart at least. */
const TOLERANCE_TICKS = TICKS_A_SECOND * 0.004;
/** Eight seconds at 30 frames a second: longer than any jitter buffer. */
const REMEMBERED = 256;
/** A frame that takes no time to encode can arrive before its message, which passes more layers. */
const EARLY_MS = 4;
const ENOUGH_VOTES = 5;

/** The page's clock minus the frame's clock, from the fastest message: a busy browser delivers messages in batches. */
export class FrameClock {
  #offsetS = Infinity;

  /** @param {number} ptsS @param {number} nowS @returns {number} the time of that frame, in seconds of the page's clock */
  pageTime(ptsS, nowS) {
    this.#offsetS = Math.min(this.#offsetS, nowS - ptsS);
    return ptsS + this.#offsetS;
  }

  /** @param {number} ptsS of a frame whose message has arrived @returns {number} its time, in seconds of the page's clock */
  timeOf(ptsS) {
    return ptsS + this.#offsetS;
  }
}

/** @typedef {{telemetry: import('../connection/telemetry.js').Telemetry, arrivedMs: number, timeS: number}} Message with the time of its frame */

/**
 * Finds the telemetry of the displayed frame by its RTP timestamp. RTP timestamps start at a random number, so the two
 * clocks differ by an unknown constant. Each frame that arrives votes for the constant that would make the newest
 * message its own, because a message leaves the server a moment before its frame. The frame may overtake it, by
 * less than EARLY_MS.
 */
export class FrameMatcher {
  /** @type {Message[]} newest last */
  #messages = [];
  /** @type {{ticks: number, votes: number}[]} */
  #offsets = [];

  /** @param {Message['telemetry']} telemetry @param {number} arrivedMs @param {number} timeS of its frame */
  addMessage(telemetry, arrivedMs, timeS) {
    this.#messages.push({ telemetry, arrivedMs, timeS });
    if (this.#messages.length > REMEMBERED) this.#messages.shift();
  }

  /**
   * @param {number} rtp timestamp of the frame on show
   * @param {number} receivedMs when its last packet arrived
   * @returns {Message | null} the message of that frame; null: the two clocks are not related yet, or the message was lost
   */
  match(rtp, receivedMs) {
    const newest = this.arrivedBy(receivedMs);
    if (newest) this.#vote(wrap(rtp - newest.telemetry.pts * TICKS_A_SECOND));
    const best = this.#offsets[0];
    if (!best || best.votes < ENOUGH_VOTES) return null;
    return this.#find(({ telemetry }) => distance(rtp, best.ticks + telemetry.pts * TICKS_A_SECOND) < TOLERANCE_TICKS);
  }

  /** @param {number} ms @returns {Message | null} the newest that had arrived by then, or EARLY_MS later */
  arrivedBy(ms) {
    return this.#find(({ arrivedMs }) => arrivedMs <= ms + EARLY_MS);
  }

  /** @param {number} ptsS @returns {Message | null} */
  at(ptsS) {
    return this.#find(({ telemetry }) => telemetry.pts === ptsS);
  }

  /** @param {(message: Message) => boolean} is @returns {Message | null} the newest of them */
  #find(is) {
    return this.#messages.findLast(is) ?? null;
  }

  /** @param {number} ticks */
  #vote(ticks) {
    const known = this.#offsets.find((offset) => distance(offset.ticks, ticks) < TOLERANCE_TICKS);
    if (known) known.votes += 1;
    else this.#offsets.push({ ticks, votes: 1 });
    this.#offsets.sort((a, b) => b.votes - a.votes);
    // Keep a few, so that a new constant can gather votes; there are never many real ones.
    if (this.#offsets.length > 16) this.#offsets.splice(8, 1);
  }
}

/** @param {number} ticks */
function wrap(ticks) {
  return ((ticks % WRAP) + WRAP) % WRAP;
}

/** @param {number} a @param {number} b */
function distance(a, b) {
  const ticks = wrap(a - b);
  return Math.min(ticks, WRAP - ticks);
}
