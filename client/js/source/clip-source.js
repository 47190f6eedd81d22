/** A file that is analysed once, from start to end: opens it, and reads its frames for a connection to take. Does not touch the page. */

import { PeerError } from '../connection/errors.js';
import { openClip } from './clip.js';
import { ClipReader } from './clip-reader.js';
import { ClipRun } from './clip-run.js';
import { requireReadableCanvas } from './video-frames.js';

/** @typedef {import('./video-source.js').SourceEvents} SourceEvents */

/** @type {SourceEvents} */
const NOBODY = { onPause: () => {}, onEnd: () => {}, onFinish: () => {} };

export class ClipSource {
  /** Nothing: the connection takes the frames one by one from `clipRun`. */
  stream = new MediaStream();
  cameraId = '';
  facing = /** @type {const} */ ('none');
  clipRun = new ClipRun(() => this.#follow());
  #video;
  #reader;
  #events = NOBODY;
  #onChange = () => {};
  #begun = false;
  #name;

  /** @param {HTMLVideoElement} video paused @param {import('./video-source.js').SourceOptions} options @param {string} name of the file */
  constructor(video, options, name) {
    requireReadableCanvas();
    this.#video = video;
    this.#name = name;
    this.#reader = new ClipReader({ video, run: this.clipRun, options, onChange: () => this.#onChange() });
    video.onerror = () => this.#events.onEnd(new PeerError('clipBroken', name));
  }

  /** @param {import('./video-source.js').SourceOptions} options @param {File} clip @returns {Promise<ClipSource>} rejects with a PeerError */
  static async open(options, clip) {
    const video = await openClip(clip);
    video.pause();
    try {
      return new ClipSource(video, options, clip.name);
    } catch (error) {
      release(video);
      throw error;
    }
  }

  /** @returns {boolean} whether the person has paused it */
  get paused() {
    return this.#reader.held;
  }

  /** @returns {boolean} whether no frame is under way, so that the page must ping */
  get quiet() {
    return !this.clipRun.isBusy;
  }

  /** @returns {number} the time of the last frame that was analysed, in seconds of the file */
  get timeS() {
    return this.clipRun.lastS;
  }

  get clipSize() {
    return this.#reader.size;
  }

  /** @returns {number} 0: not known */
  get durationS() {
    return this.#reader.durationS;
  }

  /** @returns {boolean} whether this browser does not tell single frames apart */
  get inSteps() {
    return this.#reader.inSteps;
  }

  /** @returns {number} seconds of the file that were skipped on the person's wish */
  get skippedS() {
    return this.#reader.skippedS;
  }

  /** @param {() => void} onChange the position, a count or the pause has changed */
  follow(onChange) {
    this.#onChange = onChange;
  }

  /** @param {Partial<SourceEvents>} events instead of those before; the reading begins with the first */
  listen(events) {
    this.#events = { ...NOBODY, ...events };
    if (this.#begun) return;
    this.#begun = true;
    this.#reader.read().catch((error) => this.#events.onEnd(new PeerError('clipBroken', this.#name, error)));
  }

  /** Its frames are counted by `clipRun`. */
  look() {}

  pause() {
    this.#reader.hold();
    this.#events.onPause();
    this.#onChange();
  }

  resume() {
    this.#reader.goOn();
    this.#events.onPause();
    this.#onChange();
  }

  /** @param {number} timeS where it goes on; a part that has been analysed is passed over */
  seekTo(timeS) {
    this.#reader.seekTo(timeS);
  }

  /** May be called twice. */
  close() {
    this.#events = NOBODY;
    this.#reader.close();
    release(this.#video);
  }

  #follow() {
    this.#reader.wake();
    this.#onChange();
    if (this.clipRun.isDone) this.#events.onFinish();
  }
}

/** @param {HTMLVideoElement} video */
function release(video) {
  video.onerror = null;
  URL.revokeObjectURL(video.src);
  video.removeAttribute('src');
}
