/** The analysis of one face: a word, its reason, and a bar for each emotion. Draws into its own element only. */

import {
  EMOTION_LABELS, FPS_LABEL, LARGEST_FACE, NOTHING, NOT_ANALYSED, NOT_ANALYSED_REASONS, NOT_RUNNING, NO_FACE,
  NO_FACE_REASON, UNSURE_REASONS, describePose, faceName, percent, perSecond,
} from './strings.js';
import { EMOTIONS, chooseFace } from './telemetry.js';

const SVG = 'http://www.w3.org/2000/svg';

export class FacePanel {
  #verdict;
  #share;
  #reason;
  #choice;
  #who;
  #element;
  /** @type {Map<string, {fill: HTMLElement, share: HTMLElement}>} */
  #rows = new Map();
  #chosenId = null;

  /**
   * @param {HTMLElement} element holds .verdict, .verdict-share, .reason, .who, .rows and select
   * @param {(id: string, visibility: 'shown' | 'hidden') => void} onLine a row was pressed
   * @param {() => void} onChoice another face is followed from now on
   */
  constructor(element, onLine, onChoice) {
    this.#element = element;
    this.#verdict = element.querySelector('.verdict');
    this.#share = element.querySelector('.verdict-share');
    this.#reason = element.querySelector('.reason');
    this.#choice = element.querySelector('select');
    this.#who = element.querySelector('.who');
    this.#choice.addEventListener('change', () => {
      this.#chosenId = this.#choice.value ? Number(this.#choice.value) : null;
      onChoice();
    });
    for (const id of [...EMOTIONS, 'fps']) this.#addRow(id, onLine);
    this.reset();
  }

  /** @returns {string} the label that is shown: an emotion or "unsure"; empty: none */
  get label() {
    return this.#element.dataset.label ?? '';
  }

  /** @param {import('./telemetry.js').Face[]} faces @returns {import('./telemetry.js').Face | null} the face that is followed */
  follow(faces) {
    return chooseFace(faces, this.#chosenId);
  }

  /** Nothing is running. */
  reset() {
    this.#chosenId = null;
    this.#showChoices([]);
    this.#say(NOTHING, '', NOT_RUNNING, '');
    this.#showShares(null);
    this.#show('fps', 0, NOTHING);
  }

  /** No reports arrive for a while; the chosen face is kept. @param {string} why */
  wait(why) {
    this.#say(NOTHING, '', why, '');
    this.#showShares(null);
    this.#show('fps', 0, NOTHING);
  }

  /** @param {import('./telemetry.js').Telemetry} telemetry @returns {string} the word that is shown */
  show(telemetry) {
    this.#showChoices(telemetry.faces);
    const face = this.follow(telemetry.faces);
    if (!telemetry.analysed) this.#say(NOT_ANALYSED, '', NOT_ANALYSED_REASONS[telemetry.unanalysed] ?? NOT_ANALYSED_REASONS.unavailable, '');
    else if (!face) this.#say(NO_FACE, '', NO_FACE_REASON, '');
    else {
      const word = EMOTION_LABELS[face.label] ?? face.label;
      const share = face.unsure ? '' : percent(Math.max(...face.probabilities));
      this.#say(word, share, face.unsure ? (UNSURE_REASONS[face.unsure] ?? face.unsure) : describePose(face), face.label, face.id);
    }
    this.#showShares(face?.probabilities ?? null);
    this.#show('fps', telemetry.fpsOut / 32, perSecond(telemetry.fpsOut));
    return this.#verdict.textContent;
  }

  #say(word, share, reason, label, id = 0) {
    this.#verdict.textContent = word;
    this.#share.textContent = share;
    this.#reason.textContent = reason;
    this.#element.dataset.label = label;
    this.#element.dataset.id = String(id);
    // Where there are several, the list of faces says who.
    this.#who.textContent = id && this.#choice.hidden ? faceName(id) : '';
  }

  /** @param {number[] | null} probabilities */
  #showShares(probabilities) {
    EMOTIONS.forEach((emotion, i) => {
      const share = probabilities?.[i] ?? 0;
      this.#show(emotion, share, probabilities ? percent(share) : NOTHING);
    });
  }

  #show(id, share, text) {
    const row = this.#rows.get(id);
    row.fill.style.transform = `scaleX(${Math.min(share, 1).toFixed(3)})`;
    row.share.textContent = text;
  }

  /** @param {import('./telemetry.js').Face[]} faces */
  #showChoices(faces) {
    const ids = faces.map((face) => String(face.id)).sort((a, b) => a - b);
    const shown = [...this.#choice.options].slice(1).map((option) => option.value);
    if (this.#choice.options.length && ids.join() === shown.join()) return;
    // Do not change a list while a person chooses from it; an open list has the focus.
    if (document.activeElement === this.#choice && ids.length > 1) return;
    this.#choice.replaceChildren(new Option(LARGEST_FACE, ''), ...ids.map((id) => new Option(faceName(id), id)));
    this.#choice.value = ids.includes(String(this.#chosenId)) ? String(this.#chosenId) : '';
    this.#choice.hidden = ids.length < 2;
  }

  #addRow(id, onLine) {
    const button = Object.assign(document.createElement('button'), { type: 'button', className: 'row' });
    button.dataset.line = id;
    button.setAttribute('aria-pressed', 'true');
    const name = make('name', EMOTION_LABELS[id] ?? FPS_LABEL);
    const track = make('track');
    const fill = make('fill');
    const share = make('share', NOTHING);
    fill.style.background = `var(--${id})`;
    track.append(fill);
    button.append(swatch(id), name, track, share);
    button.addEventListener('click', () => {
      const shown = button.getAttribute('aria-pressed') !== 'true';
      button.setAttribute('aria-pressed', String(shown));
      onLine(id, shown ? 'shown' : 'hidden');
    });
    const item = document.createElement('li');
    item.append(button);
    this.#element.querySelector('.rows').append(item);
    this.#rows.set(id, { fill, share });
  }
}

function make(className, textContent = '') {
  return Object.assign(document.createElement('span'), { className, textContent });
}

/** The line as the chart draws it: colour and dashes, so that nobody has to tell lines apart by colour alone. */
function swatch(id) {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 28 8');
  svg.setAttribute('class', 'swatch');
  svg.setAttribute('aria-hidden', 'true');
  const line = document.createElementNS(SVG, 'line');
  for (const [name, value] of Object.entries({ x1: 1, y1: 4, x2: 27, y2: 4, class: `line-${id}` })) line.setAttribute(name, value);
  svg.append(line);
  return svg;
}
