/** Means of equal slices of time, so that a chart draws a hundred points and not thousands. Pure. */

import { AT, LABELS } from './log-columns.js';
import { EMOTIONS } from '../connection/telemetry.js';

const FIRST = AT[EMOTIONS[0]];

/**
 * @typedef {object} SliceMeans each list has one value per slice, oldest first; null: no value
 * @property {(number | null)[][]} lines probabilities, in the order of EMOTIONS
 * @property {(string | null)[]} labels the most frequent
 * @property {(number | null)[]} fps
 * @property {(number | null)[][]} changes differences to the neutral face, -1 to 1, in the order of EMOTIONS; none without baselines
 */

export class Slices {
  #sliceS;
  #count;
  #endSlice;
  /** Messages by slice, with and without the face. */
  #messages;
  #faces;
  #fps;
  #sums;
  #labels;
  #baselines;
  #changes;
  /** Frames with the face and a baseline. */
  #changed;

  /** @param {number} endS @param {number} windowS its length @param {number} count of slices @param {import('./baselines.js').Baselines | null} [baselines] to which there are changes */
  constructor(endS, windowS, count, baselines = null) {
    this.#count = count;
    this.#sliceS = windowS / count;
    // Slices keep their position in time while the window moves, so that points do not jump between two redraws.
    this.#endSlice = Math.floor(endS / this.#sliceS);
    this.#messages = new Float64Array(count);
    this.#faces = new Float64Array(count);
    this.#fps = new Float64Array(count);
    this.#sums = EMOTIONS.map(() => new Float64Array(count));
    this.#labels = new Float64Array(count * LABELS.length);
    this.#baselines = baselines;
    this.#changes = baselines ? EMOTIONS.map(() => new Float64Array(count)) : [];
    this.#changed = new Float64Array(count);
  }

