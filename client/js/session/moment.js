/** One second of a session that is over, as the numbers of one face. Pure. */

/** From the end of the second that is asked for; a slice ends before the next one begins. */
const LITTLE_S = 1e-6;

/**
 * @typedef {object} Moment
 * @property {number} atS when the second begins
 * @property {number | null} faceId null: the largest face
 * @property {string} label the most frequent; empty: the face was not in the video
 * @property {number[]} probabilities means; empty without a label
 * @property {number[] | null} changes means of the differences to the neutral face; null: none
 * @property {boolean} isMeasured whether the server reported anything
 */

/**
 * @param {import('./session-log.js').SessionLog} log
 * @param {number | null} faceId null: the largest of each frame
 * @param {number} endS the end of the second, or a time within it
 * @returns {Moment}
 */
export function momentOf(log, faceId, endS) {
  const atS = Math.max(0, Math.ceil(endS) - 1);
  const { lines, labels, fps, changes } = log.slices(faceId, atS + 1 - LITTLE_S, 1, 1, undefined, log.baselines);
  const label = labels[0] ?? '';
  return { atS, faceId, label, probabilities: label ? lines.map(([mean]) => mean ?? 0) : [], changes: !label || changes.some(([mean]) => mean === null) ? null : changes.map(([mean]) => mean ?? 0), isMeasured: fps[0] !== null };
}
