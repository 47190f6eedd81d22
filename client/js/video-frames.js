/** Calls a function for each new frame of a playing video, and counts them. Touches no page. */

export class VideoFrames {
  #video;
  #onFrame;
  #count = 0;
  #closed = false;
  #tells;

  /**
   * @param {HTMLVideoElement} video
   * @param {(nowMs: number, frame?: VideoFrameCallbackMetadata) => void} onFrame for each frame; in browsers without the frame callback
   *   (Firefox before 132), for each screen refresh
   */
  constructor(video, onFrame) {
    this.#video = video;
    this.#onFrame = onFrame;
    this.#tells = Boolean(video.requestVideoFrameCallback);
    this.#next();
  }

  /** @returns {number | null} frames so far; null: not known, in these browsers and in a tab in the background */
  get count() {
    return this.#tells && !document.hidden ? this.#count : null;
  }

  /** May be called twice. */
  close() {
    this.#closed = true;
  }

  #next() {
    const look = (nowMs, frame) => {
      if (this.#closed) return;
      this.#count += 1;
      this.#onFrame(nowMs, frame);
      this.#next();
    };
    if (this.#video.requestVideoFrameCallback) this.#video.requestVideoFrameCallback(look);
    else requestAnimationFrame((nowMs) => look(nowMs));
  }
}
