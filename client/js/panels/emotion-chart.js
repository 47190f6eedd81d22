/** The chart of a session: ribbons of labels, lines, time axis and marks. Draws what the log holds, and holds no values itself. */

import { make } from '../browser/elements.js';
import { EMOTIONS } from '../connection/telemetry.js';
import { clockTime } from '../texts/format.js';
import { T } from '../texts/texts.js';
import { ChartMarks, marksBetween } from './chart-marks.js';
import { LabelRibbon } from './label-ribbon.js';
import { LineChart } from './line-chart.js';
import { fullName, isolated, nameIn } from '../session/face-names.js';
import { bandsOf, edgeAfter, edgeBefore, facesBetween, leadersOf, smooth } from '../session/timeline.js';

const FIRST_WINDOW_S = 30;
/** C3 keeps one element per point of a line: more points take longer and look the same. */
const POINTS = 60;
/** A ribbon is one canvas, so it can be finer. Whole slices in each point, so that both have the same right edge. */
const SLICES = 2 * POINTS;
const REDRAW_MS = 250;
const MOST_RIBBONS = 4;
const TICKS = [0, 1 / 3, 2 / 3, 1];

/**
 * @typedef {import('../session/session-log.js').SessionLog} SessionLog
 *
 * @typedef {object} ChartElements
 * @property {HTMLElement} all everything below; its accessible name describes the chart
 * @property {HTMLElement} ribbons
 * @property {HTMLElement} lines where C3 draws; its data attributes hold the number of points of each line
 * @property {HTMLElement} axis times below both
 * @property {HTMLElement} marks over everything
 * @property {HTMLElement} caption
 *
 * @typedef {object} ChartView what is shown, in seconds since the session's start
 * @property {SessionLog} log
 * @property {number | null} faceId null: the largest of each moment
 * @property {string[]} lines emotions and "fps" that have a line
 * @property {{id: number, name: string}[]} compared faces whose ribbons are below each other; empty: one face is shown
 * @property {number} edgeS the right edge of what is drawn, not before `endS`
 * @property {number} windowS how much time is drawn
 * @property {number} fromS
 * @property {number} endS
 * @property {number} firstEndS the earliest end that can be looked at
 * @property {number} lastEndS the latest: while the session goes on, its last whole point
 * @property {'live' | 'held' | 'ended'} motion live: it follows the newest reports; held: it stays while the session goes on; ended: the session is over
 * @property {boolean} isMoved whether a person looks at a time of their choice
 */

export class EmotionChart {
  /** Names of the faces of the session on show. @type {() => import('../session/face-names.js').FaceNames} */
  names = () => ({});
  /** Called after each redraw. @type {(view: ChartView) => void} */
  onView = () => {};
  #at;
  #lines;
  /** @type {SessionLog} */
  #log;
  /** When the session started, in the page's clock. */
  #startS = 0;
  /** Whether the newest report is the right edge: the time of a file passes at another speed than the page's clock. */
  followsLog = false;
  /** When the session ended. @type {number | null} null: it goes on */
  #endedS = 0;
  /** The end that a person looks at. @type {number | null} null: the newest */
  #heldS = null;
  /** Seconds in view. @type {number | 'whole'} whole: the session, which has to be over */
  #span = FIRST_WINDOW_S;
  /** @type {number | null} null: the largest of each moment */
  #faceId = null;
  /** @type {number | null} */
  #shownS = null;
  #timer = 0;
  /** @type {'one' | 'compare'} */
  #ribbonsOf = 'one';
  /** @type {'leading' | 'all' | 'rate'} */
  #choice = 'leading';
  /** Lines that are shown in any case. @type {Set<string>} */
  #pinned = new Set();
  /** @type {string[]} */
  #shownLines = [];
  /** @type {LabelRibbon[]} */
  #ribbons = [];
  /** @type {HTMLElement[]} */
  #ticks;
  #marks;
  /** The labels that are drawn; for the tooltip. @type {(string | null)[]} */
  #labels = [];

