/** The last seconds of a stream as rows of numbers. Its memory is allocated once and never grows. */

export class RingBuffer {
  #rows;
  #next = 0;
  #count = 0;

  /**
   * @param {number} capacity most rows kept
   * @param {number} width numbers in a row; NaN: unknown
   */
  constructor(capacity, width) {
    this.#rows = Array.from({ length: capacity }, () => new Float64Array(width));
  }

  /** @param {number[]} values one row; it replaces the oldest when the buffer is full */
  push(values) {
    this.#rows[this.#next].set(values);
    this.#next = (this.#next + 1) % this.#rows.length;
    this.#count = Math.min(this.#count + 1, this.#rows.length);
  }

  /** Forget every row. */
  clear() {
    this.#next = 0;
    this.#count = 0;
  }

  /** Oldest first. @yields {Float64Array} */
  *[Symbol.iterator]() {
    const start = (this.#next + this.#rows.length - this.#count) % this.#rows.length;
    for (let i = 0; i < this.#count; i += 1) yield this.#rows[(start + i) % this.#rows.length];
  }
}

/**
 * Means of equal slices of time, so that a chart draws hundreds of points and not thousands.
 *
 * @param {Iterable<Float64Array>} rows time in seconds first, then values; oldest first
 * @param {number} nowS end of the window
 * @param {number} windowS its length
 * @param {number} slices how many points
 * @param {number} [bridge] a gap of at most this many slices without a row is filled with a straight line; a NaN
 *   stays a gap, however short, because the row says that there was no value
 * @returns {(number | null)[][]} one list for each value, each with `slices` points; null: no value
 */
export function sliceMeans(rows, nowS, windowS, slices, bridge = 0) {
  const sliceS = windowS / slices;
  // Slices keep their position in time while the window moves, so that points do not jump between two redraws.
  const endSlice = Math.floor(nowS / sliceS);
  const rowsOf = new Uint32Array(slices);
  /** @type {Float64Array[]} */
  const sums = [];
  /** @type {Uint32Array[]} */
  const counts = [];
  for (const row of rows) {
    const slice = slices - 1 - (endSlice - Math.floor(row[0] / sliceS));
    if (slice < 0 || slice >= slices) continue;
    while (sums.length < row.length - 1) {
      sums.push(new Float64Array(slices));
      counts.push(new Uint32Array(slices));
    }
    rowsOf[slice] += 1;
    for (let i = 1; i < row.length; i += 1) {
      if (Number.isNaN(row[i])) continue;
      sums[i - 1][slice] += row[i];
      counts[i - 1][slice] += 1;
    }
  }
  const lines = sums.map((sum, i) => Array.from(sum, (value, s) => (counts[i][s] ? value / counts[i][s] : null)));
  for (const line of lines) fillHoles(line, rowsOf, bridge);
  return lines;
}

/** @param {(number | null)[]} line @param {Uint32Array} rowsOf rows by slice @param {number} bridge */
function fillHoles(line, rowsOf, bridge) {
  let last = -1;
  for (let slice = 0; slice < line.length; slice += 1) {
    if (rowsOf[slice] === 0) continue;
    const hole = slice - last - 1;
    const from = line[last] ?? null;
    const to = line[slice] ?? null;
    if (hole > 0 && hole <= bridge && from !== null && to !== null) {
      const step = (to - from) / (hole + 1);
      for (let i = 1; i <= hole; i += 1) line[last + i] = from + step * i;
    }
    last = slice;
  }
}
