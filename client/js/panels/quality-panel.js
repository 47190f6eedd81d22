/** Quality, and behind it the figures of the connection and the latency of a frame by stage. Draws into its own element only. */

import { find, make, putText } from '../browser/elements.js';
import { keepChoice, readChoice } from '../browser/settings.js';
import { kilobits, milliseconds, percent } from '../texts/format.js';
import { Steady, UNKNOWN, judge } from '../session/quality.js';
import { T } from '../texts/texts.js';

const ALL_STAGES = Object.keys(T.STAGE_LABELS);
/** Weight of a new time in the moving average; the weight of older times halves in about seven frames. */
const WEIGHT = 0.1;

export class QualityPanel {
  /** @type {Map<string, HTMLElement>} */
  #figures = new Map();
  /** @type {Map<string, {bar: HTMLElement, time: HTMLElement}>} */
  #stages = new Map();
  #busy;
  #element;
  #sentence;
  #steady = new Steady();
  /** @type {import('../session/quality.js').Line} */
  #line = { lossShare: 0, rttMs: null };
  /** @type {Map<string, number>} milliseconds by stage; unknown stages are missing */
  #ms = new Map();

  /** @param {HTMLElement} element holds details with .quality-sentence, .numbers, .stage-bar, .stage-times and .busy */
  constructor(element) {
    this.#busy = find(element, '.busy', HTMLElement);
    const details = find(element, 'details', HTMLDetailsElement);
    details.open = readChoice('figures') === 'open';
    details.addEventListener('toggle', () => keepChoice('figures', details.open ? 'open' : 'closed'));
    this.#element = element;
    this.#sentence = find(element, '.quality-sentence', HTMLElement);
    const numbers = find(element, '.numbers', HTMLElement);
    const strip = find(element, '.stage-bar', HTMLElement);
    const legend = find(element, '.stage-times', HTMLElement);
    for (const [id, name] of Object.entries(T.FIGURES)) {
      const row = make('div');
      const value = make('dd', { id, textContent: T.NOTHING });
      row.append(make('dt', { textContent: name }), value);
      numbers.append(row);
      this.#figures.set(id, value);
    }
    for (const stage of ALL_STAGES) {
      const bar = make('i');
      const time = make('li');
      bar.style.setProperty('--shade', `var(--at-${stage})`);
      time.style.setProperty('--shade', `var(--at-${stage})`);
      strip.append(bar);
      legend.append(time);
      this.#stages.set(stage, { bar, time });
    }
    this.reset();
  }

  /** Nothing is running. */
  reset() {
    this.#ms.clear();
    this.#line = { lossShare: 0, rttMs: null };
    this.#forget();
    for (const value of this.#figures.values()) value.textContent = T.NOTHING;
    this.#busy.hidden = true;
    this.#showStages();
  }

  /** Clear the figures while no frame arrives. */
  wait() {
    for (const id of ['fps-in', 'fps-out', 'delay']) this.say(id, T.NOTHING);
    this.#forget();
    this.#busy.hidden = true;
  }

  /** @param {string} id of FIGURES @param {string} text */
  say(id, text) {
    const figure = this.#figures.get(id);
    if (figure) figure.textContent = text;
  }

  /** @param {Record<string, number | null>} ms milliseconds by stage, of one frame; null: unknown for this frame */
  addTimes(ms) {
    for (const [stage, value] of Object.entries(ms)) {
      if (value === null) continue;
      const before = this.#ms.get(stage);
      this.#ms.set(stage, before === undefined ? value : before + (value - before) * WEIGHT);
    }
  }

  /**
   * @param {import('../connection/telemetry.js').Telemetry} telemetry
   * @param {number} dropped since the start
   * @returns {string} what disturbs the analysis, for the presentation, which hides this panel; empty: nothing
   */
  show(telemetry, dropped) {
    this.say('fps-in', T.eachSecond(telemetry.fpsIn));
    this.say('fps-out', T.eachSecond(telemetry.fpsOut));
    this.say('dropped', String(dropped));
    const sum = [...this.#ms.values()].reduce((all, ms) => all + ms, 0);
    this.say('delay', this.#ms.has('display') ? milliseconds(sum) : T.NOTHING);
    this.#busy.textContent = T.busySentence(telemetry);
    this.#busy.hidden = !this.#busy.textContent;
    this.#showStages();
    const found = this.#steady.take(judge(telemetry, this.#line), performance.now());
    this.#light(found);
    return found.grade === 'good' || !found.grade ? '' : T.qualitySentence(found.key, found.every);
  }

  /** @param {import('../connection/connection-stats.js').Rates} rates */
  showRates(rates) {
    this.#line = rates;
    this.say('fps-shown', T.eachSecond(rates.shownFps));
    this.say('loss', percent(rates.lossShare));
    this.say('bitrate', kilobits(rates.kbps));
    this.say('codec', rates.codec || T.NOTHING);
    if (rates.rttMs !== null) this.say('round-trip', milliseconds(rates.rttMs));
  }

  #forget() {
    this.#steady.reset();
    this.#light(UNKNOWN);
  }

  /** @param {import('../session/quality.js').Finding} found */
  #light({ key, every, grade }) {
    putText(this.#sentence, T.qualitySentence(key, every));
    this.#element.dataset.grade = grade;
  }

  #showStages() {
    for (const [stage, { bar, time }] of this.#stages) {
      const ms = this.#ms.get(stage);
      bar.style.flexGrow = String(ms ?? 0);
      time.textContent = `${T.STAGE_LABELS[stage]} ${ms === undefined ? T.NOTHING : milliseconds(ms)}`;
    }
  }
}
