/** Encodes the newest frame of a track as JPEG on request; never queues frames. Does not touch the page. */

import { contextOf, fit, make } from '../browser/elements.js';
import { VideoFrames, requireReadableCanvas } from '../source/video-frames.js';

/** At 0.8 a 640x480 frame has 30 to 50 kB and is analysed like the original; the emotion model sees 48 x 48 pixels of it. */
const QUALITY = 0.8;
const HIDDEN_TAB_MS = 1000;
/** An older capture time belongs to another clock. */
const OLDEST_MS = 1000;

export class JpegCamera {
  #video = make('video', { muted: true, playsInline: true });
  #canvas = makeCanvas();
  #onFrame;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #timer;
  /** @type {MediaStreamTrack | null} */
  #track = null;
  /** @type {VideoFrames | null} */
  #frames = null;

  /** @param {(takenMs: number) => void} onFrame a new frame; when it was captured, in the page's clock */
  constructor(onFrame) {
    this.#onFrame = onFrame;
  }

  /** @returns {number | null} frames of the track so far; null: not known */
  get frames() {
    return this.#frames?.count ?? null;
  }

  /**
   * @param {MediaStreamTrack} track from now on
   * @returns {Promise<void>} when it plays (a muted camera: later), or when it has been replaced
   */
  async use(track) {
    requireReadableCanvas();
    const stream = new MediaStream([track]);
    this.#track = track;
    this.#video.srcObject = stream;
    const playing = this.#video.play();
    this.#begin();
    try {
      await playing;
    } catch (error) {
      // Replaced by another track before it played, or closed.
      if (this.#video.srcObject === stream) throw error;
    }
  }

  /** @returns {Promise<Blob | null>} the newest frame as JPEG; null: there is none */
  take() {
    const canvas = this.#canvas;
    const { videoWidth: width, videoHeight: height } = this.#video;
    if (!width || !height) return Promise.resolve(null);
    fit(canvas, width, height);
    contextOf(canvas).drawImage(this.#video, 0, 0);
    if ('convertToBlob' in canvas) return canvas.convertToBlob({ type: 'image/jpeg', quality: QUALITY });
    return new Promise((resolve) => canvas.toBlob(resolve, 'image/jpeg', QUALITY));
  }

  /** May be called twice. Does not stop the track, which belongs to the source. */
  close() {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#frames?.close();
    this.#video.srcObject = null;
  }

  #begin() {
    if (this.#timer) return;
    this.#frames = new VideoFrames(this.#video, (nowMs, frame) => {
      const takenMs = frame?.captureTime ?? nowMs;
      this.#onFrame(nowMs - takenMs < OLDEST_MS ? Math.min(takenMs, nowMs) : nowMs);
    });
    this.#timer = setInterval(() => {
      // A background tab gets no frames; without any, the server would end the session.
      if (document.hidden && !this.#track?.muted) this.#onFrame(performance.now());
      // Phones pause the video while another page is in the foreground.
      else if (this.#video.paused) this.#video.play().catch(() => {});
    }, HIDDEN_TAB_MS);
  }
}

/** Chromium encodes an element when it is idle, up to 50 ms later, but an OffscreenCanvas at once. */
function makeCanvas() {
  return globalThis.OffscreenCanvas ? new OffscreenCanvas(1, 1) : make('canvas');
}
