/** What the page holds while nothing runs: the last session, or a past one that is open. Uses its own elements only. */

import { find, putText } from '../browser/elements.js';
import { T } from '../texts/texts.js';
import { asksName } from './session-name.js';

/**
 * @typedef {object} HeldElements
 * @property {HTMLElement} held line about the session that has ended, with a field for its name
 * @property {HTMLElement} past line about the past session that is open
 *
 * @typedef {object} HeldActions
 * @property {() => void} save
 * @property {() => void} forget
 * @property {() => void} close the past session
 * @property {(name: string) => void} rename the session that has ended
 * @property {() => boolean} willAsk whether the next start asks for consent
 * @property {() => void} nextPerson another person comes, who has to be asked
 */

export class HeldPanel {
  #held;
  #past;
  #back;
  #name;
  #next;
  #willAsk;

  /** @param {HeldElements} elements each holds a p and buttons @param {HeldActions} actions */
  constructor({ held, past }, { save, forget, close, rename, willAsk, nextPerson }) {
    this.#held = held;
    this.#past = past;
    this.#back = find(past, '.back', HTMLButtonElement);
    this.#name = find(held, '.session-name', HTMLInputElement);
    this.#name.placeholder = T.TEXT.sessionName;
    asksName(this.#name, rename);
    this.#willAsk = willAsk;
    this.#next = find(held, '.next-person', HTMLButtonElement);
    this.#next.addEventListener('click', () => {
      // Its place stays, so that the second click of a double click meets no other button.
      this.#next.style.visibility = 'hidden';
      nextPerson();
    });
    find(held, '.save', HTMLButtonElement).addEventListener('click', save);
    find(held, '.forget', HTMLButtonElement).addEventListener('click', forget);
    find(past, '.save', HTMLButtonElement).addEventListener('click', save);
    this.#back.addEventListener('click', close);
  }

  /** @param {import('../storage/sessions.js').SessionInfo | null} info of the session that has ended; null: none @param {'browser' | 'page'} place that keeps it */
  showHeld(info, place) {
    this.#fill(this.#held, info && T.held(info, place));
    if (!info || !this.#willAsk()) this.#next.style.visibility = '';
    this.#next.hidden = this.#willAsk() && !this.#next.style.visibility;
    // What is being typed stays.
    if (this.#name !== document.activeElement) this.#name.value = info?.name ?? '';
  }

  /** @param {import('../storage/sessions.js').SessionInfo | null} info null: none @param {'running' | 'ended'} [live] the page's own session */
  showPast(info, live = 'ended') {
    this.#fill(this.#past, info && T.pastSession(info));
    this.#back.textContent = live === 'running' ? T.BACK.toLive : T.BACK.close;
  }

  /** @param {HTMLElement} line @param {string | null} text null: none */
  #fill(line, text) {
    line.hidden = text === null;
    putText(find(line, 'p', HTMLElement), text ?? '');
  }
}
