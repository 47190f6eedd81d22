/** The controls of the chart: time span, pause, look back, faces, lines, table. Uses its own elements only. */

import { putText } from '../browser/elements.js';
import { keepChoice, readChoice } from '../browser/settings.js';
import { clockTime } from '../texts/format.js';
import { T } from '../texts/texts.js';
import { ValueRows } from './value-rows.js';

const FIRST_WINDOW = '30';
/** Offered while no report can come: the points of a window that grows would never stay. */
const WHOLE = 'whole';
const LINE_CHOICES = /** @type {const} */ (['leading', 'all', 'rate']);
/** Arrow keys move by this part of the window. */
const KEY_STEP = 0.1;

/**
 * @typedef {object} ToolElements
 * @property {HTMLSelectElement} window
 * @property {HTMLButtonElement} pause
 * @property {HTMLInputElement} lookBack
 * @property {HTMLButtonElement} compare
 * @property {HTMLSelectElement} lines
 * @property {HTMLButtonElement} table
 * @property {HTMLElement} values rows below the chart
 */

export class ChartTools {
  /** Called after each redraw of the chart. @type {(view: import('./emotion-chart.js').ChartView) => void} */
  onView = () => {};
  /** Whether differences to the neutral face are shown. @type {() => 'shown' | 'hidden'} */
  showsChanges = () => 'hidden';
  #at;
  #chart;
  #values;
  #whole = new Option(T.WHOLE_SESSION, WHOLE);

