/** The neutral face of each person as the baseline of a face: measured, kept as events of the session, and the difference to it. Pure. */

import { EMOTIONS } from '../connection/telemetry.js';

/** Kinds of the events that set and clear a baseline; `detail`: number of the face, and of NEUTRAL the seven probabilities. */
export const NEUTRAL = 'neutral';
export const NEUTRAL_CLEARED = 'neutral-cleared';
/** A baseline is the mean of the last seconds, of which at least one is measured. */
export const MEASURED_S = 2;
const LEAST_S = 1;
/** A longer step between two frames is a gap. */
const MOST_STEP_S = 1;
const LITTLE_S = 1e-6;

/**
 * @typedef {object} Baseline
 * @property {number} fromS frames after this time count against it
 * @property {number[] | null} probabilities in the order of EMOTIONS; null: it was cleared
 */

/**
 * @param {Iterable<import('./session-log.js').Entry>} entries of the last MEASURED_S before the press
 * @param {number} faceId
 * @returns {number[] | null} mean probabilities in the order of EMOTIONS; null: less than a second of this face was measured. A frame in which it is unsure does not count
 */
export function neutralOf(entries, faceId) {
  const sums = EMOTIONS.map(() => 0);
  let frames = 0;
  let measuredS = 0;
  let lastS = NaN;
  for (const { timeS, telemetry } of entries) {
    const stepS = timeS - lastS;
    lastS = timeS;
    const face = telemetry.faces.find(({ id, unsure }) => id === faceId && !unsure);
    if (!face) continue;
    face.probabilities.forEach((probability, i) => (sums[i] += probability));
    frames += 1;
    if (stepS <= MOST_STEP_S) measuredS += stepS;
  }
  return measuredS >= LEAST_S - LITTLE_S ? sums.map((sum) => Number((sum / frames).toFixed(3))) : null;
}

/** @param {number} faceId @param {number[]} probabilities @returns {string} detail of the event NEUTRAL */
export const detailOf = (faceId, probabilities) => [faceId, ...probabilities].join(' ');

/** @param {string} detail of an event NEUTRAL or NEUTRAL_CLEARED @returns {{faceId: number, probabilities: number[]}} without probabilities if it was cleared */
export function baselineIn(detail) {
  const [faceId, ...probabilities] = detail.split(' ').map(Number);
  return { faceId, probabilities };
}

/** @param {readonly number[]} probabilities @param {readonly number[]} baseline @returns {number[]} differences, -1 to 1 */
export const changesOf = (probabilities, baseline) => probabilities.map((probability, i) => Number((probability - baseline[i]).toFixed(3)));

/**
 * @param {(number | null)[][]} lines differences over time, in the order of EMOTIONS; null: there is none
 * @returns {number} the expression whose mean difference is farthest from 0, except neutral, which mirrors the others; -1: there is no difference
 */
export function mostChanged(lines) {
  const sizes = lines.map((line, i) => {
    const known = line.filter((value) => value !== null);
    return known.length && EMOTIONS[i] !== 'neutral' ? Math.abs(known.reduce((sum, value) => sum + value, 0) / known.length) : -1;
  });
  const largest = Math.max(...sizes);
  return largest < 0 ? -1 : sizes.indexOf(largest);
}

export class Baselines {
  /** By face, in order of time. @type {Map<number, Baseline[]>} */
  #all = new Map();

  /** @param {readonly import('./session-events.js').SessionEvent[]} events in order of time */
  constructor(events) {
    for (const { timeS, kind, detail } of events) {
      if (kind !== NEUTRAL && kind !== NEUTRAL_CLEARED) continue;
      const { faceId, probabilities } = baselineIn(detail);
      const isWhole = probabilities.length === EMOTIONS.length && probabilities.every(Number.isFinite);
      if (!Number.isInteger(faceId) || (kind === NEUTRAL && !isWhole)) continue;
      this.#all.set(faceId, [...(this.#all.get(faceId) ?? []), { fromS: timeS, probabilities: kind === NEUTRAL ? probabilities : null }]);
    }
  }

  /** @returns {boolean} whether no face has ever had one */
  get isEmpty() {
    return this.#all.size === 0;
  }

  /** @param {number} faceId @param {number} [timeS] of a frame, or when a second begins; absent: now @returns {number[] | null} the baseline that it counts against */
  of(faceId, timeS = Infinity) {
    return this.#latest(faceId, timeS)?.probabilities ?? null;
  }

  /** @param {number} faceId @returns {{fromS: number, probabilities: number[]} | null} the baseline in force at the end */
  last(faceId) {
    const { fromS = 0, probabilities = null } = this.#latest(faceId, Infinity) ?? {};
    return probabilities && { fromS, probabilities };
  }

  /** @param {number} faceId @param {number} timeS */
  #latest(faceId, timeS) {
    const all = this.#all.get(faceId) ?? [];
    let at = all.length - 1;
    while (at >= 0 && all[at].fromS >= timeS) at -= 1;
    return all[at];
  }
}
