/** The values of the server's own plug-in in a session: of each frame that is kept, and of each second. Pure. */

import { ExtraRows, textAt } from './extra-rows.js';
import { Courses } from './extra-slices.js';

/** Names in a session; a frame has no more. */
export const MOST_NAMES = 32;
/** Names beyond them that are counted. */
const MOST_LEFT_OUT = 1000;
/** Numbers of a frame's cell, and of a second's: mean, least, most, and how many frames had a number. */
export const SIZES = { frames: 1, seconds: 4 };
/** Digits of a mean. */
const MEAN_DIGITS = 12;

/**
 * @typedef {null | boolean | number | string | object} Value what JSON has
 * @typedef {Record<string, Value>} Extra the values of a frame by name
 * @typedef {import('./extra-rows.js').ExtraCopy} ExtraCopy
 * @typedef {import('./extra-rows.js').Cell} Cell
 *
 * @typedef {object} Total of one name in the whole session; true counts as 1, false as 0
 * @property {number} mean
 * @property {number} least
 * @property {number} most
 *
 * @typedef {{sum: number, least: number, most: number, count: number, isTruth: boolean, texts: Map<string, number>}} Sum of one name in one second
 */

export class ExtraLog {
  #frames;
  #seconds;
  /** @type {string[]} */
  #names = [];
  /** @type {Set<string>} */
  #leftOut = new Set();
  #framesFromS = 0;
  /** The second that is summed up. @type {Map<string, Sum>} */
  #open = new Map();
  #openS = 0;

  /** @param {number} [mostChars] of all texts */
  constructor(mostChars) {
    this.#frames = new ExtraRows(SIZES.frames, mostChars);
    this.#seconds = new ExtraRows(SIZES.seconds, mostChars);
  }

  /** @returns {readonly string[]} in the order in which they came */
  get names() {
    return this.#names;
  }

  /** @returns {number} names that are not kept, because there are too many */
  get namesLeftOut() {
    return this.#leftOut.size;
  }

  /** @returns {number} texts before it are not kept, because there are too many; 0: all are */
  get textsFromS() {
    return Math.max(this.#frames.textsFromS, this.#seconds.textsFromS);
  }

  /** @param {number} timeS @param {number} seq @param {Extra | undefined} extra of a frame */
  add(timeS, seq, extra) {
    const cells = this.#cellsOf(extra);
    if (cells.length) this.#frames.add(timeS, seq, cells);
  }

  /** Sum up a frame of the second that is open. @param {number} second @param {Extra | undefined} extra */
  sum(second, extra) {
    this.#openS = second;
    for (const { name, numbers: [number], text } of this.#cellsOf(extra)) {
      const sum = this.#open.get(name) ?? { sum: 0, least: Infinity, most: -Infinity, count: 0, isTruth: true, texts: new Map() };
      this.#open.set(name, sum);
      if (text) sum.texts.set(text, (sum.texts.get(text) ?? 0) + 1);
      if (Number.isNaN(number)) continue;
      if (!text) sum.isTruth = false;
      sum.sum += number;
      sum.least = Math.min(sum.least, number);
      sum.most = Math.max(sum.most, number);
      sum.count += 1;
    }
  }

  /** The second is over. */
  closeSecond() {
    if (this.#open.size) this.#seconds.add(this.#openS, 0, this.#openCells());
    this.#open.clear();
  }

  /** @param {number} fromS a whole second; frames before it are not kept any more */
  dropBefore(fromS) {
    this.#framesFromS = fromS;
    this.#frames.dropBefore(fromS);
  }

  /** @returns {(timeS: number, seq: number) => Extra | undefined} the values of frames that are asked for in order of time */
  ofFrames() {
    const find = this.#frames.finder();
    return (timeS, seq) => valuesOf(find(timeS, seq), this.#frames.size);
  }

  /** @returns {(second: number) => Extra | undefined} means of numbers, and of all else the most frequent value, of seconds that are asked for in order */
  ofSeconds() {
    const find = this.#seconds.finder();
    return (second) => valuesOf(find(second, null), this.#seconds.size);
  }

  /** @param {'frames' | 'seconds'} kind @returns {ExtraCopy[]} what was added since the last call */
  take(kind) {
    return this.#rowsOf(kind).take();
  }

  /** @param {'frames' | 'seconds'} kind @param {ExtraCopy[]} copies */
  addCopies(kind, copies) {
    for (const copy of copies) {
      const names = copy.names.filter((name) => this.#takes(name));
      if (names.length === copy.names.length) this.#rowsOf(kind).addCopy(copy);
    }
  }

  /**
   * Means of equal slices of time, which keep their places in time as those of Slices do.
   *
   * @param {number} endS @param {number} windowS @param {number} count @returns {Map<string, import('./extra-slices.js').Course>} by name; without the names that have no value there
   */
  slices(endS, windowS, count) {
    const sliceS = windowS / count;
    const endSlice = Math.floor(endS / sliceS);
    const fromS = (endSlice - count + 1) * sliceS;
    const courses = new Courses(count, sliceS);
    const sliceAt = (/** @type {number} */ timeS) => count - 1 - (endSlice - Math.floor(timeS / sliceS));
    const toS = (endSlice + 1) * sliceS;
    this.#seconds.each(Math.floor(fromS) - 1, Math.min(this.#framesFromS, toS), (timeS, block, row) => {
      // A mean stands for its whole second: for each slice whose middle is in it, or for one if slices are longer.
      const from = Math.ceil(timeS / sliceS - 0.5);
      const to = Math.ceil((timeS + 1) / sliceS - 0.5);
      const only = Math.floor((timeS + 0.5) / sliceS);
      for (let number = to > from ? from : only; number < (to > from ? to : only + 1); number += 1) courses.add(count - 1 - (endSlice - number), block, row, 'seconds');
    });
    this.#frames.each(Math.max(fromS, this.#framesFromS), toS, (timeS, block, row) => courses.add(sliceAt(timeS), block, row, 'frames'));
    return courses.means(this.#names);
  }

  /** @returns {Map<string, Total>} those with numbers, in the order of their names */
  totals() {
    /** @type {Map<string, Total & {count: number}>} */
    const totals = new Map();
    const add = (/** @type {string} */ name, /** @type {Iterable<number>} */ [mean, least, most, count]) => {
      if (!count) return;
      const known = totals.get(name) ?? { mean: 0, least: Infinity, most: -Infinity, count: 0 };
      const all = known.count + count;
      totals.set(name, { mean: known.mean + ((mean - known.mean) * count) / all, least: Math.min(known.least, least), most: Math.max(known.most, most), count: all });
    };
    this.#seconds.each(0, Infinity, (_timeS, { names, numbers }, row) => {
      names.forEach((name, i) => add(name, numbers.subarray((row * names.length + i) * SIZES.seconds)));
    });
    for (const { name, numbers } of this.#openCells()) add(name, numbers);
    return new Map(this.#names.flatMap((name) => {
      const total = totals.get(name);
      return total ? [[name, { mean: total.mean, least: total.least, most: total.most }]] : [];
    }));
  }

  /** @param {'frames' | 'seconds'} kind */
  #rowsOf(kind) {
    return kind === 'frames' ? this.#frames : this.#seconds;
  }

