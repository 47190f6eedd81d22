/** The chart of seven emotions and the frame rate; the only module that knows C3. One chart for the life of the page. */

import { make } from '../browser/elements.js';
import { RingBuffer, sliceMeans } from '../session/ring-buffer.js';
import { perSecond, percent } from '../texts/format.js';
import { T } from '../texts/texts.js';
import { EMOTIONS } from '../connection/telemetry.js';

const LONGEST_S = 300;
const FIRST_WINDOW_S = 60;
/** C3 keeps one element per point: twice as many take twice the time and look the same. */
const SLICES = 120;
/** One second without a message is a slow server, not a face that left. */
const BRIDGE_S = 1;
/** The page asks a camera for 30 frames a second at most. */
const MAX_FPS = 32;
const REDRAW_MS = 250;
const IDS = [...EMOTIONS, 'fps'];
const NO_FACE = EMOTIONS.map(() => Number.NaN);
/** Around C3's plot; also needed to place the mark of the displayed frame. */
const PADDING = { top: 8, right: 34, left: 48 };
/** Maxima of the right axis for which its ticks fall on the four grid lines of the left axis. */
const FPS_TOPS = [16, 32, 64, 128];

export class EmotionChart {
  #buffer = new RingBuffer(LONGEST_S * MAX_FPS, IDS.length + 1);
  #chart;
  #element;
  #timer = 0;
  /** @type {number} */
  #fpsTop = FPS_TOPS[1];
  #windowS = FIRST_WINDOW_S;
  /** The page's clock at the right edge of a chart that is stopped; 0: it runs. */
  #stoppedS = 0;
  #pausedS = 0;
  #backS = 0;
  /** @type {number | null} */
  #shownS = null;
  #mark;
  #startS = 0;
  /** Elements above and below the chart appear and disappear, but C3 resizes itself only with the window. */
  #place = new ResizeObserver(([{ contentRect }]) => this.#fit(contentRect));

