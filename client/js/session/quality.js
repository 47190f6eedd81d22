/** Judges how well the analysis works: one finding at a time, and calmly. Pure: no clock, no page, no texts. */

import { chooseFace, keepsUp } from '../connection/telemetry.js';

const HIGH_LOSS = 0.05;
const LONG_ROUND_TRIP_MS = 400;
/** How long a finding has to be absent before another takes its place. */
const HOLD_MS = 2000;

/** What each finding means for the person: "slow" is late but right, "poor" may be wrong. @type {Record<string, 'good' | 'slow' | 'poor'>} */
const GRADES = { good: 'good', busy: 'slow', few: 'slow', late: 'slow' };
/** The server follows two faces at most. */
const FEWER_FACES = 3;

/**
 * @typedef {object} Finding
 * @property {string} key of QUALITY in the texts; empty: not known yet
 * @property {number} every busy: one of so many frames is analysed; else 0
 * @property {'' | 'good' | 'slow' | 'poor'} grade
 *
 * @typedef {{lossShare: number, rttMs: number | null}} Line how the connection is
 */

/** Nothing is known yet. @type {Finding} */
export const UNKNOWN = Object.freeze({ key: '', every: 0, grade: '' });

/**
 * @param {import('../connection/telemetry.js').Telemetry} telemetry
 * @param {Line} line
 * @returns {Finding} what a person should mend first: what spoils the answer, then what delays it
 */
export function judge(telemetry, { lossShare, rttMs }) {
  const { fpsIn, fpsOut, analysed, faces, degradationLevel, notFollowed } = telemetry;
  if (!analysed) return finding('unanalysed');
  const face = chooseFace(faces, null);
  if (!face) return finding('noFace');
  const hint = hintOf(face);
  if (hint) return finding(hint);
  if (lossShare > HIGH_LOSS) return finding('loss');
  if (!keepsUp(telemetry)) return finding('busy', Math.max(1, Math.round(fpsIn / Math.max(fpsOut, 0.5))));
  // People in the video are without a word.
  if (degradationLevel >= FEWER_FACES && notFollowed) return finding('few');
  if (rttMs !== null && rttMs > LONG_ROUND_TRIP_MS) return finding('late');
  return finding('good');
}

/** The server's hints, the most helpful first, then its reasons for "unsure" with the same meaning. @param {import('../connection/telemetry.js').Face} face */
function hintOf({ hints = [], unsure }) {
  const known = ['cut', 'dark', 'backlit', 'far', 'blurred'].find((hint) => hints.includes(hint));
  if (known) return known;
  if (unsure === 'small') return 'far';
  return ['dark', 'hidden', 'blurred', 'turned', 'misplaced'].includes(unsure) ? unsure : '';
}

/** @param {string} key @param {number} [every] @returns {Finding} */
const finding = (key, every = 0) => ({ key, every, grade: GRADES[key] ?? 'poor' });

/** Shows a finding as long as it keeps coming: another takes its place once it has been absent for two seconds. */
export class Steady {
  #shown = UNKNOWN;
  #seenMs = -Infinity;

  /** @param {Finding} found @param {number} nowMs @returns {Finding} the one to show */
  take(found, nowMs) {
    if (this.#seenMs === -Infinity) this.#seenMs = nowMs;
    if (isSame(found, this.#shown)) this.#seenMs = nowMs;
    else if (nowMs - this.#seenMs >= HOLD_MS) {
      this.#shown = found;
      this.#seenMs = nowMs;
    }
    return this.#shown;
  }

  /** Forget what was shown: frames stop, or another session begins. */
  reset() {
    this.#shown = UNKNOWN;
    this.#seenMs = -Infinity;
  }
}

/** @param {Finding} a @param {Finding} b */
const isSame = (a, b) => a.key === b.key && a.every === b.every;
