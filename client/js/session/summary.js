/** Sums up a whole session for its report. Pure. */

import { LABELS } from './log-columns.js';
import { BRIDGE_S, measuredWithin } from './stretches.js';
import { EMOTIONS } from '../connection/telemetry.js';

/**
 * @typedef {object} FaceSummary
 * @property {number} id
 * @property {number} frames in which it was found
 * @property {number} seenS how long it was seen in all
 * @property {number} firstS
 * @property {number} lastS
 * @property {number[]} labels frames by label, in the order of LABELS
 * @property {number[]} sums of the probabilities
 *
 * @typedef {object} Summary
 * @property {number} frames messages
 * @property {number} analysed frames
 * @property {number} reduced analysed frames with reduced analysis; where only means are kept, all of a second in which it was
 * @property {number} dropped in all connections
 * @property {number} intervals between analysed frames that follow each other while something was measured
 * @property {number} durationS of the session
 * @property {number} measuredS how long frames were analysed
 * @property {Map<number, FaceSummary>} faces
 */

/** @param {import('./session-log.js').SessionLog} log @returns {Summary} of the whole session, although its frames are not all kept */
export function summarize(log) {
  /** @type {Map<number, FaceSummary>} */
  const faces = new Map();
  const measured = log.measured(BRIDGE_S);
  const within = measuredWithin(measured.all);
  const dropped = new Counted();
  const summary = { frames: 0, analysed: 0, reduced: 0, dropped: 0, intervals: 0, durationS: log.endS, measuredS: measured.lengthS, faces };
  for (const seen of log.faces()) faces.set(seen.id, { ...seen, frames: 0, seenS: 0, labels: LABELS.map(() => 0), sums: EMOTIONS.map(() => 0) });
  for (const { timeS, frames, analysedFrames, telemetry, faces: found } of log.everySecond()) {
    const measuredS = within(timeS);
    summary.frames += frames;
    summary.analysed += analysedFrames;
    if (timeS < log.framesFromS && telemetry.degradationLevel > 0) summary.reduced += analysedFrames;
    dropped.add(telemetry.seq, telemetry.dropped);
    for (const { face, frames: seen, labels } of found) {
      const known = faces.get(face.id);
      if (!known) continue;
      known.frames += seen;
      // The first and the last second are not whole ones.
      known.seenS = Math.min(known.seenS + (measuredS * seen) / Math.max(1, analysedFrames), known.lastS - known.firstS);
      labels.forEach((count, i) => (known.labels[i] += count));
      face.probabilities.forEach((probability, i) => (known.sums[i] += probability * seen));
    }
  }
  for (const { telemetry } of log) if (telemetry.analysed && telemetry.degradationLevel > 0) summary.reduced += 1;
  summary.intervals = Math.max(0, summary.analysed - measured.all.length);
  summary.dropped = dropped.sum;
  return summary;
}

/** A counter of the server over several connections: it restarts in one that is not resumed, as the number of the frame does. */
class Counted {
  #before = 0;
  #seq = -1;
  #count = 0;
  /** In the second of the restart, the count may be the new connection's already while the number is still the old one's. */
  #hasFallen = false;

  /** @returns {number} */
  get sum() {
    return this.#before + this.#count;
  }

  /** @param {number} seq of the first frame of a second @param {number} count after its last one */
  add(seq, count) {
    const isNewSeq = seq < this.#seq;
    const hasFallen = count < this.#count;
    if (hasFallen || (isNewSeq && !this.#hasFallen)) this.#before += this.#count;
    this.#hasFallen = hasFallen && !isNewSeq;
    this.#seq = seq;
    this.#count = count;
  }
}
