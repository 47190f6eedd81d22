/** The lines of the chart, each named at its end; the only module that knows C3. One chart for the life of the page. */

import { make } from '../browser/elements.js';
import { EMOTIONS } from '../connection/telemetry.js';
import { perSecond, percent } from '../texts/format.js';
import { T } from '../texts/texts.js';
import { lastValueAt, spread } from '../session/timeline.js';

const IDS = [...EMOTIONS, 'fps'];
/** Around C3's plot; the ribbon, the time axis and the marks have the same (css/chart.css). */
const PADDING = { top: 8, right: 72, bottom: 4, left: 48 };
/** Where 100 % and 0 % are, from the edges of the element: C3 adds to its padding. */
const PLOT = { top: 13, bottom: 11 };
/** Of the scale of the frame rate, which has no axis: its value is at the end of the line. */
const FPS_TOP = 64;
const TEXT_PX = 15;
/** A line that ended earlier than this part of the window has no name at its end. */
const RECENT = 0.2;

export class LineChart {
  #chart;
  #element;
  #points;
  /** @type {Map<string, HTMLElement>} */
  #ends = new Map();
  #height = 0;
  /** @type {(point: number) => string} */
  #title;

  /**
   * @param {HTMLElement} element where the chart is drawn; its parent holds nothing else
   * @param {number} points of each line
   * @param {(point: number) => string} title of a point: its time and label
   * @throws {Error} if C3 is missing
   */
  constructor(element, points, title) {
    this.#element = element;
    this.#points = points;
    this.#title = title;
    this.#chart = window.c3.generate(this.#description());
    for (const id of IDS) {
      const end = make('span', { className: 'line-end', hidden: true });
      end.style.setProperty('--line', `var(--${id})`);
      this.#ends.set(id, end);
      element.append(end);
    }
    // Elements above and below the chart appear and disappear, but C3 resizes itself only with the window.
    new ResizeObserver(([{ contentRect }]) => this.#fit(contentRect)).observe(element);
  }

  /** @param {Map<string, (number | null)[]>} lines those that are shown, by emotion or "fps" */
  draw(lines) {
    const none = Array(this.#points).fill(null);
    const columns = IDS.map((id) => [id, ...(lines.get(id) ?? none)]);
    this.#chart.load({ columns });
    this.#element.dataset.lines = [...lines.keys()].join(' ');
    this.#nameEnds(lines);
  }

  /** @param {Map<string, (number | null)[]>} lines */
  #nameEnds(lines) {
    const plotPx = Math.max(0, this.#height - PLOT.top - PLOT.bottom);
    const ends = IDS.flatMap((id) => {
      const line = lines.get(id) ?? [];
      const at = lastValueAt(line);
      if (at < this.#points * (1 - RECENT)) return [];
      const value = /** @type {number} */ (line[at]);
      return [{ id, value, at: (1 - Math.min(1, id === 'fps' ? value / FPS_TOP : value)) * plotPx }];
    });
    const places = spread(ends.map(({ at }) => at), TEXT_PX, plotPx);
    for (const end of this.#ends.values()) end.hidden = true;
    ends.forEach(({ id, value }, i) => {
      const end = this.#ends.get(id);
      if (!end) return;
      end.hidden = false;
      end.textContent = id === 'fps' ? perSecond(value) : T.EMOTION_LABELS[id];
      end.style.top = `${(PLOT.top + places[i]).toFixed(1)}px`;
    });
  }

  /** @param {DOMRectReadOnly} place */
  #fit({ width, height }) {
    if (!(width > 0 && height > 0)) return;
    this.#height = height;
    this.#chart.resize({ width, height });
  }

  #description() {
    // Fractions of the window, so that the axis is the same for every window: the middle of each point.
    const x = Array.from({ length: this.#points }, (_, i) => (i + 0.5) / this.#points);
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
        x: { show: false, min: 0, max: 1, padding: 0 },
        y: { min: 0, max: 1, padding: 0, tick: { values: [0, 0.5, 1], format: percent, outer: false } },
        y2: { show: false, min: 0, max: FPS_TOP, padding: 0 },
      },
      grid: { y: { lines: [{ value: 0 }, { value: 0.5 }, { value: 1 }] } },
      legend: { show: false },
      padding: PADDING,
      point: { show: false },
      line: { connectNull: false },
      // Redraws several times a second leave no time for animation, and people who want less motion get none at all.
      transition: { duration: 0 },
      tooltip: {
        format: {
          title: (/** @type {number} */ part) => this.#title(Math.floor(part * this.#points)),
          value: (/** @type {number} */ value, /** @type {number} */ _ratio, /** @type {string} */ id) => (id === 'fps' ? perSecond(value) : percent(value)),
        },
        position: (/** @type {object} */ _data, /** @type {number} */ width, /** @type {number} */ height) => this.#placeTooltip(width, height),
      },
    };
  }

  /** Within the chart, on the side of the pointer with more room. @param {number} width @param {number} height of the tooltip */
  #placeTooltip(width, height) {
    const [x] = window.d3.mouse(this.#element);
    const all = this.#element.clientWidth;
    const left = x > all / 2 ? x - width - 12 : x + 12;
    return { top: Math.min(8, this.#height - height), left: Math.max(0, Math.min(left, all - width)) };
  }
}
