/** Where the pictures come from: a camera as it is, a camera mirrored, or a clip in a file. Touches no page. */

import { openCamera } from './camera.js';
import { requireReadableCanvas } from './canvas-reading.js';
import { PeerError } from './peer.js';

const HIDDEN_TAB_MS = 1000;

/**
 * @typedef {import('./camera.js').Wish & {mirror: 'mirrored' | 'as it is', clip: File | null}} Source
 */

/** An open source: its stream until close(). */
export class PictureSource {
  #stream;
  #below;
  #painter;
  #cameraId;

  /**
   * @param {MediaStream} stream
   * @param {() => void} below closes what feeds it
   * @param {Painter | null} painter
   * @param {string} [cameraId]
   */
  constructor(stream, below, painter, cameraId = '') {
    this.#stream = stream;
    this.#below = below;
    this.#painter = painter;
    this.#cameraId = cameraId;
  }

  /** @param {Source} wish @returns {Promise<PictureSource>} rejects with a PeerError */
  static async open(wish) {
    if (wish.clip) return PictureSource.#fromClip(wish);
    const camera = await openCamera(wish);
    const end = () => stopTracks(camera);
    const [track] = camera.getVideoTracks();
    const { deviceId = '' } = track.getSettings();
    if (wish.mirror !== 'mirrored') return new PictureSource(camera, end, null, deviceId);
    const painter = await Painter.over({ srcObject: camera }, wish).catch((error) => {
      end();
      throw error;
    });
    // A canvas does not know that the camera was unplugged; its own track says so then.
    track.addEventListener('ended', () => painter.fail());
    return new PictureSource(painter.stream, end, painter, deviceId);
  }

  static async #fromClip(wish) {
    const address = URL.createObjectURL(wish.clip);
    try {
      const painter = await Painter.over({ src: address, loop: true }, wish);
      return new PictureSource(painter.stream, () => URL.revokeObjectURL(address), painter);
    } catch (error) {
      URL.revokeObjectURL(address);
      throw error instanceof PeerError ? error : new PeerError('badClip', wish.clip.name, error);
    }
  }

  /** @returns {MediaStream} with one video track */
  get stream() {
    return this.#stream;
  }

  /** @returns {string} id of the camera behind it; empty: a clip */
  get cameraId() {
    return this.#cameraId;
  }

  /** Free the camera or the file; may be called twice. */
  close() {
    this.#painter?.close();
    stopTracks(this.#stream);
    this.#below();
  }
}

/** Paints a video onto a canvas, frame by frame, and gives the canvas as a stream. */
class Painter {
  #video = document.createElement('video');
  #canvas = document.createElement('canvas');
  #stream;
  #timer = 0;
  #mirror;
  #lastMs = 0;
  #leastMs;

  /** @param {object} from properties of a video element @param {Source} wish @returns {Promise<Painter>} once it plays */
  static async over(from, wish) {
    if (!HTMLCanvasElement.prototype.captureStream) throw new PeerError('unsupported');
    requireReadableCanvas();
    const painter = new Painter(wish);
    Object.assign(painter.#video, { muted: true, playsInline: true, ...from });
    try {
      await painter.#video.play();
      painter.#begin(wish);
    } catch (error) {
      painter.close();
      throw error;
    }
    return painter;
  }

  /** @param {Source} wish */
  constructor({ mirror, fps }) {
    this.#mirror = mirror;
    // Half a frame of play, so that a video at just this rate loses none.
    this.#leastMs = 500 / fps;
  }

  get stream() {
    return this.#stream;
  }

  /** The pictures ended by themselves. */
  fail() {
    this.#stream.getVideoTracks()[0].dispatchEvent(new Event('ended'));
  }

  close() {
    clearInterval(this.#timer);
    this.#video.pause();
    this.#video.srcObject = null;
    this.#video.removeAttribute('src');
    this.#timer = 0;
  }

  #begin({ width, height, fps }) {
    const scale = Math.min(1, width / this.#video.videoWidth, height / this.#video.videoHeight);
    // Even sides: half of them go to the colours of yuv420p.
    this.#canvas.width = 2 * Math.round((this.#video.videoWidth * scale) / 2);
    this.#canvas.height = 2 * Math.round((this.#video.videoHeight * scale) / 2);
    this.#paint();
    this.#stream = this.#canvas.captureStream(fps);
    // A tab in the background gets no frames; without any, the server would end the session.
    this.#timer = setInterval(() => document.hidden && this.#paint(), HIDDEN_TAB_MS);
    this.#next();
  }

  #next() {
    const paint = (nowMs) => {
      if (!this.#timer) return;
      if (nowMs - this.#lastMs >= this.#leastMs) {
        this.#lastMs = nowMs;
        this.#paint();
      }
      this.#next();
    };
    if (this.#video.requestVideoFrameCallback) this.#video.requestVideoFrameCallback(paint);
    else requestAnimationFrame(paint);
  }

  #paint() {
    const { width, height } = this.#canvas;
    const context = this.#canvas.getContext('2d', { alpha: false });
    context.setTransform(this.#mirror === 'mirrored' ? -1 : 1, 0, 0, 1, this.#mirror === 'mirrored' ? width : 0, 0);
    context.drawImage(this.#video, 0, 0, width, height);
  }
}

/** @param {MediaStream} stream */
function stopTracks(stream) {
  stream.getTracks().forEach((track) => track.stop());
}
