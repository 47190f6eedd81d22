/** The parts in which a log is kept: what one holds, and whether they can be read again. Pure. */

import { SIZES } from './extra-log.js';
import { isCopy } from './extra-rows.js';
import { AT, COLUMNS, FIRST_COLUMNS, SECOND_COLUMNS, isRow } from './log-columns.js';

/** A change of the columns is another format. */
export const FORMAT = 2;
/** The first format, which lacks the later columns of a face; a browser may still keep sessions in it. */
const FIRST_FORMAT = 1;
const WIDTHS = { frames: COLUMNS.length, seconds: SECOND_COLUMNS.length };

/**
 * @typedef {object} Chunk a part of a log as plain values, which the browser can store; opaque but for its kind and time
 * @property {'frames' | 'seconds' | 'events'} kind
 * @property {number} fromS
 * @property {number} toS
 * @property {number} format
 * @property {import('./log-rows.js').RowsCopy} [rows] of frames and seconds
 * @property {import('./extra-rows.js').ExtraCopy[]} [extra] of the same frames or seconds: the values of the server's own plug-in; absent: none
 * @property {import('./session-events.js').SessionEvent[]} [events]
 * @property {number} [leftOut] events left out so far
 */

/** @param {number} timeS @param {string} kind @returns {Chunk} one event that is added to a log without reading it */
export const eventChunk = (timeS, kind) => ({ kind: 'events', fromS: timeS, toS: timeS, format: FORMAT, events: [{ timeS, kind, detail: '' }] });

/** @param {Iterable<Chunk>} chunks in any order @returns {Chunk[]} in order of time @throws {Error} if one is damaged or of another version of the page */
export function checked(chunks) {
  const all = [...chunks].map(widened);
  for (const chunk of all) {
    if (chunk?.format !== FORMAT) throw new Error(`chunks of format ${chunk?.format}, expected ${FORMAT}`);
    if (!isWhole(chunk)) throw new Error(`damaged chunk: ${chunk.kind} from ${chunk.fromS} s`);
  }
  all.sort((a, b) => a.fromS - b.fromS || a.toS - b.toS);
  for (const kind of /** @type {const} */ (['frames', 'seconds'])) {
    if (!isAscending(all.flatMap((chunk) => (chunk.kind === kind && chunk.rows ? [chunk.rows.times[0], chunk.rows.times[chunk.rows.times.length - 1]] : [])))) {
      throw new Error(`damaged chunks: ${kind} overlap`);
    }
  }
  return all;
}

/** @param {Chunk} chunk of any format @returns {Chunk} with the columns of this format if it was of the first one; what is not known is NaN */
function widened(chunk) {
  if (chunk?.format !== FIRST_FORMAT) return chunk;
  const { kind, rows } = chunk;
  const added = COLUMNS.length - FIRST_COLUMNS;
  const width = kind === 'frames' || kind === 'seconds' ? WIDTHS[kind] : 0;
  if (!width || !(rows?.cells instanceof Float32Array)) return { ...chunk, format: FORMAT };
  const before = width - added;
  const count = Math.floor(rows.cells.length / before);
  const cells = new Float32Array(count * width).fill(NaN);
  for (let row = 0; row < count; row += 1) {
    const cellsBefore = rows.cells.subarray(row * before, (row + 1) * before);
    cells.set(cellsBefore.subarray(0, FIRST_COLUMNS), row * width);
    cells.set(cellsBefore.subarray(FIRST_COLUMNS), row * width + COLUMNS.length);
  }
  return { ...chunk, format: FORMAT, rows: { ...rows, cells } };
}

/** @param {Chunk} chunk @returns {boolean} */
function isWhole({ kind, fromS, toS, rows, extra = [], events, leftOut = 0 }) {
  if (![fromS, toS, leftOut].every(Number.isFinite)) return false;
  if (kind === 'events') return Array.isArray(events) && events.every(isEvent);
  return Object.hasOwn(WIDTHS, kind) && areRows(kind, rows) && Array.isArray(extra) && extra.every((copy) => isCopy(copy, SIZES[kind]));
}

/** @param {any} event */
const isEvent = (event) =>
  Number.isFinite(event?.timeS) && typeof event.kind === 'string' && typeof event.detail === 'string' && (event.id === undefined || Number.isInteger(event.id))
  && [event.pressedS, event.seq, event.edits].every((value) => value === undefined || Number.isFinite(value));

/** @param {'frames' | 'seconds'} kind @param {any} rows @returns {boolean} */
function areRows(kind, rows) {
  const { times, pts, cells } = rows ?? {};
  const width = WIDTHS[kind];
  if (!(times instanceof Float64Array && pts instanceof Float64Array && cells instanceof Float32Array)) return false;
  if (!times.length || pts.length !== times.length || cells.length !== times.length * width) return false;
  if (!times.every(Number.isFinite) || !isAscending(times)) return false;
  for (let offset = 0; offset < cells.length; offset += width) {
    if (!isRow(cells, offset) || (kind === 'seconds' && !(cells[offset + AT.secondFrames] > 0))) return false;
  }
  return true;
}

/** @param {ArrayLike<number>} times */
function isAscending(times) {
  for (let i = 1; i < times.length; i += 1) if (times[i] < times[i - 1]) return false;
  return true;
}
