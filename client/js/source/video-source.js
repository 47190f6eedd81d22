/** Where the video comes from: a camera, or a clip in a file. Does not touch the page. */

import { openCamera } from './camera.js';
import { loopClip } from './clip.js';
import { make } from '../browser/elements.js';
import { PeerError } from '../connection/errors.js';
import { Painter } from './painter.js';
import { SourceWatch } from './source-watch.js';
import { VideoFrames } from './video-frames.js';

/** Some browsers on phones report no `facingMode`. */
const REAR_NAME = /\b(back|rear)\b/i;

/**
 * @typedef {'front' | 'rear' | 'none'} Facing where a camera looks; none: a clip
 *
 * @typedef {import('./camera.js').CameraOptions & {clip: File | null, clipPlays?: 'once' | 'in a loop'}} SourceOptions which camera or clip to open, and how
 *
 * @typedef {{width: number, height: number, sentWidth: number, sentHeight: number}} ClipSize of a file's frames, and of the same as they are sent
 *
 * @typedef {object} SourceEvents
 * @property {() => void} onPause `paused` has changed
 * @property {(error: PeerError) => void} onEnd the source ended on its own
 * @property {() => void} onFinish every frame of a file that is analysed once has settled
 */

/** An open source: its stream until close(). */
export class VideoSource {
  #stream;
  #below;
  #painter;
  #camera;
  /** @type {SourceWatch | null} null: a clip, which never pauses */
  #watch = null;
  /** @type {{video: HTMLVideoElement, frames: VideoFrames} | null} */
  #counter = null;
  /** @type {SourceEvents} */
  #events = { onPause: () => {}, onEnd: () => {}, onFinish: () => {} };

  /**
   * @param {MediaStream} stream
   * @param {() => void} below closes what feeds it
   * @param {Painter | null} painter
   * @param {MediaStreamTrack | null} camera null: a clip
   */
  constructor(stream, below, painter, camera) {
    this.#stream = stream;
    this.#below = below;
    this.#painter = painter;
    this.#camera = camera;
    if (!camera) return;
    this.#watch = new SourceWatch(camera, () => this.#events.onPause());
    camera.addEventListener('ended', () => this.#events.onEnd(new PeerError('cameraEnded')));
  }

  /** Nothing: the connection takes its stream. @type {null} */
  clipRun = null;

  /** @param {SourceOptions} options @returns {Promise<VideoSource>} rejects with a PeerError */
  static async open(options) {
    if (options.clip) return VideoSource.#fromClip(options, options.clip);
    const stream = await openCamera(options);
    const end = () => stopTracks(stream);
    const [camera] = stream.getVideoTracks();
    return new VideoSource(stream, end, null, camera);
  }

  /** @param {SourceOptions} options @param {File} clip @returns {Promise<VideoSource>} */
  static async #fromClip(options, clip) {
    const video = await loopClip(clip);
    const end = () => {
      video.onerror = null;
      URL.revokeObjectURL(video.src);
      video.removeAttribute('src');
    };
    try {
      const painter = new Painter(video, options);
      const source = new VideoSource(painter.stream, end, painter, null);
      video.onerror = () => source.#events.onEnd(new PeerError('clipBroken', clip.name));
      return source;
    } catch (error) {
      end();
      throw error;
    }
  }

  /** @returns {MediaStream} with one video track */
  get stream() {
    return this.#stream;
  }

  /** @returns {ClipSize | null} null: a camera */
  get clipSize() {
    return this.#camera ? null : (this.#painter?.size ?? null);
  }

  /** @returns {string} id of the camera behind it; empty: a clip */
  get cameraId() {
    return this.#camera?.getSettings().deviceId ?? '';
  }

  /** @returns {Facing} whether its camera looks at the person */
  get facing() {
    if (!this.#camera) return 'none';
    const isRear = this.#camera.getSettings().facingMode === 'environment' || REAR_NAME.test(this.#camera.label);
    return isRear ? 'rear' : 'front';
  }

  /** @returns {boolean} whether its camera sends no frames at the moment: muted, or silent */
  get paused() {
    return this.#watch?.paused ?? false;
  }

  /** @returns {boolean} whether its frames do not keep the session open: it is paused, or may be about to pause */
  get quiet() {
    return this.#watch?.quiet ?? false;
  }

  /** @param {Partial<SourceEvents>} events instead of those before */
  listen(events) {
    this.#events = { onPause: () => {}, onEnd: () => {}, onFinish: () => {}, ...events };
  }

  /**
   * Check whether frames arrive; call it about once a second.
   *
   * @param {number | null} sent frames that the connection has counted; null: no connection counts them
   */
  look(sent) {
    this.#watch?.look(sent ?? this.#ownCount(), performance.now());
  }

  /** Release the camera or the file; may be called twice. */
  close() {
    this.#events = { onPause: () => {}, onEnd: () => {}, onFinish: () => {} };
    this.#watch?.close();
    this.#counter?.frames.close();
    if (this.#counter) this.#counter.video.srcObject = null;
    this.#counter = null;
    this.#painter?.close();
    stopTracks(this.#stream);
    this.#below();
  }

  /** Playing a camera only to count its frames has a cost, so do it only if nothing else counts them. */
  #ownCount() {
    if (!this.#counter) {
      const video = make('video', { muted: true, playsInline: true, srcObject: this.#stream });
      this.#counter = { video, frames: new VideoFrames(video, () => {}) };
      video.play().catch(() => {});
    }
    return this.#counter.frames.count;
  }
}

/** @param {MediaStream} stream */
function stopTracks(stream) {
  stream.getTracks().forEach((track) => track.stop());
}
