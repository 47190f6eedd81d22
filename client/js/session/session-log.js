/** The reports and events of one visit; when the log is full, it drops the oldest reports. Its memory is allocated once and never grows. */

import { T } from '../texts/texts.js';
import { EMOTIONS, STAGES } from '../connection/telemetry.js';

/** Half an hour of one face at 30 frames a second. */
const CAPACITY = 54_000;
const MOST_EVENTS = 1000;
// A cell holds the number of a word.
const UNSURE = ['', ...Object.keys(T.UNSURE_REASONS)];
const UNANALYSED = ['', ...Object.keys(T.NOT_ANALYSED_REASONS)];
const LABELS = [...EMOTIONS, 'unsure'];
/** One row per face of a frame, or one row for a frame without faces. */
const COLUMNS = [
  'seq', 'fpsIn', 'fpsOut', 'dropped', 'analysed', 'unanalysed', 'degradationLevel', ...STAGES, 'id', 'left', 'top', 'width', 'height', 'label',
  'unsure', ...EMOTIONS, 'yaw', 'pitch', 'roll', 'eyes', 'mouth', 'blinks',
];
const AT = Object.fromEntries(COLUMNS.map((name, i) => [name, i]));

/**
 * @typedef {object} Entry one message and its time
 * @property {number} timeS in seconds of the page's clock; in a file, from the start of the visit
 * @property {import('../connection/telemetry.js').Telemetry} telemetry
 *
 * @typedef {object} SessionEvent
 * @property {number} timeS
 * @property {string} kind key of EVENTS in texts/en.js
 * @property {string} detail
 */

export class SessionLog {
  #times;
  #ptsS;
  #cells;
  #capacity;
  #next = 0;
  #count = 0;
  /** @type {SessionEvent[]} */
  #events = [];
  /** @type {Map<number, string>} labels by face */
  #seen = new Map();

  /** @param {number} [capacity] most rows kept */
  constructor(capacity = CAPACITY) {
    this.#capacity = capacity;
    this.#times = new Float64Array(capacity);
    this.#ptsS = new Float64Array(capacity);
    this.#cells = new Float32Array(capacity * COLUMNS.length);
  }

  /** @returns {readonly SessionEvent[]} oldest first */
  get events() {
    return this.#events;
  }

