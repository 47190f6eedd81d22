/** A session as text: CSV for tables, JSONL for programs, its events and the meaning of every column. Saves nothing itself. */

import { EMOTIONS, STAGES, VERSION } from '../connection/telemetry.js';
import { T } from '../texts/texts.js';
import { changesOf } from './baselines.js';
import { nameIn } from './face-names.js';
import { LABELS } from './log-columns.js';

const FRAME_COLUMNS = ['time_s', 'clock', 'row', 'frames', 'connection', 'seq', 'pts_s', 'fps_in', 'fps_out', 'dropped', 'analysed', 'economy'];
const STAGE_COLUMNS = STAGES.map((stage) => `${stage}_ms`);
const FACE_COLUMNS = ['face', 'name', 'left', 'top', 'width', 'height', 'label', 'unsure'];
/** Shares of labels over rows of frames and rows of means can be computed from these only. */
const COUNT_COLUMNS = LABELS.map((label) => `frames_${label}`);
/** Beside the probabilities, never instead of them. */
const CHANGE_COLUMNS = EMOTIONS.map((emotion) => `${emotion}_change`);
const BODY_COLUMNS = ['yaw_deg', 'pitch_deg', 'roll_deg', 'eyes', 'mouth', 'blinks', 'valence', 'arousal', 'smile', 'brows', 'eyes_closed_s', 'eye_closures', 'yawns', 'gaze', 'trust'];
const COLUMNS = [...FRAME_COLUMNS, ...STAGE_COLUMNS, ...FACE_COLUMNS, ...COUNT_COLUMNS, ...EMOTIONS, ...CHANGE_COLUMNS, ...BODY_COLUMNS];
/** Before the name of a value of the server's own plug-in, as in faces.csv of `facestream analyze`. */
const EXTRA = 'extra_';
const EVENT_COLUMNS = ['time_s', 'clock', 'event', 'detail', 'pressed_s', 'pressed_clock', 'seq'];
/** Characters of a session's name in the name of its files. */
const MOST_OF_NAME = 40;
const UNITS = { s: 's', ms: 'ms', deg: 'degrees' };
/** @type {Record<string, string>} */
const UNIT_OF = { clock: 'UTC', pressed_clock: 'UTC', left: 'px', top: 'px', width: 'px', height: 'px', fps_in: '1/s', fps_out: '1/s' };

/**
 * @typedef {import('./session-log.js').SessionLog} SessionLog
 * @typedef {import('../connection/telemetry.js').Telemetry} Telemetry
 *
 * @typedef {object} CsvOptions
 * @property {Date | null} startedAt when the session started, for the column `clock`; null: the times are those of a file, and no clock has them
 * @property {import('./face-names.js').FaceNames} [faceNames] of the session
 * @property {',' | ';'} [separator] a German Excel opens only files with a semicolon as tables
 * @property {'.' | ','} [decimal] and reads only numbers with a decimal comma
 */

/**
 * One row per face of a frame, or of a second where only its means are kept. A frame without faces is a row with empty
 * cells; those of a second are one such row, or two if some of them were not analysed.
 *
 * @param {SessionLog} log @param {CsvOptions} options @returns {string}
 */
export function toCsv(log, options) {
  const { names } = log.extra;
  const { baselines } = log;
  const table = new Table([...COLUMNS, ...extraColumns(log)], options);
  const connectionAt = connectionsOf(log);
  for (const means of log.means()) {
    const { telemetry } = means;
    const extra = extraCells(names, telemetry);
    const [times, connection] = [table.times(means.timeS), connectionAt(means.timeS + 1) ?? ''];
    for (const { face, frames, labels } of means.faces) table.add([...times, 'mean', frames, connection, ...frameCells(telemetry), ...faceCells(face, baselines.of(face.id, means.timeS), nameIn(options.faceNames, face.id), labels), ...extra]);
    for (const [analysed, frames] of withoutFace(means)) {
      table.add([...times, 'mean', frames, connection, ...frameCells({ ...telemetry, analysed }), ...faceCells(null, null, ''), ...extra]);
    }
  }
  for (const { timeS, telemetry } of log) {
    const extra = extraCells(names, telemetry);
    const frame = [...table.times(timeS), 'frame', 1, connectionAt(timeS) ?? '', ...frameCells(telemetry)];
    for (const face of telemetry.faces.length ? telemetry.faces : [null]) table.add([...frame, ...faceCells(face, face && baselines.of(face.id, timeS), face ? nameIn(options.faceNames, face.id) : ''), ...extra]);
  }
  return table.text;
}

