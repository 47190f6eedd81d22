/** The values of a plug-in over time: means of equal slices of numbers, and the newest value, by name. Pure. */

import { textAt } from './extra-rows.js';

/** A hole up to this long is drawn as a straight line, as in Slices. */
const BRIDGE_S = 1;

/**
 * @typedef {import('./extra-log.js').Value} Value
 * @typedef {import('./extra-rows.js').ExtraCopy} ExtraCopy
 *
 * @typedef {object} Course of one name
 * @property {(number | null)[]} line means of slices, where true counts as 1 and false as 0; null: no number
 * @property {(Value | undefined)[]} values the newest one of each slice; undefined: none
 * @property {Value} newest of all
 */

export class Courses {
  #count;
  /** The longest hole in slices that is filled. */
  #bridge;
  /** `values`: numbers, or JSON. @type {Map<string, {sums: Float64Array, counts: Float64Array, values: (number | string | undefined)[], newest: number | string}>} */
  #all = new Map();

  /** @param {number} count of slices @param {number} sliceS the length of each */
  constructor(count, sliceS) {
    this.#count = count;
    this.#bridge = Math.round(BRIDGE_S / sliceS);
  }

  /** @param {number} slice @param {ExtraCopy} block @param {number} row @param {'frames' | 'seconds'} kind */
  add(slice, block, row, kind) {
    const size = kind === 'seconds' ? 4 : 1;
    if (slice < 0 || slice >= this.#count) return;
    block.names.forEach((name, i) => {
      const at = row * block.names.length + i;
      const number = block.numbers[at * size];
      const text = textAt(block, at);
      if (Number.isNaN(number) && !text) return;
      let course = this.#all.get(name);
      if (!course) this.#all.set(name, (course = { sums: new Float64Array(this.#count), counts: new Float64Array(this.#count), values: Array(this.#count).fill(undefined), newest: NaN }));
      course.newest = course.values[slice] = text || number;
      if (Number.isNaN(number)) return;
      const count = kind === 'seconds' ? block.numbers[at * size + 3] : 1;
      course.sums[slice] += number * count;
      course.counts[slice] += count;
    });
  }

  /** @param {readonly string[]} names @returns {Map<string, Course>} in this order */
  means(names) {
    return new Map(names.flatMap((name) => {
      const course = this.#all.get(name);
      if (!course) return [];
      const { sums, counts, values, newest } = course;
      const line = Array.from(sums, (sum, i) => (counts[i] ? sum / counts[i] : null));
      return [[name, { line: bridged(line, this.#bridge), values: values.map(valueOf), newest: valueOf(newest) }]];
    }));
  }
}

/** @param {number | string | undefined} kept a number, or JSON @returns {any} */
const valueOf = (kept) => (typeof kept === 'string' ? JSON.parse(kept) : kept);

/** @param {(number | null)[]} line @param {number} most slices that are filled with a straight line */
function bridged(line, most) {
  let last = -1;
  for (let slice = 0; slice < line.length; slice += 1) {
    const value = line[slice];
    if (value === null) continue;
    const hole = slice - last - 1;
    const first = line[last];
    if (last >= 0 && hole > 0 && hole <= most && typeof first === 'number') {
      for (let between = last + 1; between < slice; between += 1) line[between] = first + ((value - first) * (between - last)) / (slice - last);
    }
    last = slice;
  }
  return line;
}
