/** Frames of a playing video: counts them, and checks that a canvas returns them unchanged. Does not touch the page. */

import { contextOf, make } from '../browser/elements.js';
import { PeerError } from '../connection/errors.js';

const SIDE_PX = 16;
const COLOUR = [18, 52, 86];
/** Some browsers change a few pixels slightly, which is harmless. */
const HARMLESS = 16;

export class VideoFrames {
  #video;
  #onFrame;
  #count = 0;
  #closed = false;
  #hasCallback;

  /**
   * @param {HTMLVideoElement} video
   * @param {(nowMs: number, frame?: VideoFrameCallbackMetadata) => void} onFrame for each frame; in browsers without the frame callback
   *   (Firefox before 132), for each screen refresh
   */
  constructor(video, onFrame) {
    this.#video = video;
    this.#onFrame = onFrame;
    this.#hasCallback = Boolean(video.requestVideoFrameCallback);
    this.#next();
  }

  /** @returns {number | null} frames so far; null: unknown, in these browsers and in a background tab */
  get count() {
    return this.#hasCallback && !document.hidden ? this.#count : null;
  }

  /** May be called twice. */
  close() {
    this.#closed = true;
  }

  #next() {
    /** @param {number} nowMs @param {VideoFrameCallbackMetadata} [frame] */
    const take = (nowMs, frame) => {
      if (this.#closed) return;
      this.#count += 1;
      this.#onFrame(nowMs, frame);
      this.#next();
    };
    if (this.#video.requestVideoFrameCallback) this.#video.requestVideoFrameCallback(take);
    else requestAnimationFrame((nowMs) => take(nowMs));
  }
}

/** Check that a canvas returns what was drawn: browsers that resist fingerprinting return noise. Throws a PeerError then. */
export function requireReadableCanvas() {
  const canvas = make('canvas', { width: SIDE_PX, height: SIDE_PX });
  const context = contextOf(canvas);
  context.fillStyle = `rgb(${COLOUR.join()})`;
  context.fillRect(0, 0, SIDE_PX, SIDE_PX);
  const { data } = context.getImageData(0, 0, SIDE_PX, SIDE_PX);
  const spoilt = data.filter((value, i) => i % 4 < 3 && Math.abs(value - COLOUR[i % 4]) > HARMLESS);
  if (spoilt.length > data.length / 10) throw new PeerError('noCanvas');
}
