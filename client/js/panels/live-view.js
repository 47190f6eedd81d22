/** Everything on the page that follows the reports: chart, face, figures, latency, log. Independent of the connection and of the visit's state. */

import { FrameClock, FrameMatcher } from '../session/frame-clock.js';
import { T } from '../texts/texts.js';

/**
 * @typedef {import('../connection/telemetry.js').Telemetry} Telemetry
 *
 * @typedef {object} LiveParts
 * @property {import('../session/session-log.js').SessionLog} log
 * @property {import('./emotion-chart.js').EmotionChart | null} chart null: its libraries are missing
 * @property {import('./chart-tools.js').ChartTools} chartTools
 * @property {import('./face-panel.js').FacePanel} face
 * @property {import('./health-panel.js').HealthPanel} health
 * @property {HTMLElement} summary element whose accessible name describes the chart
 * @property {HTMLVideoElement} video
 */

export class LiveView {
  #at;
  #clock = new FrameClock();
  #matcher = new FrameMatcher();
  #startS = 0;
  #startedAt = new Date();
  /** Whether there is a connection, so that the video's frames are timed. */
  #timing = false;

  /** @param {LiveParts} parts */
  constructor(parts) {
    this.#at = parts;
    this.#nextFrame();
  }

  /** @returns {number} the start of this visit, in seconds of the page's clock */
  get startS() {
    return this.#startS;
  }

  /** @returns {Date} */
  get startedAt() {
    return this.#startedAt;
  }

  /** A new visit: forget the last one. */
  begin() {
    const { log, chart, chartTools } = this.#at;
    this.#startS = nowS();
    this.#startedAt = new Date();
    log.clear();
    chartTools.follow();
    chart?.clear(this.#startS);
  }

  /** A new connection: its frames have another clock. */
  beginConnection() {
    this.#clock = new FrameClock();
    this.#matcher = new FrameMatcher();
    this.#at.log.newSession();
    this.#timing = true;
  }

  /** The connection is open. @param {string} sessionId */
  beginSession(sessionId) {
    this.#at.health.say('session', sessionId.slice(0, 8));
    this.#at.chart?.start();
  }

  /** @param {string} kind of EVENTS in texts/en.js @param {string} [detail] */
  note(kind, detail = '') {
    this.#at.log.note(nowS() - this.#startS, kind, detail);
  }

  /** @param {Telemetry} telemetry @param {number} atMs when it arrived */
  add(telemetry, atMs) {
    const { log, chart, health } = this.#at;
    const timeS = this.#clock.pageTime(telemetry.pts, atMs / 1000);
    this.#matcher.addMessage(telemetry.pts, atMs, timeS);
    health.addTimes(telemetry.ms);
    log.add(timeS - this.#startS, telemetry);
    chart?.add(timeS, this.#probabilities(telemetry), telemetry.fpsOut);
  }

  /** Another face is followed: draw its past, as far as the log has it. */
  refill() {
    const { log, chart } = this.#at;
    if (!chart) return;
    chart.clear();
    for (const { timeS, telemetry } of log) chart.add(this.#startS + timeS, this.#probabilities(telemetry), telemetry.fpsOut);
  }

  /**
   * @param {Telemetry} newest
   * @param {number} dropped since the start of the visit
   * @returns {string} the badge beside the video; empty: none
   */
  show(newest, dropped) {
    const { chart, chartTools, face, health, summary } = this.#at;
    const verdict = face.show(newest);
    chart?.lead(face.label);
    summary.setAttribute('aria-label', T.chartSummary(chartTools.windowWords, verdict, newest.fpsOut));
    return health.show(newest, dropped);
  }

  /** @param {import('../connection/connection-stats.js').Rates} rates */
  showRates(rates) {
    const { health, video } = this.#at;
    const { display = null, ...others } = rates.ms;
    health.showRates(rates);
    // Where the video reports its frames, each has its own time.
    health.addTimes({ ...others, display: 'requestVideoFrameCallback' in video ? null : display });
  }

  /** @param {import('../connection/jpeg-peer.js').Shown} frame of the compatibility mode, whose video has no clock of its own */
  showJpegFrame({ ptsS, ms }) {
    this.#at.chart?.showMoment(this.#clock.timeOf(ptsS));
    this.#at.health.addTimes(ms);
  }

  /** The camera is paused. @param {string} reason */
  pause(reason) {
    this.#at.face.wait(reason);
    this.#at.health.wait();
  }

  /** The connection is lost and may come back. @param {string} reason @param {number} dropped since the start of the visit */
  interrupt(reason, dropped) {
    this.#at.face.wait(reason);
    this.#at.health.reset();
    this.#at.health.say('dropped', String(dropped));
  }

  /** Nothing runs. */
  reset() {
    this.#timing = false;
    const { chart, face, health } = this.#at;
    chart?.stop();
    chart?.lead('');
    face.reset();
    health.reset();
  }

  /** @param {Telemetry} telemetry */
  #probabilities(telemetry) {
    return this.#at.face.follow(telemetry.faces)?.probabilities ?? null;
  }

  #nextFrame() {
    this.#at.video.requestVideoFrameCallback?.((_now, frame) => {
      this.#nextFrame();
      this.#onFrame(frame);
    });
  }

  /** @param {VideoFrameCallbackMetadata} frame */
  #onFrame({ receiveTime, rtpTimestamp, expectedDisplayTime }) {
    // Only frames of a peer connection have it.
    if (!this.#timing || receiveTime === undefined) return;
    const found = rtpTimestamp === undefined ? null : this.#matcher.match(rtpTimestamp, receiveTime);
    this.#at.chart?.showMoment(found?.timeS ?? null);
    this.#at.health.addTimes({ encode: found?.lagMs ?? null, display: Math.max(0, expectedDisplayTime - receiveTime) });
  }
}

function nowS() {
  return performance.now() / 1000;
}
