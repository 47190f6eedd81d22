/**
 * The whole session as numbers: its last half hour frame by frame, all of it as means of one second, and its events.
 * Times are seconds since the session's start. Stores and shows nothing itself.
 */

import { Baselines } from './baselines.js';
import { FORMAT, checked } from './chunks.js';
import { ExtraLog } from './extra-log.js';
import { AT, COLUMNS, SECOND_COLUMNS, encodeRows, faceOf, frameOf } from './log-columns.js';
import { LogRows } from './log-rows.js';
import { OpenSecond, readMeans } from './open-second.js';
import { OF_PERSON, SessionEvents, timeOfEvent } from './session-events.js';
import { Slices, follow } from './slices.js';
import { MeasuredSoFar, Stretches } from './stretches.js';

/** How long frames are kept; older ones are kept as means of one second only. */
export const FRAMES_S = 30 * 60;
/** Half an hour of four faces at 30 frames a second: 42 MB. */
const MOST_ROWS = 216_000;
/** Kinds of the events that note the first frame of a connection, and the first one in which the server's plug-in has failed. */
const CONNECTION = 'connection';
export const EXTRA_FAULT = 'extra-fault';
/** One second without a message is a slow server, not a face that left. */
const BRIDGE_S = 1;

/**
 * @typedef {import('./log-columns.js').Means} Means
 *
 * @typedef {object} Entry one message and its time
 * @property {number} timeS since the session's start
 * @property {import('../connection/telemetry.js').Telemetry} telemetry
 *
 * @typedef {import('./session-events.js').SessionEvent} SessionEvent
 *
 * @typedef {import('./session-events.js').OnShow} OnShow
 *
 * @typedef {import('./chunks.js').Chunk} Chunk
 *
 * @typedef {{id: number, firstS: number, lastS: number}} SeenFace
 */

export class SessionLog {
  #frames = new LogRows(COLUMNS.length);
  #seconds = new LogRows(SECOND_COLUMNS.length);
  #open = new OpenSecond();
  #extra = new ExtraLog();
  #hasExtraFault = false;
  /** Those of the first events. */
  #baselines = { ofEvents: 0, all: new Baselines([]) };
  #framesS;
  #mostRows;
  /** Frames are kept from this whole second on; before it there are means only. */
  #framesFromS = 0;
  #lastS = 0;
  #atOnce = 0;
  #isConnectionNew = false;
  #mostEvents;
  #events;
  /** @type {Map<number, SeenFace>} */
  #faces = new Map();
  #measured = new MeasuredSoFar();
  /** How many rows takeChunks() has returned. */
  #taken = { frames: 0, seconds: 0 };

  /** @param {{framesS?: number, rows?: number, events?: number}} [limits] how long frames are kept, most rows of frames, most events */
  constructor({ framesS = FRAMES_S, rows = MOST_ROWS, events } = {}) {
    this.#framesS = framesS;
    this.#mostRows = rows;
    this.#mostEvents = events;
    this.#events = new SessionEvents(events);
  }

