/** How long a session is, and when something was measured: stretches of time with analysed frames, and the gaps between them. Pure. */

/** A time of up to two seconds without a frame comes from a slow server; in a longer one, nothing was measured. */
export const BRIDGE_S = 2;
/** Up to here, the time that was measured is that of the session: a connection opens and closes. */
const NEAR_S = 2;

/**
 * @typedef {{fromS: number, toS: number}} Stretch
 *
 * @typedef {object} Lengths of a session; whatever says one of them takes it from lengthsOf()
 * @property {number} durationS from its start to its last message or event
 * @property {number} measuredS how long frames were analysed
 */

/** @param {import('./session-log.js').SessionLog} log @returns {Lengths} */
export const lengthsOf = (log) => ({ durationS: log.endS, measuredS: log.measuredS });

/** @param {Lengths} lengths @returns {boolean} whether the session was measured from its start to its end */
export const isWhole = ({ durationS, measuredS }) => durationS - measuredS <= NEAR_S;

export class Stretches {
  #bridgeS;
  /** @type {Stretch[]} */
  #all = [];
  #lengthS = 0;

  /** @param {number} bridgeS the longest time without a frame that still counts as measured */
  constructor(bridgeS) {
    this.#bridgeS = bridgeS;
  }

  /** @returns {readonly Stretch[]} oldest first, longer than the bridge apart */
  get all() {
    return this.#all;
  }

  /** @returns {number} seconds */
  get lengthS() {
    return this.#lengthS;
  }

  /** Must come in order of time. @param {number} fromS @param {number} toS the same as `fromS` for a single frame */
  add(fromS, toS) {
    const last = this.#all[this.#all.length - 1];
    const isBridged = last && fromS - last.toS <= this.#bridgeS;
    this.#lengthS += isBridged ? Math.max(0, toS - last.toS) : toS - fromS;
    if (isBridged) last.toS = Math.max(last.toS, toS);
    else this.#all.push({ fromS, toS });
  }

  /** Forget what was before a time at which, or after which, something was measured. @param {number} timeS @param {(fromS: number) => number} nextS the first measured time from this one on */
  dropBefore(timeS, nextS) {
    while (this.#all.length && this.#all[0].fromS < timeS) {
      const first = this.#all[0];
      const fromS = first.toS < timeS ? first.toS : nextS(timeS);
      this.#lengthS -= fromS - first.fromS;
      first.fromS = fromS;
      if (fromS < timeS) this.#all.shift();
    }
  }

  /** @param {number} lengthS of the session @param {number} leastS shorter ones are left out @returns {Stretch[]} when nothing was measured, also at the start and at the end */
  gaps(lengthS, leastS) {
    const starts = [...this.#all.map(({ fromS }) => fromS), lengthS];
    const ends = [0, ...this.#all.map(({ toS }) => toS)];
    return starts.map((toS, i) => ({ fromS: ends[i], toS })).filter(({ fromS, toS }) => toS - fromS >= leastS);
  }
}

/** How long frames were analysed so far, without a walk through the log: whole seconds where only means are kept, then frames. */
export class MeasuredSoFar {
  #seconds = new Stretches(BRIDGE_S);
  #frames = new Stretches(BRIDGE_S);

  /** @returns {number} seconds, as the walk through the log finds them */
  get lengthS() {
    const last = this.#seconds.all[this.#seconds.all.length - 1];
    const first = this.#frames.all[0];
    const gapS = last && first ? first.fromS - last.toS : Infinity;
    return this.#seconds.lengthS + this.#frames.lengthS + (gapS <= BRIDGE_S ? gapS : 0);
  }

  /** A second in which a frame was analysed, and whose frames are not kept any more. @param {number} fromS @param {number} toS */
  addSecond(fromS, toS) {
    this.#seconds.add(fromS, toS);
  }

  /** An analysed frame. @param {number} timeS */
  addFrame(timeS) {
    this.#frames.add(timeS, timeS);
  }

  /** Frames before this time are not kept any more. @param {number} timeS @param {(fromS: number) => number} nextS when the first analysed frame from a time on was */
  dropFrames(timeS, nextS) {
    this.#frames.dropBefore(timeS, nextS);
  }
}

/** Measured seconds within whole seconds that are asked for in order. @param {readonly Stretch[]} stretches @returns {(second: number) => number} */
export function measuredWithin(stretches) {
  let first = 0;
  return (second) => {
    while (first < stretches.length && stretches[first].toS < second) first += 1;
    let sum = 0;
    for (let i = first; i < stretches.length && stretches[i].fromS < second + 1; i += 1) {
      sum += Math.min(stretches[i].toS, second + 1) - Math.max(stretches[i].fromS, second);
    }
    return sum;
  };
}