  /** @returns {number} when the first slice begins */
  get fromS() {
    return (this.#endSlice - this.#count + 1) * this.#sliceS;
  }

  /** @param {number} timeS @param {Float32Array} cells @param {number} frame where a row of the frame begins @param {number} face where that of its face does; -1: it is absent */
  addFrame(timeS, cells, frame, face) {
    const slice = this.#sliceAt(timeS);
    this.#addMessages(slice, 1, cells[frame + AT.fpsOut]);
    if (face < 0) return;
    this.#addFace(slice, 1, cells, face, timeS);
    if (this.#has(slice)) this.#labels[slice * LABELS.length + cells[face + AT.label]] += 1;
  }

  /** @param {number} timeS when the second begins @param {Float32Array} cells @param {number} second @param {number} face as in addFrame() */
  addSecond(timeS, cells, second, face) {
    // A mean stands for its whole second: for each slice whose middle is in it, or for one if slices are longer.
    const from = Math.ceil(timeS / this.#sliceS - 0.5);
    const to = Math.ceil((timeS + 1) / this.#sliceS - 0.5);
    const only = Math.floor((timeS + 0.5) / this.#sliceS);
    for (let number = to > from ? from : only; number < (to > from ? to : only + 1); number += 1) {
      const slice = this.#count - 1 - (this.#endSlice - number);
      this.#addMessages(slice, cells[second + AT.secondFrames], cells[second + AT.fpsOut]);
      if (face < 0) continue;
      this.#addFace(slice, cells[face + AT.frames], cells, face, timeS);
      if (!this.#has(slice)) continue;
      for (let label = 0; label < LABELS.length; label += 1) this.#labels[slice * LABELS.length + label] += cells[face + AT.is_angry + label];
    }
  }

  /** @param {number} bridgeS the longest time without a message that is filled; a message without the face stays a gap, however short @returns {SliceMeans} */
  means(bridgeS) {
    const bridge = Math.round(bridgeS / this.#sliceS);
    const lines = this.#sums.map((sums) => Array.from(sums, (sum, s) => (this.#faces[s] ? sum / this.#faces[s] : null)));
    const fps = Array.from(this.#fps, (sum, s) => (this.#messages[s] ? sum / this.#messages[s] : null));
    const changes = this.#changes.map((sums) => Array.from(sums, (sum, s) => (this.#changed[s] ? sum / this.#changed[s] : null)));
    const labels = Array.from(this.#faces, (faces, s) => (faces ? this.#labelOf(s) : null));
    for (const [from, to] of this.#holes(bridge)) {
      for (const line of [...lines, ...changes, fps]) fill(line, from, to);
      if (labels[to] !== null) labels.fill(labels[from], from + 1, to);
    }
    return { lines, labels, fps, changes };
  }

  /** @param {number} timeS */
  #sliceAt(timeS) {
    return this.#count - 1 - (this.#endSlice - Math.floor(timeS / this.#sliceS));
  }

  /** @param {number} slice */
  #has(slice) {
    return slice >= 0 && slice < this.#count;
  }

  /** @param {number} slice @param {number} messages @param {number} fps */
  #addMessages(slice, messages, fps) {
    if (!this.#has(slice)) return;
    this.#messages[slice] += messages;
    this.#fps[slice] += fps * messages;
  }

  /** @param {number} slice @param {number} frames @param {Float32Array} cells @param {number} face @param {number} timeS */
  #addFace(slice, frames, cells, face, timeS) {
    if (!this.#has(slice)) return;
    this.#faces[slice] += frames;
    for (let i = 0; i < EMOTIONS.length; i += 1) this.#sums[i][slice] += cells[face + FIRST + i] * frames;
    const baseline = this.#baselines?.of(cells[face + AT.id], timeS);
    if (!baseline) return;
    this.#changed[slice] += frames;
    for (let i = 0; i < EMOTIONS.length; i += 1) this.#changes[i][slice] += (cells[face + FIRST + i] - baseline[i]) * frames;
  }

  /** @param {number} slice */
  #labelOf(slice) {
    let best = 0;
    for (let label = 1; label < LABELS.length; label += 1) {
      if (this.#labels[slice * LABELS.length + label] > this.#labels[slice * LABELS.length + best]) best = label;
    }
    return LABELS[best];
  }

  /** @param {number} most slices @yields {[number, number]} the slices with messages before and after a hole */
  *#holes(most) {
    let last = -1;
    for (let slice = 0; slice < this.#count; slice += 1) {
      if (!this.#messages[slice]) continue;
      const hole = slice - last - 1;
      if (last >= 0 && hole > 0 && hole <= most) yield [last, slice];
      last = slice;
    }
  }
}

/** Fill a line between two slices with a straight line, if it has values there. @param {(number | null)[]} line @param {number} from @param {number} to */
function fill(line, from, to) {
  const first = line[from];
  const last = line[to];
  if (first === null || last === null) return;
  for (let slice = from + 1; slice < to; slice += 1) line[slice] = first + ((last - first) * (slice - from)) / (to - from);
}

/**
 * Finds in each frame, or second, the face that is followed.
 *
 * @param {import('./log-rows.js').LogRows} rows
 * @param {number} from @param {number} to numbers of rows
 * @param {number | null} faceId null: the largest face
 * @param {number} size the column that says which face is the largest
 * @param {(timeS: number, cells: Float32Array, any: number, face: number) => void} take where a row of the frame and that of the face begin; -1: it is absent
 */
export function follow(rows, from, to, faceId, size, take) {
  let timeS = NaN;
  let seq = NaN;
  let any = 0;
  let face = -1;
  /** @type {Float32Array | null} */
  let cells = null;
  rows.eachRow(from, to, (rowS, _pts, rowCells, offset) => {
    if (rowS !== timeS || rowCells[offset + AT.seq] !== seq) {
      if (cells) take(timeS, cells, any, face);
      timeS = rowS;
      seq = rowCells[offset + AT.seq];
      cells = rowCells;
      any = offset;
      face = -1;
    }
    const id = rowCells[offset + AT.id];
    if (!id || (faceId !== null && id !== faceId)) return;
    // The rows of one frame may lie in two blocks.
    if (face >= 0 && cells && cells[face + size] >= rowCells[offset + size]) return;
    if (cells !== rowCells) any = offset;
    cells = rowCells;
    face = offset;
  });
  if (cells) take(timeS, cells, any, face);
}
