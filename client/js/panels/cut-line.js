/** After a reload or a crash: one line that the session of this tab was interrupted, and is kept. Uses its own element only. */

import { find, putText } from '../browser/elements.js';
import { forTab, forgetChoice, keepChoice, readChoice } from '../browser/settings.js';
import { claim } from '../storage/claims.js';
import { claimOf } from '../storage/sessions.js';
import { T } from '../texts/texts.js';
import { asksName } from './session-name.js';

/** The session that this tab runs, in what lasts as long as the tab: a crash leaves it there. */
const RUNS = 'running';

/** @typedef {import('../storage/sessions.js').SessionInfo} SessionInfo */

export class CutLine {
  #line;
  /** @type {SessionInfo | null} */
  #info = null;
  #isOver = false;

  /**
   * @param {HTMLElement} line holds a p, a field and buttons
   * @param {import('../storage/sessions.js').Sessions} sessions
   * @param {{open: (info: SessionInfo) => void, rename: (info: SessionInfo, name: string) => void}} actions
   */
  constructor(line, sessions, { open, rename }) {
    this.#line = line;
    const name = find(line, '.session-name', HTMLInputElement);
    name.placeholder = T.TEXT.sessionName;
    asksName(name, (typed) => this.#info && rename(this.#info, typed));
    find(line, '.open', HTMLButtonElement).addEventListener('click', () => {
      const info = this.#info && { ...this.#info, name: name.value };
      this.close();
      if (info) open(info);
    });
    find(line, '.close-line', HTMLButtonElement).addEventListener('click', () => this.close());
    const id = readChoice(RUNS, forTab);
    forgetChoice(RUNS, forTab);
    if (id) this.#offer(id, sessions).catch((error) => console.warn('session:', error));
  }

  /** @param {string} id of the session that begins: the line goes away */
  begin(id) {
    this.close();
    keepChoice(RUNS, id, forTab);
  }

  /** The session has ended with Stop. */
  end() {
    forgetChoice(RUNS, forTab);
  }

  /** @param {string} id of a session that was deleted */
  onDelete(id) {
    if (id === this.#info?.id) this.close();
  }

  close() {
    this.#isOver = true;
    this.#info = null;
    this.#line.hidden = true;
  }

  /** @param {string} id @param {import('../storage/sessions.js').Sessions} sessions */
  async #offer(id, sessions) {
    // The page that was reloaded may still write; a duplicated tab waits for the one that runs it.
    const release = await claim(claimOf(id));
    release();
    const info = (await sessions.list()).find((each) => each.id === id && each.isCut && !each.isWritten && !each.isDamaged);
    if (!info || this.#isOver) return;
    this.#info = info;
    find(this.#line, '.session-name', HTMLInputElement).value = info.name ?? '';
    this.#line.hidden = false;
    putText(find(this.#line, 'p', HTMLElement), T.cutSession(info));
  }
}