  /**
   * @param {ChartElements} elements
   * @param {SessionLog} log
   * @throws {Error} if C3 is missing
   */
  constructor(elements, log) {
    this.#at = elements;
    this.#log = log;
    this.#lines = new LineChart(elements.lines, POINTS, (point) => this.#titleOf(point));
    this.#ticks = TICKS.map(() => make('span'));
    elements.axis.append(...this.#ticks);
    this.#marks = new ChartMarks(elements.marks);
    new ResizeObserver(() => this.#redraw()).observe(elements.ribbons);
    // The ribbons are painted with the colours of the theme.
    window.matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#redraw());
    // A chart that was stopped while the tab was hidden has no timer that would draw it.
    document.addEventListener('visibilitychange', () => this.#redraw());
    this.#redraw();
  }

  /** A new session. @param {SessionLog} log @param {number} startS in the page's clock */
  begin(log, startS) {
    this.followsLog = false;
    this.#log = log;
    this.#startS = startS;
    this.#endedS = this.#heldS = this.#shownS = null;
    this.#faceId = null;
    this.#redraw();
  }

  /** Show a session that is over. @param {SessionLog} log */
  show(log) {
    window.clearInterval(this.#timer);
    this.#timer = 0;
    this.#log = log;
    this.#endedS = lengthToShow(log);
    this.#heldS = this.#shownS = null;
    this.#faceId = null;
    this.#redraw();
  }

  /** Redraw from now on, four times a second at most and only while the tab is in view. */
  start() {
    this.#endedS = null;
    this.#timer ||= window.setInterval(() => this.#redraw(), REDRAW_MS);
  }

  /** The session is over, or did not come about; what is drawn stays. */
  stop() {
    window.clearInterval(this.#timer);
    this.#timer = 0;
    if (this.#endedS !== null) return;
    this.#endedS = lengthToShow(this.#log);
    this.#redraw();
  }

  /** Stop moving, so that a person can read the chart; the log goes on. */
  pause() {
    // Frames that are still on their way would change the chart at its end.
    this.#heldS ??= Math.min(this.#lastEndS, this.#log.lastS);
    this.#redraw();
  }

  /** Follow the newest reports again. */
  resume() {
    this.#heldS = null;
    this.#redraw();
  }

  /** @param {number} endS where the chart ends, in seconds since the session's start */
  lookAt(endS) {
    this.#heldS = Math.min(this.#lastEndS, Math.max(this.#firstEndS, endS));
    this.#redraw();
  }

  /** Look at this moment, in the middle of the window as far as the session reaches. @param {number} timeS */
  lookAround(timeS) {
    this.lookAt(timeS + this.#windowS / 2);
    // A chart that stays ends with a whole point: the newest moment may come after it.
    if (this.#range().edgeS <= timeS) this.resume();
  }

  /** @param {number | 'whole'} span seconds in view; whole: a session that is over, from its start to its end */
  setWindow(span) {
    this.#span = span;
    // A longer window would begin before the session, with no way to move it.
    if (this.#heldS !== null) this.#heldS = Math.max(this.#heldS, this.#firstEndS);
    this.#redraw();
  }

  /** @param {number | null} id of the face to follow; null: the largest of each moment */
  follow(id) {
    this.#faceId = id;
    this.#redraw();
  }

  /** What is drawn has changed. */
  refresh() {
    this.#redraw();
  }

  /** @param {'one' | 'compare'} ribbons of the followed face, or of up to four faces in place of the lines */
  showRibbons(ribbons) {
    this.#ribbonsOf = ribbons;
    this.#redraw();
  }

  /** @param {'leading' | 'all' | 'rate'} choice the two leading lines, all seven, or these and the frame rate */
  showLines(choice) {
    this.#choice = choice;
    this.#redraw();
  }

  /** @param {string} id an emotion or "fps" @param {'shown' | 'hidden'} visibility shown: also if it is not leading */
  setLine(id, visibility) {
    if (visibility === 'shown') this.#pinned.add(id);
    else this.#pinned.delete(id);
    this.#redraw();
  }

  /** @param {number | null} timeS of the frame on show, in the page's clock; null: not known */
  showMoment(timeS) {
    this.#shownS = timeS === null ? null : timeS - this.#startS;
  }

  /** @param {string} emotion whose line is emphasized; empty: none */
  lead(emotion) {
    this.#at.lines.dataset.leading = emotion;
  }

  /** @returns {import('../session/table.js').Stretch} what is shown, for a table */
  get stretch() {
    const { fromS, edgeS } = this.#range();
    const faces = this.#compared(fromS, edgeS);
    return { log: this.#log, fromS: Math.max(0, fromS), toS: Math.min(edgeS, this.#log.lastS), faces: faces.length ? faces : [this.#faceId], names: this.names() };
  }

  /** @returns {boolean} */
  get hasSeveralFaces() {
    return this.#log.faces().length > 1;
  }

  get #lastEndS() {
    return this.#endedS ?? (this.followsLog ? this.#log.lastS : nowS() - this.#startS);
  }

  get #windowS() {
    return this.#span === 'whole' ? Math.max(1, this.#lastEndS) : this.#span;
  }

  get #firstEndS() {
    return Math.min(this.#windowS, this.#lastEndS);
  }

  #range() {
    if (this.#span === 'whole') return { edgeS: this.#windowS, fromS: 0 };
    const pointS = this.#windowS / POINTS;
    // Of a session that is over, the last point can be looked at, too.
    const isAtEnd = this.#heldS === null || (this.#endedS !== null && this.#heldS >= this.#endedS);
    const edgeS = isAtEnd ? edgeAfter(this.#lastEndS, pointS) : edgeBefore(this.#heldS ?? 0, pointS);
    return { edgeS, fromS: edgeS - this.#windowS };
  }

  /** @param {number} fromS @param {number} edgeS */
  #compared(fromS, edgeS) {
    if (this.#ribbonsOf === 'one') return [];
    return facesBetween(this.#log.faces(), fromS, edgeS, this.#faceId, MOST_RIBBONS);
  }

  #redraw() {
    if (document.hidden) return;
    const { edgeS, fromS } = this.#range();
    const motion = this.#endedS !== null ? 'ended' : this.#heldS !== null ? 'held' : 'live';
    const points = this.#slices(this.#faceId, edgeS, POINTS);
    this.#countPoints(points);
    this.#at.all.dataset.ribbons = this.#ribbonsOf;
    this.#drawRibbons(fromS, edgeS);
    if (this.#ribbonsOf === 'one') this.#drawLines(points);
    this.#drawAxis(fromS, motion);
    this.#drawMarks(fromS, edgeS);
    const endS = Math.min(edgeS, this.#lastEndS);
    const lastEndS = motion === 'held' ? Math.max(this.#firstEndS, edgeBefore(this.#lastEndS, this.#windowS / POINTS)) : this.#lastEndS;
    this.onView({ log: this.#log, faceId: this.#faceId, lines: this.#ribbonsOf === 'one' ? this.#shownLines : [], compared: this.#compared(fromS, edgeS).map((id) => ({ id, name: fullName(this.names(), id) })), edgeS, windowS: this.#windowS, fromS: Math.max(0, fromS), endS, firstEndS: this.#firstEndS, lastEndS, motion, isMoved: this.#heldS !== null });
  }

  /** @param {number | null} faceId @param {number} edgeS @param {number} count */
  #slices(faceId, edgeS, count) {
    // The edge belongs to the next slice already.
    return this.#log.slices(faceId, edgeS - this.#windowS / count / 2, this.#windowS, count);
  }

  /** @param {number} fromS @param {number} edgeS */
  #drawRibbons(fromS, edgeS) {
    const faces = this.#compared(fromS, edgeS);
    const drawn = faces.length ? faces : [this.#faceId];
    while (this.#ribbons.length < drawn.length) {
      const ribbon = new LabelRibbon();
      this.#ribbons.push(ribbon);
      this.#at.ribbons.append(ribbon.root);
    }
    this.#ribbons.forEach((ribbon, i) => (ribbon.root.hidden = i >= drawn.length));
    drawn.forEach((id, i) => {
      const { labels, fps } = this.#slices(id, edgeS, SLICES);
      if (i === 0) this.#labels = labels;
      this.#ribbons[i].draw(bandsOf(labels, fps), SLICES, id ?? 0, id ? fullName(this.names(), id) : '');
    });
  }

  /** @param {import('../session/slices.js').SliceMeans} points */
  #drawLines({ lines, fps }) {
    const smoothed = lines.map(smooth);
    const leaders = leadersOf(smoothed);
    const shown = EMOTIONS.map((id, i) => ({ id, line: smoothed[i], shown: this.#choice !== 'leading' || this.#pinned.has(id) || leaders.includes(i) }));
    shown.push({ id: 'fps', line: fps, shown: this.#choice === 'rate' || this.#pinned.has('fps') });
    const drawn = shown.filter((each) => each.shown);
    this.#shownLines = drawn.map(({ id }) => id);
    this.#lines.draw(new Map(drawn.map(({ id, line }) => [id, line])));
    this.#at.caption.textContent = [T.smoothedOver((2 * this.#windowS) / POINTS), this.#shownName].filter(Boolean).join(' · ');
  }

  /** @returns {string} the name of the face on show; empty: it has none */
  get #shownName() {
    const faces = this.#faceId === null ? this.#log.faces().map(({ id }) => id) : [this.#faceId];
    const name = faces.length === 1 ? nameIn(this.names(), faces[0]) : '';
    return name && isolated(name);
  }

  /** @param {number} fromS @param {'live' | 'held' | 'ended'} motion */
  #drawAxis(fromS, motion) {
    this.#ticks.forEach((tick, i) => {
      const atS = fromS + TICKS[i] * this.#windowS;
      tick.textContent = motion === 'live' ? T.secondsAgo((TICKS[i] - 1) * this.#windowS) : atS < 0 || this.#lastEndS === 0 ? '' : clockTime(atS);
    });
  }

  /** @param {number} fromS @param {number} edgeS */
  #drawMarks(fromS, edgeS) {
    this.#marks.showMoment(this.#shownS === null ? null : (this.#shownS - fromS) / this.#windowS);
    this.#at.all.dataset.marked = this.#marks.draw(this.#log.events, fromS, edgeS) ? 'yes' : 'no';
  }

  /** @param {import('../session/slices.js').SliceMeans} points */
  #countPoints({ lines, fps }) {
    const count = (/** @type {(number | null)[]} */ line) => line.filter((value) => value !== null).length;
    const counts = Object.fromEntries([...EMOTIONS.map((id, i) => [id, count(lines[i])]), ['fps', count(fps)]]);
    this.#at.lines.dataset.points = JSON.stringify(counts);
    // A stretch without a report is a gap, not a chart that waits for the first one.
    this.#at.all.dataset.filled = this.#log.lastS > 0 ? 'yes' : 'no';
  }

  /** @param {number} point */
  #titleOf(point) {
    const { fromS } = this.#range();
    const pointS = this.#windowS / POINTS;
    const atS = fromS + (point + 0.5) * pointS;
    const label = this.#labels[Math.floor(((point + 0.5) / POINTS) * SLICES)];
    // A line is thinner than a point: the neighbours show its note, too.
    const notes = marksBetween(this.#log.events, atS - 1.5 * pointS, atS + 1.5 * pointS).map((event) => T.eventSentence(event));
    return [T.momentTitle(clockTime(Math.max(0, atS), 1), label), ...notes].join(' · ');
  }
}

/** @param {SessionLog} log of a session that is over @returns {number} 0: nothing was measured */
const lengthToShow = (log) => (log.lastS > 0 ? log.endS : 0);

function nowS() {
  return performance.now() / 1000;
}