/** @param {readonly import('./session-log.js').SessionEvent[]} events @param {CsvOptions} options @returns {string} one row per event */
export function toEventsCsv(events, options) {
  const table = new Table(EVENT_COLUMNS, options);
  for (const { timeS, kind, detail, pressedS, seq = '' } of events) {
    table.add([...table.times(timeS), kind, harmless(detail), ...(pressedS === undefined ? ['', ''] : table.times(pressedS)), seq]);
  }
  return table.text;
}

/** @param {SessionLog} log @param {Pick<CsvOptions, 'separator'>} [options] @returns {string} the unit and the meaning of every column of toCsv() and toEventsCsv() */
export function dictionary(log, { separator } = {}) {
  const table = new Table(['column', 'unit', 'meaning'], { startedAt: null, separator });
  for (const name of new Set([...COLUMNS, ...extraColumns(log), ...EVENT_COLUMNS])) table.add([name, unitOf(name), meaningOf(name)]);
  return table.text;
}

/**
 * Messages as in docs/telemetry.md with `time_s` added, and events, in order of time. Where only means are kept, a line
 * stands for one second, and says how many messages it had, how many were analysed, and in how many of these was no face;
 * each of its faces, in how many it was found, and with which labels. A face with a baseline has `change`, the differences to it, and one with a name `name`.
 *
 * @param {SessionLog} log @param {Pick<CsvOptions, 'startedAt' | 'faceNames'>} options @returns {string}
 */
export function toJsonl(log, { startedAt, faceNames }) {
  const lines = [];
  const rest = [...log.events].reverse();
  const connectionAt = connectionsOf(log);
  const { baselines } = log;
  /** @param {number} timeS */
  const addEvents = (timeS) => {
    while (rest.length && rest[rest.length - 1].timeS <= timeS) lines.push(eventLine(rest.pop(), startedAt));
  };
  for (const means of log.means()) {
    addEvents(means.timeS);
    const faces = means.faces.map(({ face, frames, labels }) => ({ ...withMore(face, baselines, means.timeS, faceNames), frames, labels: Object.fromEntries(LABELS.map((label, i) => [label, labels[i]])) }));
    const counts = { connection: connectionAt(means.timeS + 1), frames: means.frames, analysed_frames: means.analysedFrames, frames_without_face: new Map(withoutFace(means)).get(true) ?? 0 };
    lines.push(messageLine(means.timeS, { ...means.telemetry, faces }, counts));
  }
  for (const { timeS, telemetry } of log) {
    addEvents(timeS);
    const faces = telemetry.faces.map((face) => withMore(face, baselines, timeS, faceNames));
    lines.push(messageLine(timeS, { ...telemetry, faces }, { connection: connectionAt(timeS) }));
  }
  addEvents(Infinity);
  return lines.length ? `${lines.join('\n')}\n` : '';
}

/** @param {Date} at @param {string} [name] of the session @returns {string} the start of a file's name; names sort by time */
export function fileStem(at, name = '') {
  /** @param {number} number */
  const two = (number) => String(number).padStart(2, '0');
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  const stem = `facestream_${day}_${two(at.getHours())}${two(at.getMinutes())}${two(at.getSeconds())}`;
  // Letters and digits of any script are safe in every file system.
  const part = [...name.normalize('NFC').replace(/[^\p{L}\p{M}\p{N}]+/gu, '-')].slice(0, MOST_OF_NAME).join('').replace(/^-|-$/g, '');
  return part ? `${stem}_${part}` : stem;
}