  /** @param {Extra | undefined} extra @returns {Cell[]} */
  #cellsOf(extra) {
    return Object.entries(extra ?? {}).filter(([name]) => this.#takes(name)).map(([name, value]) => {
      const isTruth = typeof value === 'boolean';
      const isNumber = typeof value === 'number';
      return { name, numbers: [isNumber || isTruth ? Number(value) : NaN], text: isNumber ? '' : JSON.stringify(value) };
    });
  }

  /** @returns {Cell[]} of the second that is summed up */
  #openCells() {
    return [...this.#open].map(([name, { sum, least, most, count, isTruth, texts }]) => ({
      name,
      numbers: count ? [sum / count, least, most, count] : [NaN, NaN, NaN, 0],
      // A mean of numbers says more than a text between them.
      text: count && !isTruth ? '' : mostFrequent(texts),
    }));
  }

  /** @param {string} name @returns {boolean} whether its values are kept */
  #takes(name) {
    if (this.#names.includes(name)) return true;
    if (this.#names.length < MOST_NAMES) {
      this.#names.push(name);
      return true;
    }
    if (this.#leftOut.size < MOST_LEFT_OUT) this.#leftOut.add(name);
    return false;
  }
}

/** @param {{block: ExtraCopy, row: number} | null} found @param {number} size numbers of a cell @returns {Extra | undefined} */
function valuesOf(found, size) {
  if (!found) return undefined;
  const { block, row } = found;
  /** @type {Extra} */
  const values = {};
  block.names.forEach((name, i) => {
    const at = row * block.names.length + i;
    const number = block.numbers[at * size];
    const text = textAt(block, at);
    if (text) values[name] = JSON.parse(text);
    else if (!Number.isNaN(number) && !block.texts[at]) values[name] = size === SIZES.frames ? number : Number(number.toPrecision(MEAN_DIGITS));
  });
  return Object.keys(values).length ? values : undefined;
}

/** @param {Map<string, number>} counts @returns {string} empty: there is none */
const mostFrequent = (counts) => [...counts].reduce((best, next) => (next[1] > best[1] ? next : best), ['', 0])[0];
