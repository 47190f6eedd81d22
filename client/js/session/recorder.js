/** Snapshot and recording in the browser. Sends nothing anywhere, and keeps nothing. */

import { contextOf, make } from '../browser/elements.js';

const SLICE_MS = 1000;
/** A camera or an encoder may pass through other sizes on its way; each would be a part of one frame. */
const SETTLE_MS = 300;
/**
 * Where each key frame carries its size, a file goes on when the size changes: in WebM, and in MP4 as avc3.
 *
 * @type {{type: string, extension: string, isSizeFree: boolean}[]} best first
 */
const TYPES = [
  { type: 'video/webm;codecs=vp8', extension: 'webm', isSizeFree: true },
  { type: 'video/webm;codecs=vp9', extension: 'webm', isSizeFree: true },
  { type: 'video/webm', extension: 'webm', isSizeFree: true },
  { type: 'video/mp4;codecs=avc3.42E01F', extension: 'mp4', isSizeFree: true },
  { type: 'video/mp4;codecs=avc1.42E01F', extension: 'mp4', isSizeFree: false },
  { type: 'video/mp4', extension: 'mp4', isSizeFree: false },
];
const UNKNOWN = { type: '', extension: 'webm', isSizeFree: false };

/** @param {HTMLVideoElement} video @returns {Promise<Blob>} the frame on show, as PNG */
export function takeSnapshot(video) {
  const canvas = make('canvas', { width: video.videoWidth, height: video.videoHeight });
  contextOf(canvas).drawImage(video, 0, 0);
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('the browser made no image'))), 'image/png');
  });
}

/** @returns {typeof TYPES[0]} what this browser records; an empty type: its own choice */
export const recordedType = () => TYPES.find(({ type }) => MediaRecorder.isTypeSupported(type)) ?? UNKNOWN;

/**
 * @typedef {object} RecorderEvents
 * @property {(piece: import('../storage/recordings.js').Piece, lengthS: number) => void} onPiece about once a second; lengthS: recorded so far
 * @property {() => void} onWait the video has ended, the recording has not: it continues with the next stream
 * @property {(edge: 'start' | 'end', part: number) => void} onPart a part begins, or ends; parts are counted from 1
 * @property {(part: number) => void} onContinue part 2 or later has begun to arrive
 */

/** One recording: begins when made, ends with close(). Where one file cannot go on, it continues as another part. */
export class Recorder {
  #type;
  #events;
  /** @type {MediaStream} */
  #stream;
  /** @type {MediaRecorder | null} null: waiting for a stream */
  #recorder = null;
  #part = 0;
  #lengthS = 0;
  #isClosed = false;
  /** Timer of the next part, which begins when the size has settled; 0: none. */
  #settling = 0;
  /** @type {Promise<void>} the last part has delivered everything */
  #ended = Promise.resolve();

  /** @returns {boolean} whether this browser can record */
  static get possible() {
    return Boolean(globalThis.MediaRecorder);
  }

  /** @param {MediaStream} stream @param {typeof TYPES[0]} type of recordedType() @param {RecorderEvents} events */
  constructor(stream, type, events) {
    this.#type = type;
    this.#events = events;
    this.#stream = stream;
    this.#begin();
  }

  /** @returns {number} seconds recorded so far */
  get lengthS() {
    return this.#lengthS;
  }

  /** @returns {boolean} whether it waits for the next stream */
  get isWaiting() {
    return !this.#isRunning;
  }

  /** The video has another size from now on. */
  resize() {
    if (!this.#isRunning || this.#type.isSizeFree) return;
    this.#endPart();
    this.#settling = window.setTimeout(() => this.#beginLater(), SETTLE_MS);
  }

  /** The connection is lost. */
  interrupt() {
    if (!this.#isRunning) return;
    this.#endPart();
    this.#events.onWait();
  }

  /** @param {MediaStream} stream the video is back */
  resume(stream) {
    if (this.#isClosed || (this.#recorder && stream === this.#stream)) return;
    this.#endPart();
    this.#stream = stream;
    this.#begin();
  }

  /** @returns {Promise<void>} once the last piece was delivered. May be called twice. */
  close() {
    this.#isClosed = true;
    this.#endPart();
    return this.#ended;
  }

  /** Whether a part is being recorded or about to begin. */
  get #isRunning() {
    return this.#recorder !== null || this.#settling !== 0;
  }

  #beginLater() {
    try {
      this.#begin();
    } catch {
      // It waits for the next stream.
      this.#events.onWait();
    }
  }

  #begin() {
    this.#settling = 0;
    const { type } = this.#type;
    const recorder = new MediaRecorder(this.#stream, type ? { mimeType: type } : {});
    // Throws if the tracks have ended; then nothing runs that would have to end.
    recorder.start(SLICE_MS);
    const part = (this.#part += 1);
    this.#events.onPart('start', part);
    const before = this.#lengthS;
    const begunMs = performance.now();
    let pieces = 0;
    this.#recorder = recorder;
    recorder.ondataavailable = ({ data }) => {
      if (!data.size) return;
      this.#lengthS = before + (performance.now() - begunMs) / 1000;
      pieces += 1;
      if (pieces === 1 && part > 1) this.#events.onContinue(part);
      this.#events.onPiece({ part, blob: data }, this.#lengthS);
    };
    const ended = new Promise((resolve) => (recorder.onstop = () => resolve(undefined)));
    this.#ended = Promise.all([this.#ended, ended]).then(() => {});
    // Its tracks may end before the page knows that the connection is lost.
    ended.then(() => {
      if (this.#recorder !== recorder) return;
      this.#recorder = null;
      this.#events.onPart('end', part);
      this.#events.onWait();
    });
  }

  #endPart() {
    const recorder = this.#recorder;
    this.#recorder = null;
    window.clearTimeout(this.#settling);
    this.#settling = 0;
    if (!recorder) return;
    if (recorder.state !== 'inactive') recorder.stop();
    this.#events.onPart('end', this.#part);
  }
}
