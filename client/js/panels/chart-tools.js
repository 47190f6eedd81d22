/** The controls of the chart: time span, pause, look back. Uses its own elements only. */

import { keepChoice, readChoice } from '../browser/settings.js';
import { T } from '../texts/texts.js';

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
    window.append(...Object.entries(T.WINDOWS).map(([seconds, words]) => new Option(words, seconds)));
    const kept = readChoice('window');
    window.value = kept && kept in T.WINDOWS ? kept : FIRST_WINDOW;
    window.addEventListener('change', () => {
      keepChoice('window', window.value);
      chart?.setWindow(Number(window.value));
    });
    pause.addEventListener('click', () => this.#move(pause.getAttribute('aria-pressed') === 'true' ? 'moving' : 'paused'));
    lookBack.addEventListener('input', () => chart?.lookBack(-Number(lookBack.value)));
    chart?.setWindow(Number(window.value));
  }

  /** @returns {string} the time span that is shown, as it follows "last" */
  get windowWords() {
    return T.WINDOWS[this.#window.value];
  }

  /** Follow the newest reports. */
  follow() {
    this.#move('moving');
  }

  /** @param {'paused' | 'moving'} how */
  #move(how) {
    this.#pause.setAttribute('aria-pressed', String(how === 'paused'));
    this.#pause.textContent = how === 'paused' ? T.PAUSED.resume : T.PAUSED.pause;
    this.#lookBack.hidden = how === 'moving';
    this.#lookBack.value = '0';
    if (how === 'paused') this.#chart?.pause();
    else this.#chart?.resume();
  }
}
