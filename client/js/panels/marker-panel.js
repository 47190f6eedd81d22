/** Marks moments of the session, with an optional note, and lists those of the session on show. Uses its own elements only. */

import { find, make } from '../browser/elements.js';
import { OF_PERSON, oneLine, timeOfEvent } from '../session/session-events.js';
import { clockTime } from '../texts/format.js';
import { T } from '../texts/texts.js';

/**
 * @typedef {'marker' | 'stimulus-start' | 'stimulus-end'} MarkerKind
 * @typedef {import('../session/session-log.js').OnShow} OnShow
 */

/**
 * @typedef {object} MarkerElements
 * @property {HTMLElement} tools holds the button .mark-now and the menu with the stimulus and .marker-list
 * @property {HTMLFormElement} form holds a label and an input for the note
 */

/**
 * @typedef {object} MarkerLog
 * @property {() => OnShow | null} now the frame on show; null: nothing runs
 * @property {(frame: OnShow, kind: MarkerKind) => number | null} mark keeps the marker at once, and says its id
 * @property {(timeS: number, text: string) => void} markOfProgram keeps a marker that a program has set
 * @property {(id: number | null, text: string) => void} annotate adds a note to it
 * @property {(id: number | null, text: string) => boolean} passOn the note is complete: give it to the server, too; returns whether that was possible
 * @property {() => readonly import('../session/session-log.js').SessionEvent[]} events of the session that the chart shows
 * @property {(timeS: number) => void} reveal moves the chart so that this moment is in it
 */

/** A note is kept this long after the last key, so that a page that is closed loses no word. */
const KEEP_AFTER_MS = 400;

export class MarkerPanel {
  #at;
  #menu;
  #input;
  #log;
  #say;
  #onBlind;
  /** A marker whose note is being written; it is kept already. @type {{id: number | null, kind: MarkerKind, timeS: number} | null} */
  #open = null;
  /** What of that note is kept. */
  #kept = '';
  #timer = 0;
  /** Whether a session runs. */
  #canMark = false;

  /**
   * @param {MarkerElements} elements
   * @param {MarkerLog} log
   * @param {(text: string) => void} say
   * @param {() => void} onBlind a marker has no field for a note; the person may type one all the same
   */
  constructor(elements, log, say, onBlind) {
    this.#at = elements;
    this.#input = find(elements.form, 'input', HTMLInputElement);
    this.#input.placeholder = this.#input.getAttribute('aria-label') ?? '';
    this.#menu = find(elements.tools, 'details', HTMLDetailsElement);
    this.#log = log;
    this.#say = say;
    this.#onBlind = onBlind;
    find(elements.tools, '.mark-now', HTMLButtonElement).addEventListener('click', () => this.add('marker'));
    for (const button of this.#stimuli) button.addEventListener('click', () => this.add(/** @type {MarkerKind} */ (button.value)));
    this.#menu.addEventListener('toggle', () => this.#menu.open && this.refresh());
    this.#input.addEventListener('input', () => {
      clearTimeout(this.#timer);
      this.#timer = window.setTimeout(() => this.#keep(), KEEP_AFTER_MS);
    });
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
  }

  /** @param {'there' | 'away'} session whether one runs */
  show(session) {
    this.#canMark = session === 'there';
    this.refresh();
    if (session === 'away') this.finish();
  }

  /** The chart may show another session. */
  refresh() {
    const { tools } = this.#at;
    const events = this.#log.events().filter(({ kind }) => OF_PERSON.includes(kind));
    const hidden = !this.#canMark;
    tools.hidden = hidden && !events.length;
    for (const button of [find(tools, '.mark-now', HTMLButtonElement), ...this.#stimuli]) button.hidden = hidden;
    const summary = find(this.#menu, 'summary', HTMLElement);
    summary.setAttribute('aria-label', hidden ? T.TEXT.markers : T.TEXT.moreMarkers);
    find(summary, 'span', HTMLElement).hidden = !hidden;
    const list = find(this.#menu, '.marker-list', HTMLElement);
    list.hidden = !events.length;
    find(list, 'ul', HTMLElement).replaceChildren(...events.map((event) => this.#lineOf(event)));
  }

  /** @returns {HTMLButtonElement[]} */
  get #stimuli() {
    return [...this.#menu.querySelectorAll('button')].filter(({ value }) => value);
  }

  /** @param {import('../session/session-log.js').SessionEvent} event */
  #lineOf({ kind, detail, timeS }) {
    const words = [kind === 'marker' && detail ? '' : T.MARKS[kind], detail].filter(Boolean).join(': ');
    const button = make('button', { type: 'button' });
    button.append(make('span', { className: 'at', textContent: clockTime(timeS, 1) }), ' ', make('span', { textContent: words }));
    button.addEventListener('click', () => {
      find(this.#menu, 'summary', HTMLElement).focus();
      this.#menu.open = false;
      this.#log.reveal(timeS);
    });
    const line = make('li');
    line.append(button);
    return line;
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
      this.#onBlind();
      return;
    }
    this.#open = { id, kind, timeS };
    find(form, '.marker-at', HTMLElement).textContent = T.markerAt(kind, timeS);
    this.#input.focus();
  }

  /** A program has set a marker over HTTP: it is kept like that of a key. @param {number} timeS @param {string} text */
  addOfProgram(timeS, text) {
    if (!this.#canMark) return;
    this.#log.markOfProgram(timeS, text);
    this.refresh();
  }

  /** Escape leaves it without a note, so an empty one is kept too. */
  #keep() {
    clearTimeout(this.#timer);
    const text = oneLine(this.#input.value).trim();
    if (!this.#open || text === this.#kept) return;
    this.#kept = text;
    this.#log.annotate(this.#open.id, text);
  }

  /** End the note that is being written; it is kept as far as it goes. May be called twice. */
  finish() {
    const open = this.#open;
    if (!open) return;
    this.#keep();
    // Programs that follow the session get a note once, and whole.
    if (this.#kept && !this.#log.passOn(open.id, this.#kept)) this.#say(T.NOTE_STAYS);
    this.#open = null;
    this.#kept = '';
    const hadFocus = this.#at.form.contains(document.activeElement);
    this.#input.value = '';
    this.#at.form.hidden = true;
    if (hadFocus) find(this.#at.tools, '.mark-now', HTMLButtonElement).focus();
  }
}
