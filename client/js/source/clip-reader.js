/**
 * Reads every frame of a video file once, in order. It plays the file, because that is fast, and pauses whenever frames wait; where
 * the browser has skipped frames, it seeks back to them. Sends nothing and does not touch the page.
 */

import { contextOf, fit, make } from '../browser/elements.js';

/** At 0.8 a 640x480 frame has 30 to 50 kB and is analysed like the original. */
const QUALITY = 0.8;
/** Frames are a millisecond apart at least; browsers round their times to microseconds. */
const SAME_S = 0.0005;
/** After "seeked", the frame follows within this time, if it is another one than before. */
const SHOWN_MS = 250;
const LOOK_MS = 20;
const SEEK_MS = 8000;
/** Firefox may have the frame only after "seeked" (by 1 to 3 ms at the end of a file, seen in 153). */
const DECODE_MS = 2000;
/** Frames that are fetched one by one in a gap; over a longer one, the file is played again. */
const MOST_FETCHED = 30;
/** Speed of the playback: lower after each gap, higher after each frame without one. */
const SLOWEST = 0.4;
const SLOWER = 0.9;
const FASTER = 1.02;
/** A frame that follows after more than this share of the usual time may follow a frame that was skipped, which is then checked. */
const LATE = 1.25;
/** Frames whose distance is the usual one. */
const USUAL = 8;
/** How often a frame that is drawn must be checked against the one that the browser reports. */
const DRAWS = 3;
/** Where the browser does not tell when a frame is, the file is read in steps of this length. */
const STEP_S = 1 / 30;
/** A moment at which no frame begins, in shares of the file. */
const ODD_SHARE = 0.3719;
const EXACTLY_S = 1e-6;
const HAVE_CURRENT_DATA = 2;

/**
 * @typedef {object} Image
 * @property {number} timeS in the file
 * @property {Promise<Blob | null>} jpeg
 *
 * @typedef {Image & {presented: number, dropped: number, isSure: boolean}} Arrived `presented` and `dropped` are the browser's counts of
 *   frames; `isSure`: it is the frame that the browser reported
 *
 * @typedef {object} ReaderParts
 * @property {HTMLVideoElement} video paused, with a decoded frame
 * @property {import('./clip-run.js').ClipRun} run gets the frames
 * @property {{width: number, height: number}} options
 * @property {() => void} onChange the position has changed
 */

export class ClipReader {
  #video;
  #run;
  #options;
  #onChange;
  #canvas = globalThis.OffscreenCanvas ? new OffscreenCanvas(1, 1) : make('canvas');
  /** @type {Arrived[]} */
  #arrived = [];
  /** The browser's count of frames, at the last one that was read. */
  #presented = 0;
  #dropped = 0;
  /** The time of the last frame that the browser reported. */
  #reportedS = 0;
  /** The last distances between frames, where none was skipped. @type {number[]} */
  #stepsS = [];
  #lastS = -1;
  #skippedS = 0;
  #rate = 1;
  #ended = false;
  #inSteps = false;
  #held = false;
  #closed = false;
  /** @type {number | null} where the person wants to go on */
  #wantedS = null;
  /** Called at the next event. */
  #wake = () => {};
  /** @type {((frame: VideoFrameCallbackMetadata) => void) | null} takes the next frame while the reader seeks */
  #onSought = null;
  #settling = 0;

  /** @param {ReaderParts} parts */
  constructor({ video, run, options, onChange }) {
    this.#video = video;
    this.#run = run;
    this.#options = options;
    this.#onChange = onChange;
    video.onended = () => {
      this.#ended = true;
      this.#wake();
    };
    document.addEventListener('visibilitychange', this.wake);
    this.#listen();
  }

  /** Something has changed that reading waits for. */
  wake = () => this.#wake();

  /** @returns {import('./video-source.js').ClipSize} */
  get size() {
    const { videoWidth, videoHeight } = this.#video;
    const { width, height } = this.#fitted();
    return { width: videoWidth, height: videoHeight, sentWidth: width, sentHeight: height };
  }

