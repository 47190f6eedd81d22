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
export const lengthsOf = (log) => ({ durationS: log.endS, measuredS: log.measured(BRIDGE_S).lengthS });

/** @param {Lengths} lengths @returns {boolean} whether the session was measured from its start to its end */
export const isWhole = ({ durationS, measuredS }) => durationS - measuredS <= NEAR_S;

export class Stretches {
  #bridgeS;
  /** @type {Stretch[]} */
  #all = [];

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
    return this.#all.reduce((sum, { fromS, toS }) => sum + toS - fromS, 0);
  }

  /** Must come in order of time. @param {number} fromS @param {number} toS the same as `fromS` for a single frame */
  add(fromS, toS) {
    const last = this.#all[this.#all.length - 1];
    if (last && fromS - last.toS <= this.#bridgeS) last.toS = Math.max(last.toS, toS);
    else this.#all.push({ fromS, toS });
  }

  /** @param {number} lengthS of the session @param {number} leastS shorter ones are left out @returns {Stretch[]} when nothing was measured, also at the start and at the end */
  gaps(lengthS, leastS) {
    const starts = [...this.#all.map(({ fromS }) => fromS), lengthS];
    const ends = [0, ...this.#all.map(({ toS }) => toS)];
    return starts.map((toS, i) => ({ fromS: ends[i], toS })).filter(({ fromS, toS }) => toS - fromS >= leastS);
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