  /** @param {number} timeS @param {string} kind @param {string} [detail] */
  note(timeS, kind, detail = '') {
    this.#events.push({ timeS, kind, detail });
    if (this.#events.length > MOST_EVENTS) this.#events.shift();
  }

  /** @param {number} timeS @param {import('../connection/telemetry.js').Telemetry} telemetry */
  add(timeS, telemetry) {
    // A frame that was not analysed says nothing about faces.
    if (telemetry.analysed) this.#noteChanges(timeS, telemetry.faces);
    for (const face of telemetry.faces.length ? telemetry.faces : [null]) this.#addRow(timeS, telemetry, face);
  }

  /** A new connection begins: its faces are not compared with those of the last one. */
  newSession() {
    this.#seen.clear();
  }

  /** Forget every row and event. */
  clear() {
    this.#next = this.#count = 0;
    this.#events = [];
    this.#seen.clear();
  }

  /** Oldest first; rows of one frame come as one entry. @yields {Entry} */
  *[Symbol.iterator]() {
    /** @type {Entry | null} */
    let entry = null;
    let index = (this.#next + this.#capacity - this.#count) % this.#capacity;
    for (let i = 0; i < this.#count; i += 1, index = (index + 1) % this.#capacity) {
      const row = this.#cells.subarray(index * COLUMNS.length, (index + 1) * COLUMNS.length);
      if (!entry || entry.timeS !== this.#times[index] || entry.telemetry.seq !== row[AT.seq]) {
        if (entry) yield entry;
        entry = { timeS: this.#times[index], telemetry: frameOf(row, this.#ptsS[index]) };
      }
      if (row[AT.id]) entry.telemetry.faces.push(faceOf(row));
    }
    if (entry) yield entry;
  }

  /** @param {number} timeS @param {import('../connection/telemetry.js').Telemetry} telemetry @param {import('../connection/telemetry.js').Face | null} face */
  #addRow(timeS, telemetry, face) {
    const pose = face?.pose_deg ?? [NaN, NaN, NaN];
    this.#times[this.#next] = timeS;
    this.#ptsS[this.#next] = telemetry.pts;
    this.#cells.set(
      [
        telemetry.seq, telemetry.fpsIn, telemetry.fpsOut, telemetry.dropped, Number(telemetry.analysed),
        UNANALYSED.indexOf(telemetry.unanalysed), telemetry.degradationLevel,
        ...STAGES.map((stage) => telemetry.ms[stage]),
        face?.id ?? 0, ...(face?.box ?? [0, 0, 0, 0]), LABELS.indexOf(face?.label ?? ''), UNSURE.indexOf(face?.unsure ?? ''),
        ...(face?.probabilities ?? EMOTIONS.map(() => NaN)), ...pose, face?.eyes ?? NaN, face?.mouth ?? NaN, face?.blinks ?? 0,
      ],
      this.#next * COLUMNS.length,
    );
    this.#next = (this.#next + 1) % this.#capacity;
    this.#count = Math.min(this.#count + 1, this.#capacity);
  }

  /** @param {number} timeS @param {import('../connection/telemetry.js').Face[]} faces */
  #noteChanges(timeS, faces) {
    for (const { id, label } of faces) {
      if (!this.#seen.has(id)) this.note(timeS, 'appeared', String(id));
      else if (label !== 'unsure' && this.#seen.get(id) !== label) this.note(timeS, 'changed', `${id} ${label}`);
      // A short "unsure" between two equal labels is not a change.
      if (label !== 'unsure' || !this.#seen.has(id)) this.#seen.set(id, label);
    }
    for (const id of this.#seen.keys()) {
      if (faces.some((face) => face.id === id)) continue;
      this.#seen.delete(id);
      this.note(timeS, 'left', String(id));
    }
  }
}

/** @param {Float32Array} row @param {number} pts @returns {import('../connection/telemetry.js').Telemetry} */
function frameOf(row, pts) {
  return {
    seq: row[AT.seq],
    pts,
    fpsIn: rounded(row[AT.fpsIn], 1),
    fpsOut: rounded(row[AT.fpsOut], 1),
    dropped: row[AT.dropped],
    analysed: row[AT.analysed] === 1,
    unanalysed: UNANALYSED[row[AT.unanalysed]] ?? '',
    degradationLevel: row[AT.degradationLevel],
    ms: Object.fromEntries(STAGES.map((stage) => [stage, rounded(row[AT[stage]], 1)])),
    faces: [],
  };
}

/** @param {Float32Array} row @returns {import('../connection/telemetry.js').Face} */
function faceOf(row) {
  const pose = [row[AT.yaw], row[AT.pitch], row[AT.roll]];
  return {
    id: row[AT.id],
    box: [row[AT.left], row[AT.top], row[AT.width], row[AT.height]],
    label: LABELS[row[AT.label]] ?? 'unsure',
    unsure: UNSURE[row[AT.unsure]] ?? '',
    probabilities: EMOTIONS.map((emotion) => rounded(row[AT[emotion]], 3)),
    pose_deg: Number.isNaN(pose[0]) ? null : pose.map((degrees) => rounded(degrees, 1)),
    eyes: known(row[AT.eyes], 2),
    mouth: known(row[AT.mouth], 2),
    blinks: row[AT.blinks],
  };
}

/** The value as it was rounded on the wire, although it is kept in fewer bits. @param {number} value @param {number} decimals */
const rounded = (value, decimals) => Number(value.toFixed(decimals));

/** @param {number} value NaN: the server did not send it @param {number} decimals */
const known = (value, decimals) => (Number.isNaN(value) ? undefined : rounded(value, decimals));
