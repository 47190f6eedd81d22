/** The panel of a video file: position, pause, what was analysed, and whether the file plays in a loop. Uses its own element only. */

import { find } from '../browser/elements.js';
import { keepChoice, readChoice } from '../browser/settings.js';
import { ClipSource } from '../source/clip-source.js';
import { showShortcut } from './shortcuts.js';
import { T } from '../texts/texts.js';
import { RUNNING, State } from '../visit/visit-states.js';

/** After a key or a drag, the position follows the file again. */
const SEEKING_MS = 800;

export class ClipPanel {
  #element;
  #bar;
  #pause;
  #position;
  #time;
  #count;
  #result;
  #loop;
  #why;
  /** Whether the server takes frames one by one; null: not known. @type {boolean | null} */
  #isExact = null;
  /** @type {ClipSource | null} null: a camera, or a file that plays in a loop */
  #source = null;
  #soughtMs = -Infinity;
  /** Where the file was asked to go on, in seconds; its own position follows later. */
  #askedS = 0;
  #timer = 0;
  #drawing = 0;

  /** @param {HTMLElement} element holds .clip-bar, .clip-pause, .clip-position, .clip-time, .clip-count, .clip-result, .clip-why and .clip-loop */
  constructor(element) {
    this.#element = element;
    this.#bar = find(element, '.clip-bar', HTMLElement);
    this.#pause = find(element, '.clip-pause', HTMLButtonElement);
    this.#position = find(element, '.clip-position', HTMLInputElement);
    this.#time = find(element, '.clip-time', HTMLElement);
    this.#count = find(element, '.clip-count', HTMLElement);
    this.#result = find(element, '.clip-result', HTMLElement);
    this.#loop = find(element, '.clip-loop input', HTMLInputElement);
    this.#why = find(element, '.clip-why', HTMLElement);
    this.#loop.checked = readChoice('clip') === 'in a loop';
    this.#loop.addEventListener('change', () => keepChoice('clip', this.#loop.checked ? 'in a loop' : 'once'));
    this.#pause.addEventListener('click', () => this.pauseOrResume());
    showShortcut(this.#pause, 'startStop');
    this.#position.addEventListener('input', () => this.#seek());
  }

  /** @returns {'once' | 'in a loop'} */
  get plays() {
    return this.#loop.checked || !this.#isExact ? 'in a loop' : 'once';
  }

  /** Without single frames, a file can only play like a camera. @param {boolean} isExact whether the server takes frames one by one */
  learn(isExact) {
    this.#isExact = isExact;
    this.#why.textContent = isExact ? '' : T.CLIP_ONLY_LOOPS;
    find(this.#element, '.clip-loop', HTMLElement).hidden = !isExact;
  }

  /** Does nothing unless a file is analysed once. */
  pauseOrResume() {
    if (this.#source?.paused) this.#source.resume();
    else this.#source?.pause();
  }

  /** @returns {boolean} whether a file is analysed once at the moment */
  get follows() {
    return this.#source !== null;
  }

  /** @param {File | null} clip that is chosen; null: a camera */
  offer(clip) {
    this.#element.hidden = !clip;
    if (!clip) this.begin();
  }

  /** A new visit: forget the last one. */
  begin() {
    this.#source = null;
    this.#bar.hidden = true;
    this.#count.textContent = this.#result.textContent = '';
  }

  /** @param {import('../visit/visit-states.js').OpenSource} opened */
  follow(opened) {
    this.#source = opened instanceof ClipSource ? opened : null;
    this.#source?.follow(() => this.#drawSoon());
    this.#askedS = 0;
    this.#bar.hidden = !this.#source;
    this.#draw();
  }

  /** @param {import('../visit/visit-states.js').VisitState} state */
  show(state) {
    const running = RUNNING.includes(state);
    this.#loop.disabled = running;
    if (running || !this.#source) return;
    this.#draw();
    const { clipRun, skippedS, inSteps } = this.#source;
    if (state === State.FINISHED) {
      this.#result.textContent = T.clipResult(clipRun.counts, skippedS, inSteps);
      this.#count.textContent = '';
    }
    this.#bar.hidden = true;
    this.#source = null;
  }

  #seek() {
    // What comes before has been analysed or skipped, and reading never goes back.
    const timeS = Math.max(this.#position.valueAsNumber, this.#source?.timeS ?? 0, this.#askedS);
    this.#position.value = String(timeS);
    this.#soughtMs = performance.now();
    this.#showTime(timeS);
    // A drag fires many events; the last one counts.
    window.clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => {
      this.#askedS = timeS;
      this.#source?.seekTo(timeS);
      // A paused file tells nothing by itself.
      this.#timer = window.setTimeout(() => this.#drawSoon(), SEEKING_MS);
    }, 150);
  }

  #drawSoon() {
    this.#drawing ||= requestAnimationFrame(() => this.#draw());
  }

  #draw() {
    this.#drawing = 0;
    if (!this.#source) return;
    const { timeS, durationS, paused, clipRun } = this.#source;
    this.#pause.textContent = paused ? T.CLIP_PAUSE.resume : T.CLIP_PAUSE.pause;
    this.#count.textContent = T.clipCount(clipRun.counts.analysed);
    this.#position.disabled = !durationS;
    if (performance.now() - this.#soughtMs < SEEKING_MS) return;
    this.#position.max = String(durationS || 1);
    this.#position.value = String(timeS);
    this.#showTime(timeS);
  }

  /** @param {number} timeS */
  #showTime(timeS) {
    const text = T.clipTime(timeS, this.#source?.durationS ?? 0);
    this.#time.textContent = text;
    this.#position.setAttribute('aria-valuetext', text);
  }
}
