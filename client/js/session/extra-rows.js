/** Values with names, in rows in order of time. Memory grows by blocks; the oldest rows and the oldest texts can be dropped. Knows no name's meaning. */

/** A minute of frames. */
const BLOCK_ROWS = 2048;
/** Of all texts; a session whose frames have long texts keeps those of its last minutes. */
const MOST_CHARS = 16_000_000;

/**
 * @typedef {object} ExtraCopy rows as plain values, which the browser can store
 * @property {string[]} names
 * @property {Float64Array} times
 * @property {Float64Array} seqs numbers of frames
 * @property {Float64Array} numbers for each row and name as many as a cell has; NaN: none
 * @property {Uint32Array} texts for each row and name a position in `dictionary`, from 1; 0: none
 * @property {string[]} dictionary JSON
 *
 * @typedef {ExtraCopy & {positions: Map<string, number>, from: number, end: number, taken: number, chars: number}} Block its rows are those between `from` and `end`
 *
 * @typedef {object} Cell of one row and name
 * @property {string} name
 * @property {number[]} numbers
 * @property {string} text JSON; empty: none
 *
 * @typedef {(timeS: number, block: ExtraCopy, row: number) => void} TakeRow
 */

export class ExtraRows {
  /** How many numbers a cell has. */
  size;
  /** @type {Block[]} */
  #blocks = [];
  #chars = 0;
  #mostChars;
  #textsFromS = 0;

  /** @param {number} size numbers of a cell @param {number} [mostChars] of all texts */
  constructor(size, mostChars = MOST_CHARS) {
    this.size = size;
    this.#mostChars = mostChars;
  }

  /** @returns {number} texts before it were dropped, because there were too many; 0: none were */
  get textsFromS() {
    return this.#textsFromS;
  }

  /** @param {number} timeS not before that of the last row @param {number} seq @param {Cell[]} cells at least one */
  add(timeS, seq, cells) {
    const block = this.#blockFor(cells);
    const row = block.end;
    block.end += 1;
    block.times[row] = timeS;
    block.seqs[row] = seq;
    for (const { name, numbers, text } of cells) {
      const at = row * block.names.length + block.names.indexOf(name);
      block.numbers.set(numbers, at * this.size);
      if (text) block.texts[at] = this.#placeOf(block, text);
    }
    this.#dropTexts();
  }

