/** The analysis of one face: a word, its reason, and a bar for each emotion. Draws into its own element only. */

import { find, make } from '../browser/elements.js';
import { perSecond, percent } from '../texts/format.js';
import { T } from '../texts/texts.js';
import { EMOTIONS, chooseFace } from '../connection/telemetry.js';

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
  /** @type {number | null} null: the largest */
  #chosenId = null;

  /**
   * @param {HTMLElement} element holds .verdict, .verdict-share, .reason, .who, .rows and select
   * @param {(id: string, visibility: 'shown' | 'hidden') => void} onLine a row was pressed
   * @param {() => void} onChoice another face is followed from now on
   */
  constructor(element, onLine, onChoice) {
    this.#element = element;
    this.#verdict = find(element, '.verdict', HTMLElement);
    this.#share = find(element, '.verdict-share', HTMLElement);
    this.#reason = find(element, '.reason', HTMLElement);
    this.#choice = find(element, 'select', HTMLSelectElement);
    this.#who = find(element, '.who', HTMLElement);
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

  /** @param {import('../connection/telemetry.js').Face[]} faces @returns {import('../connection/telemetry.js').Face | null} the face that is followed */
  follow(faces) {
    return chooseFace(faces, this.#chosenId);
  }

  /** Nothing is running. */
  reset() {
    this.#chosenId = null;
    this.#showChoices([]);
    this.#say(T.NOTHING, '', T.NOT_RUNNING, '');
    this.#showShares(null);
    this.#show('fps', 0, T.NOTHING);
  }

  /** No reports arrive for a while; the chosen face is kept. @param {string} why */
  wait(why) {
    this.#say(T.NOTHING, '', why, '');
    this.#showShares(null);
    this.#show('fps', 0, T.NOTHING);
  }

  /** @param {import('../connection/telemetry.js').Telemetry} telemetry @returns {string} the word that is shown */
  show(telemetry) {
    this.#showChoices(telemetry.faces);
    const face = this.follow(telemetry.faces);
    if (!telemetry.analysed) this.#say(T.NOT_ANALYSED, '', T.NOT_ANALYSED_REASONS[telemetry.unanalysed] ?? T.NOT_ANALYSED_REASONS.unavailable, '');
    else if (!face) this.#say(T.NO_FACE, '', T.NO_FACE_REASON, '');
    else {
      const word = T.EMOTION_LABELS[face.label] ?? face.label;
      const share = face.unsure ? '' : percent(Math.max(...face.probabilities));
      this.#say(word, share, face.unsure ? (T.UNSURE_REASONS[face.unsure] ?? face.unsure) : T.describePose(face), face.label, face.id);
    }
    this.#showShares(face?.probabilities ?? null);
    this.#show('fps', telemetry.fpsOut / 32, perSecond(telemetry.fpsOut));
    return this.#verdict.textContent ?? '';
  }

  /** @param {string} word @param {string} share @param {string} reason @param {string} label @param {number} [id] */
  #say(word, share, reason, label, id = 0) {
    this.#verdict.textContent = word;
    this.#share.textContent = share;
    this.#reason.textContent = reason;
    this.#element.dataset.label = label;
    this.#element.dataset.id = String(id);
    // If there are several faces, the list names the chosen one.
    this.#who.textContent = id && this.#choice.hidden ? T.faceName(id) : '';
  }

  /** @param {number[] | null} probabilities */
  #showShares(probabilities) {
    EMOTIONS.forEach((emotion, i) => {
      const share = probabilities?.[i] ?? 0;
      this.#show(emotion, share, probabilities ? percent(share) : T.NOTHING);
    });
  }

  /** @param {string} id @param {number} share 0..1 @param {string} text */
  #show(id, share, text) {
    const row = this.#rows.get(id);
    if (!row) return;
    row.fill.style.transform = `scaleX(${Math.min(share, 1).toFixed(3)})`;
    row.share.textContent = text;
  }

  /** @param {import('../connection/telemetry.js').Face[]} faces */
  #showChoices(faces) {
    const ids = faces.map((face) => face.id).sort((a, b) => a - b).map(String);
    const shown = [...this.#choice.options].slice(1).map((option) => option.value);
    if (this.#choice.options.length && ids.join() === shown.join()) return;
    // Do not change a list while a person chooses from it; an open list has the focus.
    if (document.activeElement === this.#choice && ids.length > 1) return;
    this.#choice.replaceChildren(new Option(T.LARGEST_FACE, ''), ...ids.map((id) => new Option(T.faceName(id), id)));
    this.#choice.value = ids.includes(String(this.#chosenId)) ? String(this.#chosenId) : '';
    this.#choice.hidden = ids.length < 2;
  }

  /** @param {string} id @param {(id: string, visibility: 'shown' | 'hidden') => void} onLine */
  #addRow(id, onLine) {
    const button = make('button', { type: 'button', className: 'row' });
    button.dataset.line = id;
    button.setAttribute('aria-pressed', 'true');
    const name = part('name', T.EMOTION_LABELS[id] ?? T.FPS_LABEL);
    const track = part('track');
    const fill = part('fill');
    const share = part('share', T.NOTHING);
    fill.style.background = `var(--${id})`;
    track.append(fill);
    button.append(swatch(id), name, track, share);
    button.addEventListener('click', () => {
      const shown = button.getAttribute('aria-pressed') !== 'true';
      button.setAttribute('aria-pressed', String(shown));
      onLine(id, shown ? 'shown' : 'hidden');
    });
    const item = make('li');
    item.append(button);
    find(this.#element, '.rows', HTMLElement).append(item);
    this.#rows.set(id, { fill, share });
  }
}

/** @param {string} className @param {string} [textContent] */
const part = (className, textContent = '') => make('span', { className, textContent });

/** The line as the chart draws it, with its dashes: colour must not be the only difference. @param {string} id */
function swatch(id) {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 28 8');
  svg.setAttribute('class', 'swatch');
  svg.setAttribute('aria-hidden', 'true');
  const line = document.createElementNS(SVG, 'line');
  for (const [name, value] of Object.entries({ x1: 1, y1: 4, x2: 27, y2: 4, class: `line-${id}` })) line.setAttribute(name, String(value));
  svg.append(line);
  return svg;
}
