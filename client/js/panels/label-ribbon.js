/** The labels of one face over time as one band of colours with letters or words. Draws onto its own canvas only. */

import { cleared, make } from '../browser/elements.js';
import { T } from '../texts/texts.js';
import { faceColour } from './face-colours.js';

/** Space on both sides of a word and of a letter in a band. */
const WORD_MARGIN_PX = 5;
const LETTER_MARGIN_PX = 1;
const HATCH_PX = 6;

export class LabelRibbon {
  /** The ribbon with the number of its face. */
  root = make('div', { className: 'ribbon' });
  #badge = make('b', { className: 'face-badge', hidden: true });
  #canvas = make('canvas');
  #face = 0;

  constructor() {
    this.root.append(this.#badge, this.#canvas);
  }

  /**
   * @param {import('../session/timeline.js').Band[]} bands
   * @param {number} slices in the whole width
   * @param {number} face whose number is shown; 0: none
   * @param {string} name of the face, the tooltip of its number
   */
  draw(bands, slices, face, name) {
    this.#badge.title = name;
    this.#nameFace(face);
    this.root.dataset.bands = bands.map(({ label, from, end }) => `${label} ${from}-${end}`).join();
    const { clientWidth: width, clientHeight: height } = this.#canvas;
    const context = cleared(this.#canvas, width, height);
    if (!context) return;
    const style = getComputedStyle(this.#canvas);
    context.font = `600 ${style.fontSize} ${style.fontFamily}`;
    context.textAlign = 'center';
    context.textBaseline = 'middle';
    for (const { label, from, end } of bands) {
      const left = Math.round((from / slices) * width);
      const right = Math.round((end / slices) * width);
      drawBand(context, style, label, left, right - left, height);
    }
  }

  /** @param {number} face */
  #nameFace(face) {
    if (face === this.#face) return;
    this.#face = face;
    this.#badge.hidden = !face;
    this.#badge.textContent = String(face);
    this.#badge.style.background = face ? faceColour(face) : '';
  }
}

/** @param {CanvasRenderingContext2D} context @param {CSSStyleDeclaration} style @param {string} label @param {number} left @param {number} width @param {number} height */
function drawBand(context, style, label, left, width, height) {
  const colour = (/** @type {string} */ name) => style.getPropertyValue(name).trim();
  if (label === 'absent') {
    // A line instead of a surface: there was nobody.
    context.fillStyle = colour('--quiet');
    context.fillRect(left, height / 2 - 0.75, width, 1.5);
    return;
  }
  if (label === 'unsure') hatch(context, colour('--quiet'), left, width, height);
  else {
    context.fillStyle = colour(`--${label}`);
    context.fillRect(left, 0, width, height);
  }
  // A hairline separates bands whose colours are hard to tell apart.
  context.fillStyle = colour('--panel');
  if (width > 3) context.fillRect(left, 0, 1, height);
  const widths = { [T.EMOTION_LABELS[label] ?? label]: WORD_MARGIN_PX, [T.EMOTION_LETTERS[label] ?? '']: LETTER_MARGIN_PX };
  const [text] = Object.entries(widths).find(([words, margin]) => context.measureText(words).width + 2 * margin <= width) ?? [];
  if (!text) return;
  const middle = left + width / 2;
  if (label === 'unsure') {
    const ground = context.measureText(text).width + 2 * LETTER_MARGIN_PX + 4;
    context.fillRect(middle - ground / 2, 1, ground, height - 2);
  }
  context.fillStyle = colour(label === 'unsure' ? '--ink' : `--on-${label}`);
  context.fillText(text, middle, height / 2 + 0.5);
}

/** @param {CanvasRenderingContext2D} context @param {string} colour @param {number} left @param {number} width @param {number} height */
function hatch(context, colour, left, width, height) {
  context.save();
  context.beginPath();
  context.rect(left, 0, width, height);
  context.clip();
  context.beginPath();
  for (let x = left - height - (left % HATCH_PX); x < left + width; x += HATCH_PX) {
    context.moveTo(x, height);
    context.lineTo(x + height, 0);
  }
  context.strokeStyle = colour;
  context.lineWidth = 1;
  context.stroke();
  context.strokeRect(left + 0.5, 0.5, width - 1, height - 1);
  context.restore();
}
