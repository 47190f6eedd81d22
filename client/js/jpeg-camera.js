/** Takes JPEGs from a track, the newest when asked for one; never keeps one that nobody took. Touches no page. */

import { requireReadableCanvas } from './canvas-reading.js';

/** At 0.8 a 640x480 picture has 30 to 50 kB and reads like the camera's own; the net sees 48 x 48 of it. */
const QUALITY = 0.8;
const HIDDEN_TAB_MS = 1000;
/** A capture time that is older belongs to another clock. */
const OLDEST_MS = 1000;

export class JpegCamera {
  #video = Object.assign(document.createElement('video'), { muted: true, playsInline: true });
  #canvas = makeCanvas();
  #onFrame;
  #timer = 0;

  /** @param {(takenMs: number) => void} onFrame a frame is there and may be taken; when it was taken, in the page's clock */
  constructor(onFrame) {
    this.#onFrame = onFrame;
  }

  /** @param {MediaStreamTrack} track from now on @returns {Promise<void>} once it plays */
  async use(track) {
    requireReadableCanvas();
    this.#video.srcObject = new MediaStream([track]);
    await this.#video.play();
    if (this.#timer) return;
    // A tab in the background gets no frames; without any, the server would end the session.
    this.#timer = setInterval(() => document.hidden && this.#onFrame(performance.now()), HIDDEN_TAB_MS);
    this.#next();
  }

  /** @returns {Promise<Blob | null>} the newest frame as JPEG; null: there is none */
  take() {
    const { videoWidth: width, videoHeight: height } = this.#video;
    if (!width || !height) return Promise.resolve(null);
    if (this.#canvas.width !== width || this.#canvas.height !== height) Object.assign(this.#canvas, { width, height });
    this.#canvas.getContext('2d', { alpha: false }).drawImage(this.#video, 0, 0);
    if (this.#canvas.convertToBlob) return this.#canvas.convertToBlob({ type: 'image/jpeg', quality: QUALITY });
    return new Promise((resolve) => this.#canvas.toBlob(resolve, 'image/jpeg', QUALITY));
  }

  /** May be called twice. The track stays open: it is not this one's. */
  close() {
    clearInterval(this.#timer);
    this.#timer = 0;
    this.#video.pause();
    this.#video.srcObject = null;
  }

  #next() {
    const look = (nowMs, frame) => {
      if (!this.#timer) return;
      const takenMs = frame?.captureTime ?? nowMs;
      this.#onFrame(nowMs - takenMs < OLDEST_MS ? Math.min(takenMs, nowMs) : nowMs);
      this.#next();
    };
    if (this.#video.requestVideoFrameCallback) this.#video.requestVideoFrameCallback(look);
    else requestAnimationFrame((nowMs) => look(nowMs));
  }
}

/** Chromium encodes the canvas of a page when it is idle, up to 50 ms later, and one off the page at once. */
function makeCanvas() {
  return globalThis.OffscreenCanvas ? new OffscreenCanvas(1, 1) : document.createElement('canvas');
}
