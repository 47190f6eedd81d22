/**
 * The bookkeeping of a file that is analysed once: which frame is sent next, which is sent again, and in which order the reports
 * are passed on. A frame settles exactly once: analysed, missed after many tries, or blank. Reads no file and opens no connection.
 */

/** Read, but not settled: more would only take memory. */
const MOST_OPEN = 5;
const MOST_TRIES = 12;
/** Without an answer for this long, a frame is sent again; twice as long after each try, and four times the slowest answer lately. */
const ANSWER_MS = 1000;
const LONGEST_ANSWER_MS = 8000;
const ANSWERS = 4;
const FORGET = 0.95;
/** The pause between two frames: longer after each that was not analysed, shorter after each that was. */
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2000;
const SLOWER = 1.5;
const FASTER = 0.9;
const NO_PAUSE_MS = 5;
/** So that times in the file's own clock can be compared and counted. */
const MICROSECONDS = 1e6;

/**
 * @typedef {import('../connection/telemetry.js').Telemetry} Telemetry
 *
 * @typedef {object} ClipFrame
 * @property {number} clipS its time in the file, in seconds
 * @property {Promise<Blob | null>} jpeg
 * @property {'waiting' | 'flying' | 'analysed' | 'missed' | 'blank'} state
 * @property {number} tries how often it was sent
 * @property {number} wireMs of its header, when it was sent last
 * @property {number} sentMs
 * @property {Telemetry | null} report the last one; null: none, or passed on
 *
 * @typedef {object} ClipCounts
 * @property {number} read frames of the file so far
 * @property {number} analysed
 * @property {number} missed frames that the server did not analyse in any try
 * @property {number} blank frames of which the browser gave no image, so that they were never sent
 *
 * @typedef {object} RunListener the connection that carries the frames
 * @property {() => void} onReady a frame waits
 * @property {(telemetry: Telemetry) => void} onReport in the order of the file, once for each frame
 */

/** @type {RunListener} */
const NOBODY = { onReady: () => {}, onReport: () => {} };

export class ClipRun {
  /** @type {ClipFrame[]} read and not passed on yet, in the order of reading */
  #open = [];
  /** @type {Set<number>} times of all frames that were read */
  #known = new Set();
  /** @type {ClipCounts} */
  #counts = { read: 0, analysed: 0, missed: 0, blank: 0 };
  #passedOn = 0;
  #lastS = 0;
  #read = false;
  #wireMs = -1;
  #pauseMs = 0;
  #nextMs = 0;
  #slowestMs = 0;
  #listener = NOBODY;
  #onChange;

  /** @param {() => void} onChange a frame has settled, or everything has been read */
  constructor(onChange) {
    this.#onChange = onChange;
  }

  /** @returns {Readonly<ClipCounts>} */
  get counts() {
    return this.#counts;
  }

  /** @returns {number} the time of the last frame that has settled, in seconds of the file */
  get lastS() {
    return this.#lastS;
  }

  /** @returns {boolean} whether reading has to wait */
  get isFull() {
    return this.#open.length >= MOST_OPEN;
  }

  /** @returns {boolean} whether frames are under way or wait to be sent */
  get isBusy() {
    return this.#open.length > 0;
  }

  /** @returns {boolean} whether every frame has settled */
  get isDone() {
    return this.#read && !this.isBusy;
  }

