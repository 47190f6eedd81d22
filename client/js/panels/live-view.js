/** Everything on the page that follows the reports: chart, face, figures, latency, log. Independent of the connection and of the visit's state. */

import { FirstFrames } from '../session/first-frames.js';
import { FrameClock } from '../session/frame-clock.js';
import { momentOf } from '../session/moment.js';
import { clockTime } from '../texts/format.js';
import { T } from '../texts/texts.js';
import { ShownFrame } from './shown-frame.js';

/**
 * @typedef {import('../connection/telemetry.js').Telemetry} Telemetry
 *
 * @typedef {object} LiveParts
 * @property {import('../session/session-log.js').SessionLog} log
 * @property {import('./emotion-chart.js').EmotionChart | null} chart null: its libraries are missing
 * @property {import('./chart-tools.js').ChartTools} chartTools
 * @property {import('./face-panel.js').FacePanel} face
 * @property {import('./announcer.js').Announcer} announcer
 * @property {import('./quality-panel.js').QualityPanel} qualityPanel
 * @property {import('./faces-strip.js').FacesStrip} strip
 * @property {HTMLElement} summary element whose accessible name describes the chart
 * @property {HTMLVideoElement} video
 */

export class LiveView {
  #at;
  #clock = new FrameClock();
  /** Those that are not in the log yet. */
  #first = new FirstFrames();
  /** Time of the newest message, in the log or not, since the session's start. */
  #newestS = 0;
  /** Which report belongs to the frame on show. */
  #shown;
  /** Number of the last report; a session that is not resumed counts from 0 again. */
  #lastSeq = -1;
  /** Whether the face panel says why there are no reports; a frame that was still on its way must not replace that. */
  #waiting = false;
  /** Whether a file is paused, so that the frame on show stays. */
  #isHeld = false;
  #startS = 0;
  #startedAt = new Date();
  /** Whether the reports are of a file that is analysed once, whose own time counts. */
  #isClip = false;
  /** Time of the frame on show, in the page's clock. @type {number | null} */
  #momentS = null;
  /** A past session that the chart shows. @type {import('../session/session-log.js').SessionLog | null} */
  #past = null;
  #isRunning = false;
  /** The past session that word, bars and choice of a face describe. @type {import('../session/session-log.js').SessionLog | null} null: the page's own session */
  #subject = null;
  /** The face that was chosen in the page's own session. @type {number | null} */
  #ownChoice = null;
  /** Whether the chart follows the newest reports. */
  #isChartLive = true;

  /** @param {LiveParts} parts */
  constructor(parts) {
    this.#at = parts;
    this.#shown = new ShownFrame(parts.video, (frame) => this.#onFrame(frame));
    parts.chartTools.onView = (view) => this.#onView(view);
  }

  /** @returns {Date} */
  get startedAt() {
    return this.#startedAt;
  }

