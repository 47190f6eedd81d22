/** Paints a playing video onto a canvas, frame by frame, and provides the canvas as a stream. Does not touch the page. */

import { contextOf, fit, make } from '../browser/elements.js';
import { PeerError } from '../connection/errors.js';
import { VideoFrames, requireReadableCanvas } from './video-frames.js';

const AGAIN_MS = 1000;
/** A one-second timer may fire slightly early. */
const STILL_MS = 900;
const HAVE_CURRENT_DATA = 2;

export class Painter {
  #video;
  #canvas = make('canvas');
  #stream;
  #timer;
  #frames;
  #options;
  #lastMs = 0;
  #leastMs;

  /**
   * @param {HTMLVideoElement} video that plays
   * @param {import('./video-source.js').SourceOptions} options
   */
  constructor(video, options) {
    if (!this.#canvas.captureStream) throw new PeerError('unsupported');
    requireReadableCanvas();
    this.#video = video;
    this.#options = options;
    // Half a frame of tolerance, so that a video at exactly this rate loses no frame.
    this.#leastMs = 500 / options.fps;
    this.#paint(performance.now());
    this.#stream = this.#canvas.captureStream(options.fps);
    this.#timer = setInterval(() => this.#repeat(), AGAIN_MS);
    this.#frames = new VideoFrames(video, (nowMs) => nowMs - this.#lastMs >= this.#leastMs && this.#paint(nowMs));
  }

  get stream() {
    return this.#stream;
  }

  /** @returns {import('./video-source.js').ClipSize} */
  get size() {
    const { videoWidth, videoHeight } = this.#video;
    return { width: videoWidth, height: videoHeight, sentWidth: this.#canvas.width, sentHeight: this.#canvas.height };
  }

  /** May be called twice. */
  close() {
    clearInterval(this.#timer);
    this.#frames.close();
    this.#video.pause();
    this.#video.srcObject = null;
  }

  /** Once a second. */
  #repeat() {
    // Without frames the server would end the session, although a stalled clip has not ended.
    const nowMs = performance.now();
    if (nowMs - this.#lastMs >= STILL_MS) this.#paint(nowMs);
    // Phones pause the video while another page is in the foreground.
    if (this.#video.paused && !document.hidden) this.#video.play().catch(() => {});
  }

  /** @param {number} nowMs */
  #paint(nowMs) {
    this.#lastMs = nowMs;
    this.#fit();
    const { width, height } = this.#canvas;
    const context = contextOf(this.#canvas);
    const there = this.#video.readyState >= HAVE_CURRENT_DATA;
    // A clip that loops has no current frame for a moment; repaint the canvas, because only painting creates a frame.
    context.drawImage(there ? this.#video : this.#canvas, 0, 0, width, height);
  }

  /** The size is known once the video has loaded. */
  #fit() {
    const { width: widest, height: highest } = this.#options;
    const fullWidth = this.#video.videoWidth || widest;
    const fullHeight = this.#video.videoHeight || highest;
    const scale = Math.min(1, widest / fullWidth, highest / fullHeight);
    // Even sides, because yuv420p stores colour at half the size.
    const width = 2 * Math.max(1, Math.round((fullWidth * scale) / 2));
    const height = 2 * Math.max(1, Math.round((fullHeight * scale) / 2));
    fit(this.#canvas, width, height);
  }
}
