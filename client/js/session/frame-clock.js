/** Finds the report of the displayed frame and its time: relates the clock of the telemetry to the page's clock and to the video's. */

const TICKS_A_SECOND = 90_000;
const WRAP = 2 ** 32;
/** Telemetry rounds to milliseconds; frames are 16 ms apart at least. */
const TOLERANCE_TICKS = TICKS_A_SECOND * 0.004;
const REMEMBERED = 64;
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

/**
 * Finds the telemetry of the displayed frame by its RTP timestamp. RTP timestamps start at a random number, so the two
 * clocks differ by an unknown constant. Each frame that arrives votes for the constant that would make the newest
 * message its own, because a message leaves the server a moment before its frame. The frame may overtake it, by
 * less than EARLY_MS.
 */
export class FrameMatcher {
  /** @type {{ptsS: number, arrivedMs: number, timeS: number}[]} newest last */
  #messages = [];
  /** @type {{ticks: number, votes: number}[]} */
  #offsets = [];

  /** @param {number} ptsS of a message @param {number} arrivedMs @param {number} timeS of the frame, in the page's clock */
  addMessage(ptsS, arrivedMs, timeS) {
    this.#messages.push({ ptsS, arrivedMs, timeS });
    if (this.#messages.length > REMEMBERED) this.#messages.shift();
  }

  /**
   * @param {number} rtp timestamp of the frame on show
   * @param {number} receivedMs when its last packet arrived
   * @returns {{timeS: number, lagMs: number} | null} the time of that frame, and how long after its message the
   *   frame arrived; null: the two clocks are not related yet
   */
  match(rtp, receivedMs) {
    const newest = this.#messages.findLast((message) => message.arrivedMs <= receivedMs + EARLY_MS);
    if (newest) this.#vote(wrap(rtp - newest.ptsS * TICKS_A_SECOND));
    const best = this.#offsets[0];
    if (!best || best.votes < ENOUGH_VOTES) return null;
    const found = this.#messages.findLast(
      (message) => distance(rtp, best.ticks + message.ptsS * TICKS_A_SECOND) < TOLERANCE_TICKS,
    );
    return found ? { timeS: found.timeS, lagMs: Math.max(0, receivedMs - found.arrivedMs) } : null;
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