  /** @returns {import('../session/session-log.js').OnShow} the frame on show; the moment without a frame while the video stands still or is away */
  get onShow() {
    const nowMs = performance.now();
    // The time of a file says nothing about when a person pressed something, and stands still with it.
    if (this.#isClip) return this.#onShowOfFile(nowMs);
    const pressedS = nowMs / 1000 - this.#startS;
    const shown = this.#waiting ? null : this.#shown.current(nowMs);
    if (!shown) return { timeS: pressedS, pressedS };
    return { timeS: Math.min(pressedS, Math.max(0, this.#clock.timeOf(shown.pts) - this.#startS)), pressedS, seq: shown.seq };
  }

  /** @param {number} nowMs @returns {import('../session/session-log.js').OnShow} the frame of the file on show; that of the newest message where it is not known */
  #onShowOfFile(nowMs) {
    const newestS = Math.max(this.#newestS, this.#at.log.lastS);
    const seq = (this.#momentS === null ? null : this.#shown.report(nowMs))?.seq ?? this.#lastSeq;
    return { timeS: this.#momentS === null ? newestS : Math.min(newestS, Math.max(0, this.#momentS - this.#startS)), ...(seq >= 0 && { seq }) };
  }

  /** The chart shows a past session instead. @param {import('../session/session-log.js').SessionLog | null} log null: this one again */
  showPast(log) {
    const { chart, chartTools, face, log: own } = this.#at;
    this.#past = log;
    this.#chooseSubject();
    if (!this.#isRunning) face.reset();
    chartTools.follow();
    if (!log && this.#isRunning) {
      chart?.begin(own, this.#startS);
      chart?.start();
    } else chart?.show(log ?? own);
    if (log) chartTools.showWhole();
    else chartTools.showChosen();
    this.refill();
  }

  /** The log was cleared: show nothing of it. */
  forget() {
    const { log, chart, face } = this.#at;
    if (this.#past) return;
    face.reset();
    chart?.show(log);
  }

  /** A new visit: forget the last one. @param {'page' | 'file'} time whose time counts; a file's, if it is analysed once */
  begin(time) {
    const { log, chart, chartTools, face, announcer } = this.#at;
    this.#past = this.#subject = this.#ownChoice = null;
    face.choose(null);
    face.reset();
    announcer.begin();
    this.#lastSeq = -1;
    this.#first = new FirstFrames();
    this.#newestS = 0;
    this.#startS = nowS();
    this.#startedAt = new Date();
    this.#isClip = time === 'file';
    log.clear();
    chartTools.follow();
    chart?.begin(log, this.#startS);
  }

  /** A new connection: its frames have another clock. */
  beginConnection() {
    this.logAll();
    this.#first = new FirstFrames();
    this.#clock = new FrameClock();
    this.#momentS = null;
    this.#shown.beginConnection();
    this.#at.log.newSession();
  }

  /** The connection is open. @param {string} sessionId @param {'resumed' | 'new'} session a new one counts frames and faces anew */
  beginSession(sessionId, session) {
    // The session of a move may repeat numbers of frames, because the one before went on for a moment.
    if (session === 'resumed') this.#lastSeq = -1;
    else this.#at.face.choose(null);
    this.#at.qualityPanel.say('session', sessionId.slice(0, 8));
    this.#isRunning = true;
    this.#chooseSubject();
    if (!this.#past) this.#at.chart?.start();
  }

  /** @param {number} ptsS of a frame that has arrived at the server, whose message may still come @returns {number} its time, since the session's start */
  timeOf(ptsS) {
    // The frames of a file that is analysed once are not sent in real time.
    if (this.#isClip) return Math.max(this.#newestS, this.#at.log.lastS);
    const timeS = this.#clock.timeOf(ptsS);
    return Math.max(0, (Number.isFinite(timeS) ? timeS : nowS()) - this.#startS);
  }

  /** @param {string} kind of EVENTS in texts/en.js @param {string} [detail] */
  note(kind, detail = '') {
    this.#at.log.note(this.#isClip ? this.#at.log.lastS : nowS() - this.#startS, kind, detail);
  }

  /** @param {Telemetry} telemetry @param {number} atMs when it arrived */
  add(telemetry, atMs) {
    const { log, chart, qualityPanel, face } = this.#at;
    this.#isClip = telemetry.clipS !== undefined;
    if (chart) chart.followsLog = this.#isClip;
    const sessionS = telemetry.clipS ?? this.#clock.pageTime(telemetry.pts, atMs / 1000) - this.#startS;
    const timeS = this.#startS + sessionS;
    this.#shown.add(telemetry, atMs, timeS);
    // Another session: the chosen face has got a new number.
    if (telemetry.seq < this.#lastSeq) face.choose(null);
    this.#lastSeq = telemetry.seq;
    this.#newestS = sessionS;
    qualityPanel.addTimes(telemetry.ms);
    this.#at.strip.add(telemetry);
    if (this.#isClip) {
      this.logAll();
      log.add(sessionS, telemetry);
    } else this.#log(this.#first.add(telemetry, atMs));
  }

  /** Nothing follows in this connection: the log gets what was held back. */
  logAll() {
    this.#log(this.#first.take());
  }

  /** @param {Telemetry[]} messages */
  #log(messages) {
    for (const telemetry of messages) this.#at.log.add(this.#clock.timeOf(telemetry.pts) - this.#startS, telemetry);
  }

  /** @param {import('../connection/telemetry.js').Control} message of the server @param {'mirrored' | 'as it is'} view how it draws the video */
  hear(message, view) {
    const { face, strip } = this.#at;
    face.setView(view);
    strip.setView(view);
    strip.hear(message);
  }

  /** Another face is followed: the chart draws its past. */
  refill() {
    const { chart, face } = this.#at;
    // The choice is about the video, and the faces of a past session are other people.
    if (this.#past !== this.#subject) return;
    if (this.#isHeld) this.#showFaceNow();
    if (chart) chart.follow(face.chosenId);
    else if (this.#subject) this.#showMoment(this.#subject.lastS);
  }

  /**
   * @param {Telemetry} newest
   * @param {number} dropped since the start of the visit
   * @returns {string} the badge beside the video; empty: none
   */
  show(newest, dropped) {
    const { chartTools, face, qualityPanel, strip, summary } = this.#at;
    this.#waiting = this.#isHeld = false;
    const nowMs = performance.now();
    const report = this.#shown.report(nowMs);
    const verdict = this.#showFace(report, nowMs);
    if (report) strip.show(report, face.chosenId, face.follow(report.faces)?.id ?? null, nowMs);
    if (this.#isChartLive) summary.setAttribute('aria-label', T.chartSummary(chartTools.windowWords, verdict, newest.fpsOut));
    return qualityPanel.show(newest, dropped);
  }

  /** @param {import('../connection/connection-stats.js').Rates} rates */
  showRates(rates) {
    const { qualityPanel, video } = this.#at;
    const { display = null, ...others } = rates.ms;
    qualityPanel.showRates(rates);
    // Where the video reports its frames, each has its own time.
    const estimate = 'requestVideoFrameCallback' in video ? null : display;
    if (estimate !== null) this.#shown.estimateDelay(estimate);
    qualityPanel.addTimes({ ...others, display: estimate });
  }

  /** @param {import('../connection/jpeg-peer.js').Shown} frame of the compatibility mode, whose video has no clock of its own */
  showJpegFrame({ ptsS, ms }) {
    this.#shown.show(ptsS);
    this.#showFaceNow();
    this.#momentS = this.#isClip ? this.#startS + ptsS : this.#clock.timeOf(ptsS);
    if (!this.#past) this.#at.chart?.showMoment(this.#momentS);
    this.#at.qualityPanel.addTimes(ms);
  }

  /** The camera is paused. @param {string} reason */
  pause(reason) {
    this.#waiting = true;
    this.#isHeld = false;
    this.#at.face.wait(reason);
    this.#at.qualityPanel.wait();
  }

  /** A file is paused: word and bars stay those of the frame on show, also of one that is still on its way. @param {string} reason if there is none */
  hold(reason) {
    if (!this.#shown.report(performance.now())) return this.pause(reason);
    this.#isHeld = true;
    this.#at.qualityPanel.wait();
    this.#showFaceNow();
  }

  /** The connection is lost and may come back. @param {string} reason @param {number} dropped since the start of the visit */
  interrupt(reason, dropped) {
    this.#waiting = true;
    this.logAll();
    this.#isHeld = false;
    this.#at.face.wait(reason);
    this.#at.qualityPanel.reset();
    this.#at.qualityPanel.say('dropped', String(dropped));
  }

  /** Nothing runs. */
  reset() {
    this.#waiting = true;
    this.#isHeld = false;
    this.#shown.end();
    const { chart, face, qualityPanel, strip } = this.#at;
    strip.clear();
    this.#isRunning = false;
    chart?.lead('');
    face.reset();
    qualityPanel.reset();
    chart?.stop();
    this.#chooseSubject();
    this.refill();
  }

  /** Word, bars and choice of a face are beside the video, so they describe it while it runs, else what the chart shows. */
  #chooseSubject() {
    const { face } = this.#at;
    const subject = this.#isRunning ? null : this.#past;
    if (subject === this.#subject) return;
    if (!this.#subject) this.#ownChoice = face.chosenId;
    this.#subject = subject;
    face.choose(subject ? null : this.#ownChoice);
  }

  /** @param {import('./emotion-chart.js').ChartView} view */
  #onView({ fromS, endS, lastEndS, motion, isMoved }) {
    this.#isChartLive = motion === 'live';
    if (this.#isChartLive) return;
    this.#at.summary.setAttribute('aria-label', lastEndS > 0 ? T.chartSummaryBetween(clockTime(fromS), clockTime(endS)) : T.TEXT.chartEmpty);
    if (motion === 'ended' && lastEndS > 0 && !this.#isRunning && (this.#subject || isMoved)) this.#showMoment(isMoved ? endS : Math.min(endS, (this.#subject ?? this.#at.log).lastS));
  }

  /** @param {number} endS of the session that the chart shows, while nothing runs */
  #showMoment(endS) {
    const { chart, face, log } = this.#at;
    const shown = this.#subject ?? log;
    face.showMoment(momentOf(shown, face.chosenId, endS), shown.faces().map(({ id }) => id));
    chart?.lead(face.label);
  }

  /** @param {import('./shown-frame.js').Shown} frame */
  #onFrame({ timeS, encodeMs, displayMs }) {
    this.#momentS = timeS;
    if (!this.#past) this.#at.chart?.showMoment(timeS);
    this.#at.qualityPanel.addTimes({ encode: encodeMs, display: displayMs });
    this.#showFaceNow();
  }

  /** @param {Telemetry | null} report of the frame on show @param {number} nowMs @returns {string} the word about it */
  #showFace(report, nowMs) {
    const { chart, face, announcer } = this.#at;
    if (this.#waiting) return T.NOTHING;
    const verdict = report ? face.show(report, nowMs, this.#isHeld ? 'at once' : 'calmly') : T.NOTHING;
    chart?.lead(face.label);
    announcer.hear(face.announcement, nowMs);
    return verdict;
  }

  #showFaceNow() {
    const nowMs = performance.now();
    this.#showFace(this.#shown.report(nowMs), nowMs);
  }
}

function nowS() {
  return performance.now() / 1000;
}
