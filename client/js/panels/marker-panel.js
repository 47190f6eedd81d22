/** Marks moments of the session, with an optional note. Uses its own elements only. */

import { find } from '../browser/elements.js';
import { T } from '../texts/texts.js';

/** @typedef {'marker' | 'stimulus-start' | 'stimulus-end'} MarkerKind */

/**
 * @typedef {object} MarkerElements
 * @property {HTMLElement} tools holds the button .mark-now and the menu with the stimulus
 * @property {HTMLFormElement} form holds a label and an input for the note
 */

export class MarkerPanel {
  #at;
  #menu;
  #input;
  #now;
  #note;
  /** A marker whose note is being written. @type {{kind: MarkerKind, timeS: number} | null} */
  #open = null;

  /**
   * @param {MarkerElements} elements
   * @param {() => number | null} now the time of the frame on show, in seconds of the session; null: nothing runs
   * @param {(timeS: number, kind: MarkerKind, detail: string) => void} note
   */
  constructor(elements, now, note) {
    this.#at = elements;
    this.#input = find(elements.form, 'input', HTMLInputElement);
    this.#input.placeholder = this.#input.getAttribute('aria-label') ?? '';
    this.#menu = find(elements.tools, 'details', HTMLDetailsElement);
    this.#now = now;
    this.#note = note;
    find(elements.tools, '.mark-now', HTMLButtonElement).addEventListener('click', () => this.add('marker'));
    for (const button of this.#menu.querySelectorAll('button')) {
      button.addEventListener('click', () => this.add(/** @type {MarkerKind} */ (button.value)));
    }
    elements.form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.finish();
    });
    elements.form.addEventListener('focusout', ({ relatedTarget }) => {
      if (!elements.form.contains(/** @type {Node | null} */ (relatedTarget))) this.finish();
    });
    elements.form.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape') return;
      event.preventDefault();
      this.#input.value = '';
      this.finish();
    });
    this.show('away');
  }

  /** @param {'there' | 'away'} session whether one runs */
  show(session) {
    this.#at.tools.hidden = session === 'away';
    if (session === 'away') this.finish();
  }

  /** @param {MarkerKind} kind at the frame on show */
  add(kind) {
    this.finish();
    this.#menu.open = false;
    const timeS = this.#now();
    if (timeS === null) return;
    this.#open = { kind, timeS };
    find(this.#at.form, '.marker-at', HTMLElement).textContent = T.markerAt(kind, timeS);
    this.#at.form.hidden = false;
    this.#input.focus();
  }

  /** Keep the marker that is being written, with the note as far as it goes. May be called twice. */
  finish() {
    const open = this.#open;
    if (!open) return;
    this.#open = null;
    const hadFocus = this.#at.form.contains(document.activeElement);
    this.#note(open.timeS, open.kind, this.#input.value.trim());
    this.#input.value = '';
    this.#at.form.hidden = true;
    if (hadFocus) find(this.#at.tools, '.mark-now', HTMLButtonElement).focus();
  }
}
