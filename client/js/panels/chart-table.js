/** The stretch of time that the chart shows as a table in a dialog, for people who do not see the chart. */

import { find, make } from '../browser/elements.js';
import { EMOTIONS } from '../connection/telemetry.js';
import { clockTime, percent } from '../texts/format.js';
import { T } from '../texts/texts.js';

/** Up to this length one row per second, else one per five seconds. */
const FINE_S = 60;

/**
 * @typedef {object} Stretch
 * @property {import('../session/session-log.js').SessionLog} log
 * @property {number} fromS
 * @property {number} toS
 * @property {(number | null)[]} faces null: the largest of each moment
 *
 * @typedef {{caption: string, head: string[], rows: string[][]}} Table
 */

/** @param {Stretch} stretch @returns {Table} one face with its probabilities, or the labels of several */
export function tableOf({ log, fromS, toS, faces }) {
  const stepS = toS - fromS <= FINE_S ? 1 : 5;
  const first = Math.floor(fromS / stepS);
  const count = Math.max(0, Math.floor(toS / stepS) + 1 - first);
  const means = faces.map((id) => log.slices(id, toS, count * stepS, count));
  /** @param {import('../session/slices.js').SliceMeans} means @param {number} i */
  const words = ({ labels, fps }, i) => {
    const label = labels[i];
    return label !== null ? T.EMOTION_LABELS[label] : fps[i] === null ? T.NOT_MEASURED : T.NO_FACE;
  };
  const rows = Array.from({ length: count }, (_, i) => [
    clockTime((first + i) * stepS),
    ...means.map((each) => words(each, i)),
    ...(means.length === 1 ? means[0].lines.map((line) => (line[i] === null ? T.NOTHING : percent(line[i]))) : []),
  ]);
  const one = [T.TABLE.label, ...EMOTIONS.map((emotion) => T.EMOTION_LABELS[emotion])];
  return {
    caption: T.TABLE.caption(clockTime(fromS), clockTime(toS), stepS),
    head: [T.TABLE.time, ...(means.length === 1 ? one : faces.map((id) => (id === null ? T.LARGEST_FACE : T.faceName(id))))],
    rows,
  };
}

export class ChartTable {
  #dialog;
  #table;
  #caption;

  /** @param {HTMLDialogElement} dialog holds a table, its caption and a button that closes it */
  constructor(dialog) {
    this.#dialog = dialog;
    this.#table = find(dialog, 'table', HTMLTableElement);
    this.#caption = find(dialog, '.table-caption', HTMLElement);
  }

  /** @param {Stretch} stretch */
  open(stretch) {
    const { caption, head, rows } = tableOf(stretch);
    const headRow = make('tr');
    headRow.append(...head.map((text) => make('th', { scope: 'col', textContent: text })));
    const thead = make('thead');
    thead.append(headRow);
    const tbody = make('tbody');
    tbody.append(...rows.map(([time, ...cells]) => {
      const row = make('tr');
      row.append(make('th', { scope: 'row', textContent: time }), ...cells.map((textContent) => make('td', { textContent })));
      return row;
    }));
    this.#caption.textContent = caption;
    this.#table.replaceChildren(thead, tbody);
    this.#dialog.showModal();
  }
}