  /** @param {RunListener} listener instead of the one before; frames that were under way are sent again */
  attach(listener) {
    this.#listener = listener;
    if (this.#flying) this.#return(this.#flying);
    this.#passOn();
  }

  /** The connection is gone. @param {RunListener} listener that was attached */
  detach(listener) {
    if (this.#listener === listener) this.attach(NOBODY);
  }

  /** @param {number} clipS @returns {boolean} whether this frame was read before */
  has(clipS) {
    return this.#known.has(Math.round(clipS * MICROSECONDS));
  }

  /** A frame of the file; one that was read before is ignored. @param {number} clipS @param {Promise<Blob | null>} jpeg */
  add(clipS, jpeg) {
    if (this.has(clipS)) return;
    this.#known.add(Math.round(clipS * MICROSECONDS));
    this.#counts.read += 1;
    this.#open.push({ clipS, jpeg, state: 'waiting', tries: 0, wireMs: -1, sentMs: 0, report: null });
    this.#listener.onReady();
  }

  /** Nothing more is read. */
  endReading() {
    this.#read = true;
    this.#onChange();
  }

  /** @param {number} nowMs @returns {ClipFrame | null} to be sent now; null: none, or not yet */
  next(nowMs) {
    const late = this.#flying;
    if (late && nowMs - late.sentMs > this.#patienceMs(late)) {
      this.#return(late);
      this.#slowDown();
      this.#passOn();
    }
    if (nowMs < this.#nextMs || this.#flying) return null;
    const frame = this.#open.find(({ state }) => state === 'waiting');
    if (!frame) return null;
    // Headers must ascend, even for a frame that is sent again.
    this.#wireMs = Math.max(this.#wireMs + 1, Math.round(frame.clipS * 1000));
    this.#nextMs = nowMs + this.#pauseMs;
    frame.tries += 1;
    return Object.assign(frame, { state: 'flying', wireMs: this.#wireMs, sentMs: nowMs });
  }

  /** The browser gave no image of a frame, so it is never sent. @param {ClipFrame} frame */
  giveUp(frame) {
    frame.state = 'blank';
    this.#counts.blank += 1;
    this.#passOn();
  }

  /**
   * An annotated frame is back.
   *
   * @param {number} wireMs of its header
   * @param {Telemetry} telemetry its message
   * @param {number} nowMs
   * @returns {number | null} the frame's time in the file; null: it has been sent again in the meantime
   */
  comeBack(wireMs, telemetry, nowMs) {
    const frame = this.#flying;
    if (frame?.wireMs !== wireMs) return null;
    this.#slowestMs = Math.max(this.#slowestMs * FORGET, nowMs - frame.sentMs);
    frame.report = telemetry;
    if (telemetry.analysed) {
      frame.state = 'analysed';
      this.#counts.analysed += 1;
      this.#pauseMs = this.#pauseMs * FASTER < NO_PAUSE_MS ? 0 : this.#pauseMs * FASTER;
    } else if (telemetry.unanalysed === 'off') {
      this.#miss(frame);
    } else {
      this.#return(frame);
      this.#slowDown();
    }
    this.#passOn();
    this.#listener.onReady();
    return frame.clipS;
  }

  /** One at most: the server follows a face from frame to frame, so each frame must be analysed after the one before it. */
  get #flying() {
    return this.#open.find(({ state }) => state === 'flying') ?? null;
  }

  /** @param {ClipFrame} frame @returns {number} how long its answer is waited for */
  #patienceMs({ tries }) {
    return Math.max(Math.min(LONGEST_ANSWER_MS, ANSWER_MS * 2 ** (tries - 1)), ANSWERS * this.#slowestMs);
  }

  /** @param {ClipFrame} frame that was not analysed */
  #return(frame) {
    if (frame.tries >= MOST_TRIES) this.#miss(frame);
    else frame.state = 'waiting';
  }

  /** @param {ClipFrame} frame */
  #miss(frame) {
    frame.state = 'missed';
    this.#counts.missed += 1;
  }

  #slowDown() {
    this.#pauseMs = Math.min(LONGEST_PAUSE_MS, Math.max(FIRST_PAUSE_MS, this.#pauseMs * SLOWER));
  }

  #passOn() {
    let changed = false;
    while (this.#open.length && !['waiting', 'flying'].includes(this.#open[0].state)) {
      const { report, clipS } = /** @type {ClipFrame} */ (this.#open.shift());
      this.#lastS = clipS;
      changed = true;
      if (report) this.#listener.onReport({ ...report, seq: this.#passedOn, pts: clipS, clipS, dropped: this.#counts.missed + this.#counts.blank });
      this.#passedOn += report ? 1 : 0;
    }
    if (changed) this.#onChange();
  }
}
