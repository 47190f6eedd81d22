/** Sums up the frames of one second, so that a long session is kept as one row per face and second. Keeps one second only. */

import { AT, COLUMNS, FRAME_COLUMNS, LABELS, SECOND_COLUMNS, faceOf, frameOf } from './log-columns.js';

const MEAN_COLUMNS = COLUMNS.map((_, at) => at);
const FRAME_WIDTH = FRAME_COLUMNS.length;
/** Those that only grow, or begin anew: their last value is that of the second. */
const COUNTS = [AT.blinks, AT.eyesClosedS, AT.eyeClosures, AT.yawns, AT.gaze];

/** @typedef {{sums: Float64Array, counts: Uint32Array, frames: number, largest: number, last: ArrayLike<number>, labels: Uint32Array, unsures: Map<number, number>}} Sums */

export class OpenSecond {
  #second;
  #pts = 0;
  #seq = 0;
  #analysed = 0;
  #level = 0;
  #frame = newSums();
  /** @type {Map<number, Sums>} */
  #faces = new Map();

  /** @param {number} [second] in whole seconds since the start */
  constructor(second = NaN) {
    this.#second = second;
  }

  /** @returns {number} the second that is summed up, in whole seconds since the start; NaN: none */
  get second() {
    return this.#second;
  }

  /** One frame. @param {number} pts @param {ArrayLike<number>[]} rows one for each face, or one with the id 0 */
  add(pts, rows) {
    const [first] = rows;
    if (!this.#frame.frames) {
      this.#pts = pts;
      this.#seq = first[AT.seq];
    }
    addRow(this.#frame, first);
    this.#analysed += first[AT.analysed];
    this.#level = Math.max(this.#level, first[AT.degradationLevel]);
    let widest = first;
    for (const row of rows) {
      if (!row[AT.id]) continue;
      if (row[AT.width] > widest[AT.width]) widest = row;
      const sums = this.#faces.get(row[AT.id]) ?? newSums();
      this.#faces.set(row[AT.id], sums);
      addRow(sums, row);
      sums.labels[row[AT.label]] += 1;
      if (row[AT.unsure]) sums.unsures.set(row[AT.unsure], (sums.unsures.get(row[AT.unsure]) ?? 0) + 1);
    }
    const largest = this.#faces.get(widest[AT.id]);
    if (largest) largest.largest += 1;
  }

  /** @returns {{pts: number, rows: Float32Array[]}} one row for each face, or one with the id 0; none without a frame */
  close() {
    if (!this.#frame.frames) return { pts: 0, rows: [] };
    const faces = this.#faces.size ? [...this.#faces.values()] : [this.#frame];
    return { pts: this.#pts, rows: faces.map((sums) => this.#row(sums)) };
  }

  /** @param {Sums} sums of a face, or of the frame if there was none */
  #row(sums) {
    const row = new Float32Array(SECOND_COLUMNS.length);
    for (const at of MEAN_COLUMNS) row[at] = mean(at < FRAME_WIDTH ? this.#frame : sums, at);
    // A mean of these would be no value of theirs.
    row[AT.seq] = this.#seq;
    row[AT.dropped] = this.#frame.last[AT.dropped];
    row[AT.unanalysed] = this.#analysed ? 0 : this.#frame.last[AT.unanalysed];
    row[AT.analysed] = this.#analysed ? 1 : 0;
    row[AT.degradationLevel] = this.#level;
    row[AT.id] = sums.last[AT.id];
    row[AT.label] = sums.labels.indexOf(Math.max(...sums.labels));
    row[AT.unsure] = LABELS[row[AT.label]] === 'unsure' ? mostFrequent(sums.unsures) : 0;
    for (const at of COUNTS) row[at] = sums.last[at];
    row[AT.frames] = sums.frames;
    row[AT.secondFrames] = this.#frame.frames;
    row[AT.analysedFrames] = this.#analysed;
    row[AT.largest] = sums.largest;
    row.set(sums.labels, AT[`is_${LABELS[0]}`]);
    return row;
  }
}

/** @param {Iterable<{timeS: number, pts: number, row: ArrayLike<number>}>} rows of seconds, oldest first @yields {import('./log-columns.js').Means} */
export function* readMeans(rows) {
  /** @type {import('./log-columns.js').Means | null} */
  let means = null;
  for (const { timeS, pts, row } of rows) {
    if (!means || means.timeS !== timeS) {
      if (means) yield means;
      means = { timeS, frames: row[AT.secondFrames], analysedFrames: row[AT.analysedFrames], faceless: row[AT.secondFrames], telemetry: frameOf(row, pts), faces: [] };
    }
    if (!row[AT.id]) continue;
    // A frame with faces has exactly one that is the largest.
    means.faceless -= row[AT.largest];
    const face = faceOf(row);
    means.telemetry.faces.push(face);
    means.faces.push({ face, frames: row[AT.frames], labels: LABELS.map((label) => row[AT[`is_${label}`]]) });
  }
  if (means) yield means;
}

/** @returns {Sums} */
function newSums() {
  const width = COLUMNS.length;
  return { sums: new Float64Array(width), counts: new Uint32Array(width), frames: 0, largest: 0, last: [], labels: new Uint32Array(LABELS.length), unsures: new Map() };
}

/** @param {Sums} to @param {ArrayLike<number>} row */
function addRow(to, row) {
  to.frames += 1;
  to.last = row;
  for (const at of MEAN_COLUMNS) {
    if (Number.isNaN(row[at])) continue;
    to.sums[at] += row[at];
    to.counts[at] += 1;
  }
}

/** @param {Sums} from @param {number} at */
const mean = ({ sums, counts }, at) => (counts[at] ? sums[at] / counts[at] : NaN);

/** @param {Map<number, number>} counts @returns {number} 0: there is none */
const mostFrequent = (counts) => [...counts].reduce((best, next) => (next[1] > best[1] ? next : best), [0, 0])[0];
