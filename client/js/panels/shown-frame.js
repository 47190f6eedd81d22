/** Finds the report of the frame on show, so that nothing is said about a frame that the person does not see. Draws nothing. */

import { FrameMatcher } from '../session/frame-clock.js';

/** Where no frame reports its times: from a message to the screen, until the first measurement. */
const FIRST_DELAY_MS = 100;
/** Browsers may stop reporting the frames of a video that is out of view. */
const UNREPORTED_MS = 1000;
const UNREPORTED_FRAMES = 5;
/** A frame that is on show for longer is not what a person sees happen. */
const STILL_MS = 1000;
/** Weight of a new delay in the moving average. */
const WEIGHT = 0.1;

/**
 * @typedef {import('../connection/telemetry.js').Telemetry} Telemetry
 *
 * @typedef {object} Shown what is known about a frame that came on show
 * @property {number | null} timeS of the frame; null: not known
 * @property {number | null} encodeMs from its message to its last packet
 * @property {number} displayMs from its last packet to the screen
 */

export class ShownFrame {
  #video;
  #onFrame;
  #matcher = new FrameMatcher();
  /** Whether there is a connection, so that the video's frames are its frames. */
  #connected = false;
  /** The last frame that was found; `sinceMs`: when a frame with this report first came on show. @type {{telemetry: Telemetry, sinceMs: number, atMs: number, frames: number} | null} */
  #shown = null;
  /** From the arrival of a message to the screen. */
  #delayMs = FIRST_DELAY_MS;

  /**
   * @param {HTMLVideoElement} video
   * @param {(frame: Shown) => void} onFrame a frame of a peer connection came on show
   */
  constructor(video, onFrame) {
    this.#video = video;
    this.#onFrame = onFrame;
    this.#waitForFrame();
  }

  /** A new connection: its frames have another clock. */
  beginConnection() {
    this.#matcher = new FrameMatcher();
    this.#shown = null;
    this.#delayMs = FIRST_DELAY_MS;
    this.#connected = true;
  }

  /** The connection is closed. */
  end() {
    this.#connected = false;
    this.#shown = null;
  }

  /** @param {Telemetry} telemetry @param {number} atMs when it arrived @param {number} timeS of its frame */
  add(telemetry, atMs, timeS) {
    this.#matcher.addMessage(telemetry, atMs, timeS);
  }

  /** A frame of the compatibility mode was drawn. @param {number} ptsS of its message */
  show(ptsS) {
    this.#keep(this.#matcher.at(ptsS));
  }

  /** For browsers that do not report frames. @param {number} ms of a frame from its last packet to the screen */
  estimateDelay(ms) {
    this.#delayMs = ms;
  }

  /**
   * @param {number} nowMs
   * @returns {Telemetry | null} the report of the frame on show, or the best estimate: the newest that arrived one usual delay ago
   */
  report(nowMs) {
    return this.#find(nowMs)?.telemetry ?? null;
  }

  /** @param {number} nowMs @returns {Telemetry | null} as report(); null also if its frame has been on show for so long that the video stands still */
  current(nowMs) {
    const found = this.#find(nowMs);
    return found && nowMs - found.sinceMs <= STILL_MS ? found.telemetry : null;
  }

  /** @param {number} nowMs @returns {{telemetry: Telemetry, sinceMs: number} | null} */
  #find(nowMs) {
    if (this.#shown && !this.#isUnreported(this.#shown, nowMs)) return this.#shown;
    const message = this.#matcher.arrivedBy(nowMs - this.#delayMs);
    return message && { telemetry: message.telemetry, sinceMs: message.arrivedMs + this.#delayMs };
  }

  /** Whether newer frames came on show since, without being reported. @param {{atMs: number, frames: number}} shown @param {number} nowMs */
  #isUnreported({ atMs, frames }, nowMs) {
    return nowMs - atMs > UNREPORTED_MS && this.#frames - frames > UNREPORTED_FRAMES;
  }

  get #frames() {
    return this.#video.getVideoPlaybackQuality().totalVideoFrames;
  }

  /** @param {import('../session/frame-clock.js').Message | null} message of the frame that is now on show */
  #keep(message) {
    if (!message) return;
    const atMs = performance.now();
    this.#delayMs += (atMs - message.arrivedMs - this.#delayMs) * WEIGHT;
    const { telemetry } = message;
    const sinceMs = this.#shown?.telemetry === telemetry ? this.#shown.sinceMs : atMs;
    this.#shown = { telemetry, sinceMs, atMs, frames: this.#frames };
  }

  #waitForFrame() {
    this.#video.requestVideoFrameCallback?.((_now, frame) => {
      this.#waitForFrame();
      this.#look(frame);
    });
  }

  /** @param {VideoFrameCallbackMetadata} frame */
  #look({ receiveTime, rtpTimestamp, expectedDisplayTime }) {
    // Only frames of a peer connection have it.
    if (!this.#connected || receiveTime === undefined) return;
    const found = rtpTimestamp === undefined ? null : this.#matcher.match(rtpTimestamp, receiveTime);
    // A message leaves the server right before its frame. If its own was lost, the newest one before it is the last one shown.
    this.#keep(found ?? this.#matcher.arrivedBy(receiveTime));
    const encodeMs = found ? Math.max(0, receiveTime - found.arrivedMs) : null;
    this.#onFrame({ timeS: found?.timeS ?? null, encodeMs, displayMs: Math.max(0, expectedDisplayTime - receiveTime) });
  }
}