  /**
   * @param {HTMLElement} element where the chart is drawn; its data attributes hold the number of points of each line
   * @throws {Error} if C3 is missing
   */
  constructor(element) {
    this.#element = element;
    this.#mark = make('i', { className: 'mark-shown', hidden: true });
    this.#chart = window.c3.generate(this.#description());
    element.append(this.#mark);
    this.#place.observe(element);
    this.#countPoints([]);
  }

  /** Redraw from now on, four times a second at most and only while the tab is in view. */
  start() {
    this.#stoppedS = 0;
    this.#timer ||= window.setInterval(() => this.#redraw(), REDRAW_MS);
  }

  /** Stop redrawing; what is drawn stays. */
  stop() {
    if (!this.#timer) return;
    window.clearInterval(this.#timer);
    this.#timer = 0;
    this.#stoppedS = nowS();
    this.#redraw();
  }

  /** Stop moving, so that a person can read the chart; new reports are kept. */
  pause() {
    this.#pausedS = this.#endS();
    this.#redraw();
  }

  /** Follow the newest reports again. */
  resume() {
    this.#pausedS = this.#backS = 0;
    this.#redraw();
  }

  /** @param {number} seconds how far before the moment of the pause the chart ends */
  lookBack(seconds) {
    this.#backS = seconds;
    this.#redraw();
  }

  /** @param {number} seconds in view, 300 at most */
  setWindow(seconds) {
    this.#windowS = seconds;
    this.#redraw();
    // C3 formats the labels of the time axis again, because they depend on the window.
    this.#chart.flush();
  }

  /** @param {number | null} timeS of the frame on show, in the page's clock; null: not known */
  showMoment(timeS) {
    this.#shownS = timeS;
  }

  /** Forget everything that was drawn. @param {number} startS the moment that hovering counts from */
  clear(startS = this.#startS) {
    this.#startS = startS;
    this.#buffer.clear();
    this.#shownS = null;
    this.#redraw();
  }

  /**
   * @param {number} timeS when the frame was, in seconds of the page's clock
   * @param {number[] | null} probabilities null: no face, a gap
   * @param {number} fps
   */
  add(timeS, probabilities, fps) {
    this.#buffer.push([timeS, ...(probabilities ?? NO_FACE), fps]);
  }

  /** @param {string} id an emotion or "fps" @param {'shown' | 'hidden'} visibility */
  setLine(id, visibility) {
    if (visibility === 'shown') this.#chart.show(id);
    else this.#chart.hide(id);
  }

  /** @param {string} emotion whose line is emphasized; empty: none */
  lead(emotion) {
    this.#element.dataset.leading = emotion;
  }

  /** @param {DOMRectReadOnly} place */
  #fit({ width, height }) {
    if (width > 0 && height > 0) this.#chart.resize({ width, height });
  }

  #endS() {
    return (this.#pausedS || this.#stoppedS || nowS()) - this.#backS;
  }

  #redraw() {
    if (document.hidden) return;
    const endS = this.#endS();
    this.#placeMark(endS);
    const bridge = Math.round((BRIDGE_S * SLICES) / this.#windowS);
    const lines = sliceMeans(this.#buffer, endS, this.#windowS, SLICES, bridge);
    this.#fitFps(lines.at(-1) ?? []);
    this.#chart.load({ columns: IDS.map((id, i) => [id, ...(lines[i] ?? Array(SLICES).fill(null))]) });
    this.#countPoints(lines);
  }

  /** @param {number} endS */
  #placeMark(endS) {
    const part = this.#shownS === null ? -1 : 1 - (endS - this.#shownS) / this.#windowS;
    this.#mark.hidden = part < 0 || part > 1;
    this.#mark.style.left = `calc(${PADDING.left}px + (100% - ${PADDING.left + PADDING.right}px) * ${part.toFixed(4)})`;
  }

  /** @param {(number | null)[]} fps */
  #fitFps(fps) {
    const highest = Math.max(...fps.map((value) => value ?? 0), 0);
    const top = FPS_TOPS.find((candidate) => candidate >= highest && candidate >= FPS_TOPS[1]) ?? FPS_TOPS[FPS_TOPS.length - 1];
    if (top === this.#fpsTop) return;
    this.#fpsTop = top;
    this.#chart.axis.max({ y2: top });
  }

  /** @param {(number | null)[][]} lines */
  #countPoints(lines) {
    const counts = Object.fromEntries(IDS.map((id, i) => [id, (lines[i] ?? []).filter((value) => value !== null).length]));
    this.#element.dataset.points = JSON.stringify(counts);
    this.#element.dataset.filled = Object.values(counts).some((count) => count > 0) ? 'yes' : 'no';
  }

  #description() {
    // Fractions of the window, so that the axis is the same for every window.
    const x = Array.from({ length: SLICES }, (_, i) => (i - SLICES + 1) / SLICES);
    /** @param {number} part */
    const seconds = (part) => part * this.#windowS;
    return {
      bindto: this.#element,
      resize: { auto: false },
      data: {
        x: 'x',
        columns: [['x', ...x], ...IDS.map((id) => [id, ...x.map(() => null)])],
        names: { ...T.EMOTION_LABELS, fps: T.FPS_LABEL },
        // Custom properties, so that the lines follow the page from light to dark.
        colors: Object.fromEntries(IDS.map((id) => [id, `var(--${id})`])),
        axes: { fps: 'y2' },
      },
      axis: {
        x: {
          min: -1,
          max: 0,
          padding: 0,
          tick: { values: [-1, -2 / 3, -1 / 3, 0], format: (/** @type {number} */ part) => T.secondsAgo(seconds(part)), outer: false },
        },
        y: { min: 0, max: 1, padding: 0, tick: { values: [0, 0.25, 0.5, 0.75, 1], format: percent, outer: false } },
        y2: {
          show: true,
          min: 0,
          max: this.#fpsTop,
          padding: 0,
          // Four steps for every maximum: they coincide with the grid lines of the left axis.
          tick: { count: 5, format: (/** @type {number} */ fps) => fps.toFixed(0), outer: false },
        },
      },
      grid: { y: { show: true } },
      legend: { show: false },
      padding: PADDING,
      point: { show: false },
      line: { connectNull: false },
      // Four redraws a second leave no time for animation, and people who want less motion get none at all.
      transition: { duration: 0 },
      tooltip: {
        format: {
          title: (/** @type {number} */ part) => T.frameTime(seconds(part), Math.max(0, this.#endS() + seconds(part) - this.#startS)),
          value: (/** @type {number} */ value, /** @type {number} */ _ratio, /** @type {string} */ id) => (id === 'fps' ? perSecond(value) : percent(value)),
        },
      },
    };
  }
}

function nowS() {
  return performance.now() / 1000;
}
