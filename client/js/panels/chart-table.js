/** The stretch of time that the chart shows as a table in a dialog, for people who do not see the chart. */

import { find, make } from '../browser/elements.js';
import { tableOf } from '../session/table.js';

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

  /** @param {import('../session/table.js').Stretch} stretch */
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
