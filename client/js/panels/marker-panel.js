/** Marks moments of the session, with an optional note. Uses its own elements only. */

import { find } from '../browser/elements.js';
import { timeOfEvent } from '../session/session-events.js';
import { T } from '../texts/texts.js';

/**
 * @typedef {'marker' | 'stimulus-start' | 'stimulus-end'} MarkerKind
 * @typedef {import('../session/session-log.js').OnShow} OnShow
 */

/**
 * @typedef {object} MarkerElements
 * @property {HTMLElement} tools holds the button .mark-now and the menu with the stimulus
 * @property {HTMLFormElement} form holds a label and an input for the note
 */

/**
 * @typedef {object} MarkerLog
 * @property {() => OnShow | null} now the frame on show; null: nothing runs
 * @property {(frame: OnShow, kind: MarkerKind) => number | null} mark keeps the marker at once, and says its id
 * @property {(id: number | null, text: string) => void} annotate adds a note to it
 */

export class MarkerPanel {
  #at;
  #menu;
  #input;
  #log;
  #say;
  /** A marker whose note is being written; it is kept already. @type {{id: number | null, kind: MarkerKind, timeS: number} | null} */
  #open = null;

  /**
   * @param {MarkerElements} elements
   * @param {MarkerLog} log
   * @param {(text: string) => void} say
   */
  constructor(elements, log, say) {
    this.#at = elements;
    this.#input = find(elements.form, 'input', HTMLInputElement);
    this.#input.placeholder = this.#input.getAttribute('aria-label') ?? '';
    this.#menu = find(elements.tools, 'details', HTMLDetailsElement);
    this.#log = log;
    this.#say = say;
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
      const open = this.#open;
      this.finish();
      if (open) this.#say(T.markerWithoutNote(open.kind, open.timeS));
    });
    this.show('away');
  }

  /** @param {'there' | 'away'} session whether one runs */
  show(session) {
    this.#at.tools.hidden = session === 'away';
    if (session === 'away') this.finish();
  }

  /** @param {MarkerKind} kind at the frame on show, or at this moment */
  add(kind) {
    this.finish();
    this.#menu.open = false;
    const frame = this.#log.now();
    if (!frame) return;
    const timeS = timeOfEvent(frame, kind);
    const id = this.#log.mark(frame, kind);
    const { form } = this.#at;
    form.hidden = false;
    // The big word and the compact view have no room for a note.
    if (!form.getClientRects().length) {
      form.hidden = true;
      this.#say(T.markerAt(kind, timeS));
      return;
    }
    this.#open = { id, kind, timeS };
    find(form, '.marker-at', HTMLElement).textContent = T.markerAt(kind, timeS);
    this.#input.focus();
  }

  /** Keep the note that is being written, as far as it goes. May be called twice. */
  finish() {
    const open = this.#open;
    if (!open) return;
    this.#open = null;
    const hadFocus = this.#at.form.contains(document.activeElement);
    const text = this.#input.value.trim();
    if (text) this.#log.annotate(open.id, text);
    this.#input.value = '';
    this.#at.form.hidden = true;
    if (hadFocus) find(this.#at.tools, '.mark-now', HTMLButtonElement).focus();
  }
}