  /** @param {number} timeS rows before it are dropped */
  dropBefore(timeS) {
    while (this.#blocks.length && lastOf(this.#blocks[0]) < timeS) this.#chars -= this.#blocks.shift()?.chars ?? 0;
    const [first] = this.#blocks;
    if (first) first.from = find(first, timeS);
  }

  /** Calls `take` without making an object for each row, because charts read thousands of rows four times a second. @param {number} fromS @param {number} toS not this time itself @param {TakeRow} take */
  each(fromS, toS, take) {
    for (const block of this.#blocks) {
      if (lastOf(block) < fromS) continue;
      for (let row = find(block, fromS); row < block.end && block.times[row] < toS; row += 1) take(block.times[row], block, row);
    }
  }

  /** @returns {(timeS: number, seq: number | null) => {block: ExtraCopy, row: number} | null} finds rows that are asked for in order of time; null: any frame's */
  finder() {
    let at = 0;
    let row = this.#blocks[0]?.from ?? 0;
    return (timeS, seq) => {
      for (; at < this.#blocks.length; at += 1, row = this.#blocks[at]?.from ?? 0) {
        const block = this.#blocks[at];
        while (row < block.end && block.times[row] < timeS) row += 1;
        // Frames of the same time, of which some have no values.
        for (let same = row; same < block.end && block.times[same] === timeS; same += 1) if (seq === null || block.seqs[same] === seq) return { block, row: same };
        if (row < block.end) return null;
      }
      return null;
    };
  }

  /** @returns {ExtraCopy[]} the rows that were added since the last call */
  take() {
    const isNew = (/** @type {Block} */ { from, end, taken }) => Math.max(from, taken) < end;
    // From the end, so that the cost does not grow with the session.
    let first = this.#blocks.length;
    while (first > 0 && isNew(this.#blocks[first - 1])) first -= 1;
    const added = this.#blocks.slice(first);
    const copies = added.map((block) => this.#copy(block, Math.max(block.from, block.taken)));
    for (const block of added) block.taken = block.end;
    return copies;
  }

  /** Put back what take() returned. @param {ExtraCopy} copy */
  addCopy({ names, times, seqs, numbers, texts, dictionary }) {
    for (let row = 0; row < times.length; row += 1) {
      const cells = names.map((name, i) => {
        const at = row * names.length + i;
        return { name, numbers: [...numbers.subarray(at * this.size, (at + 1) * this.size)], text: texts[at] ? dictionary[texts[at] - 1] : '' };
      });
      this.add(times[row], seqs[row], cells);
    }
  }

  /** @param {Block} block @param {number} from @returns {ExtraCopy} */
  #copy({ names, times, seqs, numbers, texts, dictionary, end }, from) {
    const width = names.length;
    const used = texts.slice(from * width, end * width);
    const known = [...new Set(used)].filter((position) => position && dictionary[position - 1]);
    const positions = new Map(known.map((position, i) => [position, i + 1]));
    return {
      names: [...names],
      times: times.slice(from, end),
      seqs: seqs.slice(from, end),
      numbers: numbers.slice(from * width * this.size, end * width * this.size),
      texts: used.map((position) => positions.get(position) ?? 0),
      dictionary: known.map((position) => dictionary[position - 1]),
    };
  }

  /** The last block, or a new one if it is full or has no column for a name. @param {Cell[]} cells @returns {Block} */
  #blockFor(cells) {
    const last = this.#blocks[this.#blocks.length - 1];
    if (last && last.end < BLOCK_ROWS && cells.every(({ name }) => last.names.includes(name))) return last;
    const names = [...new Set([...(last?.names ?? []), ...cells.map(({ name }) => name)])];
    const block = {
      names,
      times: new Float64Array(BLOCK_ROWS),
      seqs: new Float64Array(BLOCK_ROWS),
      numbers: new Float64Array(BLOCK_ROWS * names.length * this.size).fill(NaN),
      texts: new Uint32Array(BLOCK_ROWS * names.length),
      dictionary: [],
      positions: new Map(),
      from: 0,
      end: 0,
      taken: 0,
      chars: 0,
    };
    this.#blocks.push(block);
    return block;
  }

  /** @param {Block} block @param {string} text @returns {number} */
  #placeOf(block, text) {
    const known = block.positions.get(text);
    if (known) return known;
    const position = block.dictionary.push(text);
    block.positions.set(text, position);
    block.chars += text.length;
    this.#chars += text.length;
    return position;
  }

  /** The texts of the oldest blocks go first; the last block keeps its own. */
  #dropTexts() {
    for (let i = 0; i < this.#blocks.length - 1 && this.#chars > this.#mostChars; i += 1) {
      const block = this.#blocks[i];
      if (!block.chars) continue;
      this.#chars -= block.chars;
      block.chars = 0;
      block.dictionary = [];
      this.#textsFromS = lastOf(block);
    }
  }
}

/** @param {Block} block @returns {number} the time of its last row */
const lastOf = ({ times, end }) => times[end - 1];

/** @param {Block} block @param {number} timeS @returns {number} its first row that is not before this time */
function find({ times, from, end }, timeS) {
  let low = from;
  let high = end;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (times[middle] < timeS) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** @param {ExtraCopy} block @param {number} at @returns {string} JSON; empty: none, or it was dropped */
export const textAt = ({ texts, dictionary }, at) => (texts[at] ? dictionary[texts[at] - 1] ?? '' : '');

/** @param {any} copy of the database @param {number} size numbers of a cell @returns {boolean} whether it can be a copy of rows */
export function isCopy(copy, size) {
  const { names, times, seqs, numbers, texts, dictionary } = copy ?? {};
  const areTexts = [names, dictionary].every((list) => Array.isArray(list) && list.every((text) => typeof text === 'string'));
  const areNumbers = [times, seqs, numbers].every((list) => list instanceof Float64Array) && texts instanceof Uint32Array;
  if (!areTexts || !areNumbers || !names.length || seqs.length !== times.length) return false;
  if (texts.length !== times.length * names.length || numbers.length !== texts.length * size) return false;
  return times.every((/** @type {number} */ timeS, /** @type {number} */ i) => Number.isFinite(timeS) && (i === 0 || timeS >= times[i - 1]))
    && texts.every((/** @type {number} */ position) => position <= dictionary.length) && dictionary.every(isJson);
}

/** @param {string} text */
function isJson(text) {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