  /**
   * @param {Iterable<Chunk>} chunks those of one log, in any order; chunks of old frames may be missing
   * @param {ConstructorParameters<typeof SessionLog>[0]} [limits]
   * @returns {SessionLog}
   * @throws {Error} if they are damaged or of another version of the page
   */
  static from(chunks, limits) {
    const log = new SessionLog(limits);
    for (const { kind, rows, extra = [], events = [], leftOut = 0 } of checked(chunks)) {
      if (kind === 'events') log.#events.restore(events, leftOut);
      else if (rows) {
        (kind === 'frames' ? log.#frames : log.#seconds).addCopy(rows);
        log.#extra.addCopies(kind, extra);
      }
    }
    log.#restore();
    return log;
  }

  /** @returns {Pick<ExtraLog, 'names' | 'namesLeftOut' | 'textsFromS' | 'slices' | 'totals'>} the values of the server's own plug-in */
  get extra() {
    return this.#extra;
  }

  /** @returns {Baselines} of the faces that a person called neutral */
  get baselines() {
    const ofEvents = this.events.length;
    if (ofEvents !== this.#baselines.ofEvents) this.#baselines = { ofEvents, all: new Baselines(this.events) };
    return this.#baselines.all;
  }

  /** @returns {readonly SessionEvent[]} oldest first */
  get events() {
    return this.#events.list;
  }

  /** @returns {number} faces that appeared, changed or left, but were not noted, because there are too many events */
  get eventsLeftOut() {
    return this.#events.leftOut;
  }

  /** @returns {number} the time of the newest message; 0: there is none */
  get lastS() {
    return this.#lastS;
  }

  /** @returns {number} the session's length so far: the time of its newest message or event */
  get endS() {
    return Math.max(this.#lastS, this.events[this.events.length - 1]?.timeS ?? 0);
  }

  /** @returns {number} a whole second; frames are kept from it on, before it means of one second only; 0: all frames are kept */
  get framesFromS() {
    return this.#framesFromS;
  }

  /** @returns {number[]} when the first frame of each connection came; empty: not noted, in a session of an older page */
  connectionStarts() {
    return this.events.filter(({ kind }) => kind === CONNECTION).map(({ timeS }) => timeS);
  }

  /** @returns {number} the most faces in one frame; where only means are kept of a session that was read, they do not count */
  get atOnce() {
    return this.#atOnce;
  }

  /** @returns {number} how many numbers of faces there were */
  get faceCount() {
    return this.#faces.size;
  }

  /** @returns {number} what people noted */
  get markerCount() {
    return this.#events.ofPerson;
  }

  /** @returns {number} how long frames were analysed, as measured() finds it, but without a walk through the session */
  get measuredS() {
    return this.#measured.lengthS;
  }

  /** @returns {SeenFace[]} in the order of their first frame */
  faces() {
    return [...this.#faces.values()].map((face) => ({ ...face }));
  }

  /** @param {number} timeS @param {string} kind @param {string} [detail] for 'marker', 'stimulus-start' and 'stimulus-end': the person's own text @returns {number | null} the id of what the person notes, for annotate() */
  note(timeS, kind, detail = '') {
    return this.noteShown({ timeS }, kind, detail);
  }

  /** Note what is about the frame on show, or about the press. @param {OnShow} frame @param {string} kind @param {string} [detail] @returns {number | null} as note() */
  noteShown(frame, kind, detail = '') {
    const event = { ...frame, timeS: timeOfEvent(frame, kind), kind, detail };
    if (OF_PERSON.includes(kind)) return this.#events.addOfPerson(event);
    this.#events.add(event);
    return null;
  }

  /** A note for a marker that is in the log already. @param {number | null} id @param {string} detail */
  annotate(id, detail) {
    if (id !== null) this.#events.annotate(id, detail);
  }

  /** @param {number} timeS of the frame @param {import('../connection/telemetry.js').Telemetry} telemetry */
  add(timeS, telemetry) {
    // The estimated clock of the frames may go back a few milliseconds, but searches by time need an order.
    const atS = Math.max(timeS, this.#lastS, 0);
    this.#lastS = atS;
    if (this.#isConnectionNew) this.note(atS, CONNECTION, String(this.connectionStarts().length + 1));
    this.#isConnectionNew = false;
    // A frame that was not analysed says nothing about faces.
    if (telemetry.analysed) this.#events.addFaces(atS, telemetry.faces);
    this.#atOnce = Math.max(this.#atOnce, telemetry.faces.length);
    for (const { id } of telemetry.faces) this.#see(id, atS, atS);
    if (telemetry.extraFault && !this.#hasExtraFault) this.note(atS, EXTRA_FAULT);
    this.#hasExtraFault ||= Boolean(telemetry.extraFault);
    const rows = this.#sum(atS, telemetry);
    this.#extra.add(atS, telemetry.seq, telemetry.extra);
    for (const row of rows) this.#frames.add(atS, telemetry.pts, row);
    if (telemetry.analysed) this.#measured.addFrame(atS);
    this.#thin();
  }

  /** A new connection begins: its first frame is noted, and its faces are not compared with those of the last one. */
  newSession() {
    this.#events.forgetFaces();
    this.#isConnectionNew = true;
  }

  /** Forget every row and event. */
  clear() {
    this.#frames.clear();
    this.#seconds.clear();
    this.#open = new OpenSecond();
    this.#extra = new ExtraLog();
    this.#hasExtraFault = false;
    this.#baselines = { ofEvents: 0, all: new Baselines([]) };
    this.#framesFromS = this.#lastS = this.#atOnce = 0;
    this.#isConnectionNew = false;
    this.#events = new SessionEvents(this.#mostEvents);
    this.#faces.clear();
    this.#measured = new MeasuredSoFar();
    this.#taken = { frames: 0, seconds: 0 };
  }

  /** The frames that are kept, oldest first; rows of one frame come as one entry. @yields {Entry} */
  *[Symbol.iterator]() {
    yield* this.#framesIn(this.#frames.firstRow, this.#frames.endRow);
  }

  /** @param {number} fromS @param {number} toS @returns {Iterable<Entry>} the frames between these times, both included */
  between(fromS, toS) {
    return this.#framesIn(this.#frames.find(fromS), this.#frames.find(toS + Number.EPSILON * toS));
  }

  /** @param {number} from @param {number} to numbers of rows @yields {Entry} */
  *#framesIn(from, to) {
    /** @type {Entry | null} */
    let entry = null;
    const extraOf = this.#extra.ofFrames();
    for (const { timeS, pts, row } of this.#frames.read(from, to)) {
      if (!entry || entry.timeS !== timeS || entry.telemetry.seq !== row[AT.seq]) {
        if (entry) yield entry;
        const extra = extraOf(timeS, row[AT.seq]);
        entry = { timeS, telemetry: { ...frameOf(row, pts), ...(extra && { extra }) } };
      }
      if (row[AT.id]) entry.telemetry.faces.push(faceOf(row));
    }
    if (entry) yield entry;
  }

  /** The seconds whose frames are no longer kept, oldest first. @yields {Means} */
  *means() {
    const extraOf = this.#extra.ofSeconds();
    for (const means of readMeans(this.#seconds.read(this.#seconds.firstRow, this.#seconds.find(this.#framesFromS)))) {
      const extra = extraOf(means.timeS);
      yield extra ? { ...means, telemetry: { ...means.telemetry, extra } } : means;
    }
  }

  /** Every second of the session, oldest first. @yields {Means} */
  *everySecond() {
    yield* readMeans(this.#seconds.read(this.#seconds.firstRow, this.#seconds.endRow));
    const { pts, rows } = this.#open.close();
    yield* readMeans(rows.map((row) => ({ timeS: this.#open.second, pts, row })));
  }

  /** @param {number} bridgeS the longest time without a frame that still counts as measured @returns {Stretches} when frames were analysed */
  measured(bridgeS) {
    const stretches = new Stretches(bridgeS);
    this.#eachMeasuredSecond(0, this.#framesFromS, (fromS, toS) => stretches.add(fromS, toS));
    this.#eachMeasuredFrame((timeS) => stretches.add(timeS, timeS));
    return stretches;
  }

  /** @param {number} fromS @param {number} endS @param {(fromS: number, toS: number) => void} take gets each second in which a frame was analysed */
  #eachMeasuredSecond(fromS, endS, take) {
    this.#seconds.eachRow(this.#seconds.find(fromS), this.#seconds.find(endS), (timeS, _pts, cells, offset) => {
      if (cells[offset + AT.analysedFrames]) take(timeS, Math.max(timeS, Math.min(timeS + 1, this.#lastS)));
    });
  }

  /** @param {(timeS: number) => void} take gets each analysed frame that is kept, once for each of its faces */
  #eachMeasuredFrame(take) {
    this.#frames.eachRow(this.#frames.firstRow, this.#frames.endRow, (timeS, _pts, cells, offset) => {
      if (cells[offset + AT.analysed]) take(timeS);
    });
  }

  /**
   * One face over time, as means of equal slices: from frames where they are kept, from means of one second before.
   *
   * @param {number | null} faceId null: the largest face of each moment
   * @param {number} endS @param {number} windowS its length @param {number} count of slices
   * @param {number} [bridgeS] the longest time without a message that is filled with a straight line; a face that is absent stays a gap
   * @param {Baselines | null} [baselines] to which there are changes; null: none
   * @returns {import('./slices.js').SliceMeans}
   */
  slices(faceId, endS, windowS, count, bridgeS = BRIDGE_S, baselines = null) {
    const slices = new Slices(endS, windowS, count, baselines);
    const seconds = this.#seconds;
    if (slices.fromS < this.#framesFromS) {
      const toS = Math.min(this.#framesFromS, endS);
      follow(seconds, seconds.find(slices.fromS - 1), seconds.find(toS), faceId, AT.largest, slices.addSecond.bind(slices));
    }
    const { endRow } = this.#frames;
    const after = endS < this.#lastS ? this.#frames.find(endS + Number.EPSILON * endS) : endRow;
    follow(this.#frames, this.#frames.find(slices.fromS), after, faceId, AT.width, slices.addFrame.bind(slices));
    return slices.means(bridgeS);
  }

  /** @returns {Chunk[]} what was added since the last call; the second that is not over comes with its frames */
  takeChunks() {
    /** @type {Chunk[]} */
    const chunks = [];
    for (const kind of /** @type {const} */ (['frames', 'seconds'])) {
      const rows = kind === 'frames' ? this.#frames : this.#seconds;
      const from = Math.max(this.#taken[kind], rows.firstRow);
      const extra = this.#extra.take(kind);
      if (from < rows.endRow) chunks.push({ kind, fromS: rows.timeOf(from), toS: rows.timeOf(rows.endRow - 1), format: FORMAT, rows: rows.copy(from, rows.endRow), ...(extra.length && { extra }) });
      this.#taken[kind] = rows.endRow;
    }
    const noted = this.#events.take();
    if (noted) {
      const times = noted.events.length ? noted.events.map(({ timeS }) => timeS) : [this.#lastS];
      const [fromS, toS] = times.reduce(([first, last], timeS) => [Math.min(first, timeS), Math.max(last, timeS)], [times[0], times[0]]);
      chunks.push({ kind: 'events', fromS, toS, format: FORMAT, ...noted });
    }
    return chunks;
  }

  /** @param {number} id @param {number} firstS @param {number} lastS */
  #see(id, firstS, lastS) {
    const face = this.#faces.get(id);
    if (face) face.lastS = Math.max(face.lastS, lastS);
    else this.#faces.set(id, { id, firstS, lastS });
  }

  /** @param {number} timeS @param {import('../connection/telemetry.js').Telemetry} telemetry @returns {number[][]} its rows */
  #sum(timeS, telemetry) {
    const rows = encodeRows(telemetry);
    const second = Math.floor(timeS);
    if (second !== this.#open.second) {
      this.#closeSecond();
      this.#open = new OpenSecond(second);
    }
    this.#open.add(telemetry.pts, rows);
    this.#extra.sum(second, telemetry.extra);
    return rows;
  }

  #closeSecond() {
    const { pts, rows } = this.#open.close();
    for (const row of rows) this.#seconds.add(this.#open.second, pts, row);
    this.#extra.closeSecond();
  }

  /** Drop old frames, by whole seconds, so that a second is kept either as frames or as means. */
  #thin() {
    const frames = this.#frames;
    const newest = Math.floor(this.#lastS);
    let fromS = newest - this.#framesS;
    if (frames.endRow - frames.firstRow > this.#mostRows) {
      fromS = Math.max(fromS, Math.min(newest, Math.floor(frames.timeOf(frames.endRow - this.#mostRows - 1)) + 1));
    }
    if (fromS > this.#framesFromS) this.#dropFrames(fromS);
  }

  /** @param {number} fromS */
  #dropFrames(fromS) {
    this.#eachMeasuredSecond(this.#framesFromS, fromS, (startS, toS) => this.#measured.addSecond(startS, toS));
    this.#measured.dropFrames(fromS, (timeS) => this.#firstAnalysed(timeS));
    this.#framesFromS = fromS;
    this.#frames.dropBefore(this.#frames.find(fromS));
    this.#extra.dropBefore(fromS);
  }

  /** @param {number} fromS @returns {number} the time of the first analysed frame from then on; Infinity: there is none */
  #firstAnalysed(fromS) {
    for (const { timeS, row } of this.#frames.read(this.#frames.find(fromS), this.#frames.endRow)) if (row[AT.analysed]) return timeS;
    return Infinity;
  }

  /** Rows and events have been read from chunks: find what follows from them. */
  #restore() {
    const frames = this.#frames;
    const seconds = this.#seconds;
    const lastSecond = seconds.endRow ? seconds.timeOf(seconds.endRow - 1) : -1;
    this.#lastS = Math.max(frames.endRow ? frames.timeOf(frames.endRow - 1) : 0, Math.max(0, lastSecond));
    const firstS = frames.endRow ? Math.floor(frames.timeOf(0)) : lastSecond + 1;
    // Chunks of older frames were deleted, perhaps in the middle of a second.
    if (seconds.endRow && seconds.timeOf(0) < firstS) this.#dropFrames(frames.endRow && firstS <= lastSecond ? firstS + 1 : firstS);
    this.#thin();
    seconds.eachRow(0, seconds.find(this.#framesFromS), (timeS, _pts, cells, offset) => {
      const id = cells[offset + AT.id];
      if (id) this.#see(id, timeS, timeS + 1);
    });
    for (const { timeS, telemetry } of this) {
      this.#atOnce = Math.max(this.#atOnce, telemetry.faces.length);
      for (const { id } of telemetry.faces) this.#see(id, timeS, timeS);
      if (timeS < lastSecond + 1) continue;
      this.#sum(timeS, telemetry);
    }
    this.#measured = new MeasuredSoFar();
    this.#eachMeasuredSecond(0, this.#framesFromS, (fromS, toS) => this.#measured.addSecond(fromS, toS));
    this.#eachMeasuredFrame((timeS) => this.#measured.addFrame(timeS));
    this.#hasExtraFault = this.events.some(({ kind }) => kind === EXTRA_FAULT);
    for (const kind of /** @type {const} */ (['frames', 'seconds'])) this.#extra.take(kind);
    this.#taken = { frames: frames.endRow, seconds: seconds.endRow };
  }
}
