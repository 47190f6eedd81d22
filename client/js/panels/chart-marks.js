/** What a person marked, as lines across the chart with their notes beside them; and the line of the moment on show. Uses its own elements only. */

import { cleared, make, putText } from '../browser/elements.js';
import { besideMarks, cutWidth } from '../session/timeline.js';
import { OF_PERSON } from '../session/session-events.js';
import { T } from '../texts/texts.js';

/** Marks of one window; beyond that they would cover the chart. */
const MOST_MARKS = 12;
/** Between a note and the line or note beside it that is not its own; a note is right at its own line. */
const GAP_PX = 12;
/** The line of a mark and the padding beside its note, as in css/chart.css. */
const LINE_PX = 2;
const PADDING_PX = 5;

/** @typedef {import('../session/session-log.js').SessionEvent} SessionEvent */

export class ChartMarks {
  #root;
  #shown = make('i', { className: 'mark-shown', hidden: true });
  #marks = Array.from({ length: MOST_MARKS }, () => make('i', { className: 'mark-event', hidden: true }));
  #canvas = make('canvas');

  /** @param {HTMLElement} root over the chart, as wide as its plot */
  constructor(root) {
    this.#root = root;
    root.append(this.#shown, ...this.#marks);
  }

  /** @param {number | null} part of the window at which the frame on show is; null: not known */
  showMoment(part) {
    this.#shown.hidden = part === null || !(part >= 0 && part <= 1);
    if (part !== null) this.#shown.style.left = percents(part);
  }

  /** @param {readonly SessionEvent[]} all in order of time @param {number} fromS @param {number} edgeS of the window @returns {boolean} whether there is any mark */
  draw(all, fromS, edgeS) {
    const events = marksBetween(all, fromS, edgeS);
    const width = this.#root.clientWidth;
    const widthOf = this.#measure();
    const texts = events.map((event) => event.detail || T.MARKS[event.kind]);
    const parts = events.map(({ timeS }) => (timeS - fromS) / (edgeS - fromS));
    const beside = LINE_PX + PADDING_PX;
    const places = besideMarks(parts.map((part, i) => ({ at: part * width, width: widthOf(texts[i]) + beside })), width, GAP_PX);
    this.#marks.forEach((mark, i) => {
      mark.hidden = !events[i];
      if (mark.hidden) return;
      const { side, room } = places[i];
      const cut = cutWidth(texts[i], room - beside, widthOf);
      mark.dataset.kind = events[i].kind;
      mark.dataset.text = cut ? side : 'none';
      mark.style.left = cut && side === 'before' ? 'auto' : percents(parts[i]);
      mark.style.right = cut && side === 'before' ? percents(1 - parts[i]) : 'auto';
      mark.style.setProperty('max-width', `${cut ? cut + beside : LINE_PX}px`);
      putText(mark, texts[i]);
    });
    return events.length > 0;
  }

  /** @returns {(text: string) => number} the width of a text in px */
  #measure() {
    const context = cleared(this.#canvas, 1, 1);
    if (!context) return () => 0;
    const { fontSize, fontFamily } = getComputedStyle(this.#marks[0]);
    context.font = `${fontSize} ${fontFamily}`;
    return (text) => Math.ceil(context.measureText(text).width) + 1;
  }
}

/** @param {readonly SessionEvent[]} all in order of time @param {number} fromS @param {number} toS @returns {SessionEvent[]} the newest that a person noted */
export function marksBetween(all, fromS, toS) {
  /** @type {SessionEvent[]} */
  const events = [];
  for (let i = all.length - 1; i >= 0 && all[i].timeS >= fromS && events.length < MOST_MARKS; i -= 1) {
    if (OF_PERSON.includes(all[i].kind) && all[i].timeS <= toS) events.unshift(all[i]);
  }
  return events;
}

/** @param {number} part */
const percents = (part) => `${(part * 100).toFixed(2)}%`;