  /** @returns {number} in seconds; 0: not known yet */
  get durationS() {
    return Number.isFinite(this.#video.duration) ? this.#video.duration : 0;
  }

  /** @returns {number} seconds of the file that were skipped on the person's wish */
  get skippedS() {
    return this.#skippedS;
  }

  /** @returns {boolean} whether the person holds it */
  get held() {
    return this.#held;
  }

  /** @returns {boolean} whether the file is read in steps, because this browser does not tell when its frames are */
  get inSteps() {
    return this.#inSteps;
  }

  hold() {
    this.#held = true;
    this.#wake();
  }

  goOn() {
    this.#held = false;
    this.#wake();
  }

  /** Skip the frames up to this moment. Reading never goes back: what comes before has been read or skipped. @param {number} timeS */
  seekTo(timeS) {
    this.#wantedS = timeS;
    this.#wake();
  }

  /** Read to the end. @returns {Promise<void>} when everything has been read, or when it was closed */
  async read() {
    await this.#begin();
    this.#inSteps = !(await this.#tellsTimes());
    while (!this.#closed) {
      const wantedS = this.#wantedS;
      this.#wantedS = null;
      const next = this.#arrived.shift();
      if (wantedS !== null) await this.#skipTo(wantedS);
      else if (next) await this.#take(next);
      else if (this.#ended) {
        if (await this.#readTail()) break;
      } else if (this.#mayRead && this.#inSteps) await this.#step();
      else await this.#event();
    }
    this.#video.pause();
    if (!this.#closed) this.#run.endReading();
  }

  /** May be called twice. */
  close() {
    this.#closed = true;
    document.removeEventListener('visibilitychange', this.wake);
    this.#video.onended = null;
    this.#video.pause();
    this.#wake();
  }

  get #mayRead() {
    // Browsers report no frames in a background tab, so a file that plays there would be lost.
    return !this.#held && !this.#run.isFull && !document.hidden;
  }

  /** Play or pause, and wait until something happens. @returns {Promise<void>} */
  #event() {
    const woken = new Promise((resolve) => (this.#wake = () => resolve(undefined)));
    if (!this.#mayRead) this.#video.pause();
    else if (this.#video.paused && !this.#settling) {
      if (Math.abs(this.#video.playbackRate - this.#rate) > 0.05) this.#video.playbackRate = this.#rate;
      this.#video.play().catch(() => {});
    }
    return woken;
  }

  #listen() {
    this.#video.requestVideoFrameCallback?.((_now, frame) => {
      if (this.#closed) return;
      this.#listen();
      this.#reportedS = frame.mediaTime;
      if (this.#onSought) this.#onSought(frame);
      else if (this.#inSteps) return;
      else if ('VideoFrame' in globalThis) this.#arrive(frame);
      else this.#settle(frame);
    });
  }

  /** @param {VideoFrameCallbackMetadata} frame */
  #arrive({ mediaTime, presentedFrames: presented }) {
    const image = this.#capture(mediaTime);
    this.#arrived.push({ ...image, presented, dropped: this.#countDropped(), isSure: Math.abs(image.timeS - mediaTime) < SAME_S });
    if (!this.#mayRead) this.#video.pause();
    this.#wake();
  }

  /** A browser that cannot tell which frame it draws: pause, and draw when no other frame has followed. @param {VideoFrameCallbackMetadata} frame */
  #settle(frame) {
    this.#video.pause();
    const settling = (this.#settling += 1);
    requestAnimationFrame(() =>
      requestAnimationFrame(() => {
        if (settling !== this.#settling || this.#closed) return;
        this.#settling = 0;
        if (!this.#onSought) this.#arrive(frame);
      }),
    );
  }

  /** @param {Arrived} arrived */
  async #take({ timeS, jpeg, presented, dropped, isSure }) {
    // Browsers skip frames without counting them, too.
    const isLate = timeS - this.#lastS > LATE * Math.min(...this.#stepsS);
    const follows = presented === this.#presented + 1 && dropped === this.#dropped && isSure && !isLate && this.#stepsS.length > 0;
    this.#presented = presented;
    this.#dropped = dropped;
    if (timeS < this.#lastS + SAME_S) return;
    if (follows) {
      this.#rate = Math.min(1, this.#rate * FASTER);
      this.#add({ timeS, jpeg });
    }
    else await this.#fillUntil({ timeS, jpeg });
  }

  /** Frames were skipped before this one: fetch them, each from the one after it. @param {Image} end */
  async #fillUntil(end) {
    this.#pause();
    const fetched = [end];
    while (!this.#closed && fetched.length <= MOST_FETCHED) {
      const before = await this.#show(fetched[0].timeS - 2 * SAME_S);
      if (!before || before.timeS < this.#lastS + SAME_S || before.timeS >= fetched[0].timeS) break;
      fetched.unshift(before);
    }
    if (this.#closed) return;
    // Too many: play from the last frame again, slower.
    if (fetched.length > MOST_FETCHED) return void (await this.#show(this.#lastS + SAME_S));
    if (fetched.length > 1) this.#rate = Math.max(SLOWEST, this.#rate * SLOWER);
    for (const image of fetched) this.#add(image);
    await this.#show(end.timeS + SAME_S);
  }

  /** @param {Image} image */
  #add({ timeS, jpeg }) {
    if (this.#lastS >= 0) this.#stepsS = [timeS - this.#lastS, ...this.#stepsS].slice(0, USUAL);
    this.#lastS = timeS;
    this.#run.add(timeS, jpeg);
    this.#onChange();
  }

  async #begin() {
    const first = await this.#show(0);
    if (this.#closed) return;
    if (!first) throw new Error('the first frame cannot be read');
    this.#add(first);
  }

  /**
   * Firefox before 132 reports no frames. Later ones say, after a seek, the moment that was asked for instead of the frame's, and
   * VideoFrame has seconds for microseconds there (seen in 153).
   */
  async #tellsTimes() {
    if (!this.#video.requestVideoFrameCallback) return false;
    const askedS = this.durationS * ODD_SHARE;
    if (!askedS || this.#closed) return true;
    await this.#show(askedS);
    const tells = Math.abs(this.#reportedS - askedS) > EXACTLY_S;
    await this.#show(this.#lastS);
    return tells;
  }

  /** @param {number} timeS */
  async #skipTo(timeS) {
    if (timeS < this.#lastS + SAME_S) return;
    this.#pause();
    const before = await this.#show(timeS - 2 * SAME_S);
    const image = await this.#show(timeS);
    if (this.#closed || !image || image.timeS < this.#lastS + SAME_S) return;
    // From the next frame on, nothing is skipped.
    if (before && before.timeS > this.#lastS + SAME_S) this.#skippedS += image.timeS - this.#lastS;
    this.#add(image);
    this.#stepsS.shift();
  }

  /** The browser may have ended before it reported the last frames. @returns {Promise<boolean>} whether that was all */
  async #readTail() {
    this.#ended = false;
    // Exactly there: in some files the last frame has no duration.
    const last = await this.#show(this.durationS || this.#video.currentTime);
    if (last && last.timeS > this.#lastS + SAME_S) await this.#fillUntil(last);
    return this.#wantedS === null && !this.#arrived.length;
  }

  /** Without reports of frames. */
  async #step() {
    const timeS = this.#lastS + STEP_S;
    // A sum of steps may miss the end of the file by a rounding error, and no frame begins there.
    if (timeS >= this.durationS - SAME_S) {
      this.#run.endReading();
      return this.close();
    }
    const image = await this.#show(timeS);
    this.#add({ timeS, jpeg: image?.jpeg ?? Promise.resolve(null) });
  }

  #pause() {
    this.#video.pause();
    // They are read again.
    this.#arrived = [];
    this.#ended = false;
  }

  /**
   * Seek to a moment, with the file paused.
   *
   * @param {number} timeS
   * @returns {Promise<Image | null>} the frame that is shown at this moment; null: none
   */
  async #show(timeS) {
    const video = this.#video;
    const targetS = Math.max(0, timeS);
    /** @type {Image | null} */
    let shown = null;
    const sought = new Promise((resolve) => {
      this.#onSought = ({ mediaTime, presentedFrames: presented }) => {
        this.#presented = presented;
        const image = this.#capture(mediaTime);
        // A frame that was on its way before the seek is later than the target, or else it is the frame in question.
        if (image.timeS > targetS + SAME_S && targetS > 0) return;
        shown = image;
        resolve(undefined);
      };
    });
    const seeked = new Promise((resolve) => (video.onseeked = resolve));
    video.currentTime = targetS;
    await Promise.race([seeked, after(SEEK_MS)]);
    for (let waitedMs = 0; video.readyState < HAVE_CURRENT_DATA && waitedMs < DECODE_MS; waitedMs += LOOK_MS) await after(LOOK_MS);
    const hasCallback = Boolean(video.requestVideoFrameCallback);
    if (hasCallback && !this.#inSteps) await Promise.race([sought, after(SHOWN_MS)]);
    // A frame that was shown before is not reported again; a busy browser is late.
    for (let waitedMs = 0; !shown && waitedMs < SEEK_MS && (this.#shownS() ?? 0) > targetS + SAME_S; waitedMs += LOOK_MS) await after(LOOK_MS);
    this.#onSought = null;
    this.#arrived = [];
    this.#ended = false;
    this.#dropped = this.#countDropped();
    if (shown) return shown;
    if (video.readyState < HAVE_CURRENT_DATA) return null;
    return this.#capture(hasCallback ? this.#reportedS : targetS);
  }

  /** Draw the frame on show. @param {number} reportedS its time, if the browser cannot tell @returns {Image} */
  #capture(reportedS) {
    let timeS = reportedS;
    for (let i = 0; i < DRAWS; i += 1) {
      const earlierS = this.#shownS();
      this.#draw();
      timeS = earlierS ?? reportedS;
      // Another frame may have come on show in between.
      if (earlierS === this.#shownS()) break;
    }
    return { timeS, jpeg: encode(this.#canvas) };
  }

  /** @returns {number | null} the time of the frame on show; null: this browser cannot tell */
  #shownS() {
    try {
      const frame = globalThis.VideoFrame ? new VideoFrame(this.#video) : null;
      const timeS = frame ? frame.timestamp / 1e6 : null;
      frame?.close();
      return timeS;
    } catch {
      // There is no frame at this moment.
      return null;
    }
  }

  #countDropped() {
    return this.#video.getVideoPlaybackQuality?.().droppedVideoFrames ?? 0;
  }

  /** @returns {{width: number, height: number}} of the frames as they are sent */
  #fitted() {
    const { videoWidth, videoHeight } = this.#video;
    const { width: widest, height: highest } = this.#options;
    const scale = Math.min(1, widest / videoWidth, highest / videoHeight);
    return { width: Math.max(1, Math.round(videoWidth * scale)), height: Math.max(1, Math.round(videoHeight * scale)) };
  }

  #draw() {
    const { width, height } = this.#fitted();
    fit(this.#canvas, width, height);
    contextOf(this.#canvas).drawImage(this.#video, 0, 0, width, height);
  }
}

/** @param {HTMLCanvasElement | OffscreenCanvas} canvas @returns {Promise<Blob | null>} what it shows now, as JPEG */
function encode(canvas) {
  if ('convertToBlob' in canvas) return canvas.convertToBlob({ type: 'image/jpeg', quality: QUALITY }).catch(() => null);
  return new Promise((resolve) => canvas.toBlob(resolve, 'image/jpeg', QUALITY));
}

/** @param {number} ms @returns {Promise<void>} */
function after(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