/** The lines of a CSV file after RFC 4180. */
class Table {
  /** @type {string[]} */
  #lines = [];
  #separator;
  #decimal;
  #startedAt;

  /** @param {string[]} columns @param {CsvOptions} options */
  constructor(columns, { startedAt, separator = ',', decimal = '.' }) {
    this.#separator = separator;
    this.#decimal = decimal;
    this.#startedAt = startedAt;
    this.add(columns);
  }

  /** @returns {string} */
  get text() {
    // Excel reads a file as UTF-8 only if it begins with this mark; other programs would take it for a part of the first name.
    return `${this.#separator === ';' ? '\ufeff' : ''}${this.#lines.join('\r\n')}\r\n`;
  }

  /** @param {number} timeS @returns {string[]} the cells of time_s and clock */
  times(timeS) {
    return [timeS.toFixed(3).replace('.', this.#decimal), clock(this.#startedAt, timeS) ?? ''];
  }

  /** @param {unknown[]} cells */
  add(cells) {
    this.#lines.push(cells.map((cell) => this.#cell(cell)).join(this.#separator));
  }

  /** @param {unknown} cell */
  #cell(cell) {
    if (typeof cell === 'number' && this.#decimal === '.') return String(cell);
    const text = typeof cell === 'number' ? String(cell).replace('.', this.#decimal) : String(cell);
    return text.includes(this.#separator) || /["\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  }
}

/** @param {Date | null} startedAt @param {number} timeS @returns {string | undefined} */
const clock = (startedAt, timeS) => startedAt ? new Date(startedAt.getTime() + timeS * 1000).toISOString() : undefined;

/** A spreadsheet would calculate a text that begins like a formula, also after a space. @param {string} text */
const harmless = (text) => (/^(\s*[=+\-@＝＋－＠]|[\t\r\n])/.test(text) ? `'${text}` : text);

/** @param {number} timeS @param {Telemetry} telemetry @param {Record<string, number | undefined>} more what the message does not say itself */
function messageLine(timeS, { fpsIn, fpsOut, degradationLevel, ...same }, more) {
  return JSON.stringify({ v: VERSION, time_s: Number(timeS.toFixed(3)), ...more, fps_in: fpsIn, fps_out: fpsOut, economy: degradationLevel, ...same });
}

/** @param {import('./session-log.js').SessionEvent | undefined} event @param {Date | null} startedAt */
function eventLine(event, startedAt) {
  if (!event) return '';
  const { timeS, kind, detail, pressedS, seq } = event;
  const pressed = pressedS === undefined ? {} : { pressed_s: Number(pressedS.toFixed(3)), pressed_clock: clock(startedAt, pressedS) };
  return JSON.stringify({ v: VERSION, time_s: Number(timeS.toFixed(3)), clock: clock(startedAt, timeS), event: kind, detail, ...pressed, seq });
}

/** @param {SessionLog} log @returns {(timeS: number) => number | undefined} the number of the connection at a time; undefined: not known */
function connectionsOf(log) {
  const starts = log.connectionStarts();
  return (timeS) => starts.filter((startS) => startS <= timeS).length || undefined;
}

/** @param {Telemetry} telemetry */
const frameCells = (telemetry) => [
  telemetry.seq, telemetry.pts, telemetry.fpsIn, telemetry.fpsOut, telemetry.dropped, telemetry.analysed,
  telemetry.degradationLevel, ...STAGES.map((stage) => telemetry.ms[stage]),
];

/** @param {import('./log-columns.js').Means} means @returns {[analysed: boolean, frames: number][]} how many frames of the second had no face; counts above 0 */
function withoutFace({ frames, analysedFrames, faceless }) {
  const unanalysed = Math.min(frames - analysedFrames, faceless);
  /** @type {[boolean, number][]} */
  const counts = [[true, faceless - unanalysed], [false, unanalysed]];
  return counts.filter(([, count]) => count > 0);
}

/** @param {import('../connection/telemetry.js').Face | null} face @param {number[] | null} baseline @param {string} name @param {number[]} [labels] frames by label, in the order of LABELS; without them, the face of one frame */
function faceCells(face, baseline, name, labels = LABELS.map((label) => Number(label === face?.label))) {
  if (!face) return [...FACE_COLUMNS.map(() => ''), ...labels, ...EMOTIONS.map(() => ''), ...CHANGE_COLUMNS.map(() => ''), ...BODY_COLUMNS.map(() => '')];
  const pose = face.pose_deg ?? ['', '', ''];
  return [face.id, harmless(name), ...face.box, face.label, face.unsure, ...labels, ...face.probabilities, ...(baseline ? changesOf(face.probabilities, baseline) : CHANGE_COLUMNS.map(() => '')), ...pose, face.eyes ?? '', face.mouth ?? '', face.blinks ?? '', face.valence ?? '', face.arousal ?? '', face.smile ?? '', face.brows ?? '', face.eyes_closed_s ?? '', face.eye_closures ?? '', face.yawns ?? '', face.gaze ?? '', face.trust ?? ''];
}

/** @param {SessionLog} log @returns {string[]} */
const extraColumns = (log) => log.extra.names.map((name) => `${EXTRA}${name}`);

/** @param {readonly string[]} names @param {Telemetry} telemetry @returns {(string | number)[]} */
const extraCells = (names, { extra = {} }) => names.map((name) => extraCell(Object.hasOwn(extra, name) ? extra[name] : null));

/** @param {import('./extra-log.js').Value} value @returns {string | number} as in faces.csv of `facestream analyze` */
function extraCell(value) {
  if (value === null) return '';
  if (typeof value === 'string') return harmless(value);
  return typeof value === 'number' ? value : jsonText(value);
}

/** With the spaces that Python's json writes. @param {any} value @returns {string} */
export function jsonText(value) {
  if (Array.isArray(value)) return `[${value.map(jsonText).join(', ')}]`;
  if (typeof value === 'object' && value !== null) return `{${Object.entries(value).map(([key, each]) => `${JSON.stringify(key)}: ${jsonText(each)}`).join(', ')}}`;
  return JSON.stringify(value);
}

/** @param {import('../connection/telemetry.js').Face} face @param {import('./baselines.js').Baselines} baselines @param {number} timeS @param {import('./face-names.js').FaceNames} [names] */
function withMore(face, baselines, timeS, names) {
  const baseline = baselines.of(face.id, timeS);
  const name = nameIn(names, face.id);
  return { ...face, ...(name && { name }), ...(baseline && { change: changesOf(face.probabilities, baseline) }) };
}

/** @param {string} column */
function unitOf(column) {
  if (column.startsWith(EXTRA)) return '';
  const [suffix] = column.split('_').slice(1).reverse();
  return UNIT_OF[column] ?? Object.entries(UNITS).find(([name]) => name === suffix)?.[1] ?? '';
}

/** @param {string} column */
function meaningOf(column) {
  if (column.startsWith(EXTRA)) return T.extraMeaning(column.slice(EXTRA.length));
  if (CHANGE_COLUMNS.includes(column)) return T.changeMeaning(T.EMOTION_LABELS[column.slice(0, -'_change'.length)]);
  if (EMOTIONS.includes(column)) return T.probabilityMeaning(T.EMOTION_LABELS[column]);
  if (STAGE_COLUMNS.includes(column)) return T.stageMeaning(T.STAGE_LABELS[column.slice(0, -'_ms'.length)]);
  if (COUNT_COLUMNS.includes(column)) return T.countMeaning(column.slice('frames_'.length));
  return T.COLUMN_MEANINGS[column];
}
