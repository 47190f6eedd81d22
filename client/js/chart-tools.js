/** The controls of the chart: length of time, pause, looking back. Uses its own elements only. */

import { recall, remember } from './settings.js';
import { PAUSED, WINDOWS } from './strings.js';

const FIRST_WINDOW = '60';

export class ChartTools {
  #window;
  #pause;
  #lookBack;
  #chart;

  /**
   * @param {{window: HTMLSelectElement, pause: HTMLButtonElement, lookBack: HTMLInputElement}} elements
   * @param {import('./emotion-chart.js').EmotionChart | null} chart
   */
  constructor({ window, pause, lookBack }, chart) {
    this.#window = window;
    this.#pause = pause;
    this.#lookBack = lookBack;
    this.#chart = chart;
    window.append(...Object.entries(WINDOWS).map(([seconds, words]) => new Option(words, seconds)));
    const kept = recall('window');
    window.value = kept && kept in WINDOWS ? kept : FIRST_WINDOW;
    window.addEventListener('change', () => {
      remember('window', window.value);
      chart?.setWindow(Number(window.value));
    });
    pause.addEventListener('click', () => this.#move(pause.getAttribute('aria-pressed') === 'true' ? 'moving' : 'paused'));
    lookBack.addEventListener('input', () => chart?.lookBack(-Number(lookBack.value)));
    chart?.setWindow(Number(window.value));
  }

  /** @returns {string} the length of time in view, after "last" */
  get windowWords() {
    return WINDOWS[this.#window.value];
  }

  /** Follow the newest reports. */
  follow() {
    this.#move('moving');
  }

  /** @param {'paused' | 'moving'} how */
  #move(how) {
    this.#pause.setAttribute('aria-pressed', String(how === 'paused'));
    this.#pause.textContent = how === 'paused' ? PAUSED.resume : PAUSED.pause;
    this.#lookBack.hidden = how === 'moving';
    this.#lookBack.value = '0';
    if (how === 'paused') this.#chart?.pause();
    else this.#chart?.resume();
  }
}