  /**
   * @param {ToolElements} elements
   * @param {import('./emotion-chart.js').EmotionChart | null} chart null: its libraries are missing
   * @param {import('./chart-table.js').ChartTable} table
   */
  constructor(elements, chart, table) {
    this.#at = elements;
    this.#chart = chart;
    this.#values = new ValueRows(elements.values);
    const { window, pause, lookBack, compare, lines } = elements;
    window.append(...Object.keys(T.WINDOWS).map((seconds) => new Option(T.windowName(Number(seconds)), seconds)));
    choose(window, readChoice('window'), FIRST_WINDOW);
    window.addEventListener('change', () => {
      if (window.value !== WHOLE) keepChoice('window', window.value);
      this.#setWindow();
    });
    lines.append(...LINE_CHOICES.map((choice) => new Option(T.LINE_CHOICES[choice], choice)));
    choose(lines, readChoice('lines'), LINE_CHOICES[0]);
    lines.addEventListener('change', () => {
      keepChoice('lines', lines.value);
      chart?.showLines(lineChoice(lines.value));
    });
    pause.addEventListener('click', () => (isPressed(pause) ? chart?.resume() : chart?.pause()));
    compare.addEventListener('click', () => {
      press(compare, !isPressed(compare));
      chart?.showRibbons(isPressed(compare) ? 'compare' : 'one');
    });
    elements.table.addEventListener('click', () => chart && table.open({ ...chart.stretch, changes: this.showsChanges() }));
    lookBack.addEventListener('input', () => chart?.lookAt(lookBack.value === lookBack.max ? Infinity : Number(lookBack.value)));
    lookBack.addEventListener('keydown', (event) => this.#moveByKey(event));
    if (!chart) return;
    chart.onView = (view) => {
      // If that changes the window, the chart is drawn again.
      if (this.#offerWhole(view)) return;
      this.#show(view);
      this.#values.draw(view, this.showsChanges());
      this.onView(view);
    };
    this.#setWindow();
    chart.showLines(lineChoice(lines.value));
  }

  /** @returns {string} the time span that is shown, as it follows "last" */
  get windowWords() {
    return T.WINDOWS[this.#at.window.value];
  }

  /** A past session: all of it first. */
  showWhole() {
    if (!this.#whole.parentNode) return;
    this.#at.window.value = WHOLE;
    this.#setWindow();
  }

  /** The window that the person chose. */
  showChosen() {
    choose(this.#at.window, readChoice('window'), FIRST_WINDOW);
    this.#setWindow();
  }

  /** Move the chart so that this moment is in it, and give the focus to the slider that moves it on. @param {number} timeS */
  reveal(timeS) {
    const { window, lookBack } = this.#at;
    // All of a session has no room for a closer look.
    if (window.value === WHOLE) {
      window.value = FIRST_WINDOW;
      this.#setWindow();
    }
    this.#chart?.lookAround(timeS);
    if (!lookBack.hidden && !lookBack.disabled) lookBack.focus();
  }

  #setWindow() {
    const { value } = this.#at.window;
    this.#chart?.setWindow(value === WHOLE ? WHOLE : Number(value));
  }

  /** @param {import('./emotion-chart.js').ChartView} view @returns {boolean} whether the window has changed */
  #offerWhole({ motion, lastEndS }) {
    const { window } = this.#at;
    const isPossible = motion === 'ended' && lastEndS > 0;
    if (isPossible === Boolean(this.#whole.parentNode)) return false;
    const wasWhole = window.value === WHOLE;
    if (isPossible) window.append(this.#whole);
    else this.#whole.remove();
    if (wasWhole) this.showChosen();
    return wasWhole;
  }

  /** Follow the newest reports. */
  follow() {
    this.#chart?.resume();
  }

  /** @param {import('./emotion-chart.js').ChartView} view */
  #show({ fromS, endS, firstEndS, lastEndS, motion }) {
    const { window, pause, lookBack, compare, table } = this.#at;
    pause.disabled = motion === 'ended';
    // Nothing continues, and the list of markers needs the room.
    pause.hidden = motion === 'ended' && lastEndS > 0;
    press(pause, motion === 'held');
    putText(pause, motion === 'held' ? T.PAUSED.resume : T.PAUSED.pause);
    // There is nothing to move where all of it is shown.
    lookBack.hidden = motion === 'live' || lastEndS === 0 || window.value === WHOLE;
    lookBack.disabled = lastEndS <= firstEndS;
    // The range grows with the session. Whole seconds, its step, with the end and the value rounded alike: the latest end is the range's end.
    Object.assign(lookBack, { min: String(Math.floor(firstEndS)), max: String(Math.round(lastEndS)), value: String(Math.round(endS)) });
    lookBack.setAttribute('aria-valuetext', T.timesShown(clockTime(fromS), clockTime(endS)));
    const several = this.#chart?.hasSeveralFaces ?? false;
    compare.hidden = !several && !isPressed(compare);
    table.disabled = lastEndS === 0;
  }

  /** The browser's own steps are a second and a tenth of the session; these depend on the window. @param {KeyboardEvent} event */
  #moveByKey(event) {
    const { lookBack, window } = this.#at;
    const windowS = Number(window.value);
    const step = Math.max(1, Math.round(windowS * KEY_STEP));
    const ahead = getComputedStyle(lookBack).direction === 'rtl' ? -step : step;
    /** @type {Record<string, number>} */
    const moves = { ArrowRight: ahead, ArrowLeft: -ahead, ArrowUp: step, ArrowDown: -step, PageUp: windowS, PageDown: -windowS, Home: -Infinity, End: Infinity };
    if (!(event.key in moves)) return;
    event.preventDefault();
    this.#chart?.lookAt(Number(lookBack.value) + moves[event.key]);
  }
}

/** @param {HTMLSelectElement} select @param {string | null} kept @param {string} otherwise */
function choose(select, kept, otherwise) {
  select.value = otherwise;
  if ([...select.options].some(({ value }) => value === kept)) select.value = kept ?? otherwise;
}

/** @param {string} value @returns {'leading' | 'all' | 'rate'} */
const lineChoice = (value) => LINE_CHOICES.find((choice) => choice === value) ?? LINE_CHOICES[0];

/** @param {HTMLButtonElement} button */
const isPressed = (button) => button.getAttribute('aria-pressed') === 'true';

/** @param {HTMLButtonElement} button @param {boolean} pressed */
const press = (button, pressed) => button.setAttribute('aria-pressed', String(pressed));
