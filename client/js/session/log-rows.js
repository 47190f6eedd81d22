/** Rows of numbers in order of time. Memory grows by one block at a time; the oldest rows can be dropped. Knows no column's meaning. */

/** About 300 kB of frames: a minute of one face at 30 frames a second. */
const BLOCK_ROWS = 2048;

/**
 * @typedef {object} RowsCopy plain values, which the browser can store
 * @property {Float64Array} times
 * @property {Float64Array} pts
 * @property {Float32Array} cells
 */

export class LogRows {
  #width;
  /** @type {RowsCopy[]} */
  #blocks = [];
  /** Rows are counted from the first one ever added, so that a number stays valid when older rows are dropped. */
  #from = 0;
  #to = 0;
  /** The number of the first row of the first block. */
  #base = 0;

  /** @param {number} width cells in a row */
  constructor(width) {
    this.#width = width;
  }

  /** @returns {number} the number of the oldest row */
  get firstRow() {
    return this.#from;
  }

  /** @returns {number} the number after that of the newest row */
  get endRow() {
    return this.#to;
  }

  /** @param {number} timeS not before that of the last row @param {number} pts in seconds @param {ArrayLike<number>} cells NaN: unknown */
  add(timeS, pts, cells) {
    const at = this.#to - this.#base;
    if (at === this.#blocks.length * BLOCK_ROWS) {
      this.#blocks.push({ times: new Float64Array(BLOCK_ROWS), pts: new Float64Array(BLOCK_ROWS), cells: new Float32Array(BLOCK_ROWS * this.#width) });
    }
    const block = this.#blocks[Math.floor(at / BLOCK_ROWS)];
    const row = at % BLOCK_ROWS;
    block.times[row] = timeS;
    block.pts[row] = pts;
    block.cells.set(cells, row * this.#width);
    this.#to += 1;
  }

  /** @param {number} row its number @returns {number} */
  timeOf(row) {
    return this.#blockOf(row).times[(row - this.#base) % BLOCK_ROWS];
  }

  /** @param {number} timeS @returns {number} the number of the first row that is not before this time */
  find(timeS) {
    let low = this.#from;
    let high = this.#to;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (this.timeOf(middle) < timeS) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /**
   * Calls `take` for each row without making an object for it, because charts read thousands of rows four times a second.
   *
   * @param {number} from @param {number} to numbers of rows
   * @param {(timeS: number, pts: number, cells: Float32Array, offset: number) => void} take the row begins at `offset` of the cells
   */
  eachRow(from, to, take) {
    for (let row = from; row < to; row += 1) {
      const block = this.#blockOf(row);
      const at = (row - this.#base) % BLOCK_ROWS;
      take(block.times[at], block.pts[at], block.cells, at * this.#width);
    }
  }

  /** @param {number} from @param {number} to @yields {{timeS: number, pts: number, row: Float32Array}} */
  *read(from, to) {
    for (let row = from; row < to; row += 1) {
      const block = this.#blockOf(row);
      const at = (row - this.#base) % BLOCK_ROWS;
      yield { timeS: block.times[at], pts: block.pts[at], row: block.cells.subarray(at * this.#width, (at + 1) * this.#width) };
    }
  }

  /** @param {number} from the number of the first row that is kept */
  dropBefore(from) {
    this.#from = Math.min(Math.max(from, this.#from), this.#to);
    const blocks = Math.floor((this.#from - this.#base) / BLOCK_ROWS);
    this.#blocks.splice(0, blocks);
    this.#base += blocks * BLOCK_ROWS;
  }

  /** Forget every row. */
  clear() {
    this.#blocks = [];
    this.#from = this.#to = this.#base = 0;
  }

  /** @param {number} from @param {number} to @returns {RowsCopy} */
  copy(from, to) {
    const copy = { times: new Float64Array(to - from), pts: new Float64Array(to - from), cells: new Float32Array((to - from) * this.#width) };
    let at = 0;
    for (const { timeS, pts, row } of this.read(from, to)) {
      copy.times[at] = timeS;
      copy.pts[at] = pts;
      copy.cells.set(row, at * this.#width);
      at += 1;
    }
    return copy;
  }

  /** @param {RowsCopy} copy */
  addCopy({ times, pts, cells }) {
    for (let i = 0; i < times.length; i += 1) this.add(times[i], pts[i], cells.subarray(i * this.#width, (i + 1) * this.#width));
  }

  /** @param {number} row */
  #blockOf(row) {
    return this.#blocks[Math.floor((row - this.#base) / BLOCK_ROWS)];
  }
}
