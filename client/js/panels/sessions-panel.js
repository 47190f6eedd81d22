/** The list of sessions in this browser: open, save, delete. Draws into its own dialog only. */

import { find, make } from '../browser/elements.js';
import { SessionLog } from '../session/session-log.js';
import { lengthsOf } from '../session/stretches.js';
import { StorageError } from '../storage/database.js';
import { T } from '../texts/texts.js';
import { saveSession } from './export-panel.js';
import { asksName } from './session-name.js';
import { closesSheet } from './sheet.js';

/** @typedef {import('../storage/sessions.js').SessionInfo} SessionInfo */
/** @typedef {import('../storage/sessions.js').Listed} Listed */

/**
 * @typedef {object} SessionsParts
 * @property {import('../storage/sessions.js').Sessions} sessions
 * @property {import('../storage/session-keeper.js').SessionKeeper} keeper
 * @property {import('../storage/storage.js').Storage} storage
 * @property {(text: string) => Promise<boolean>} ask before something is lost
 * @property {(info: SessionInfo, log: SessionLog) => void} onOpen show it in the page
 * @property {(id: string) => Promise<void> | void} onDelete a session was deleted
 * @property {(id: string, name: string) => void} onRename the person has named a session
 * @property {() => void} onMove the page's own session is kept elsewhere now
 * @property {(text: string) => void} say a sentence for the person
 */

export class SessionsPanel {
  #dialog;
  #at;
  #list;
  #keep;
  #deleteAll;

  /** @param {HTMLDialogElement} dialog @param {SessionsParts} parts */
  constructor(dialog, parts) {
    this.#dialog = dialog;
    this.#at = parts;
    this.#list = find(dialog, '.session-list', HTMLElement);
    this.#keep = find(dialog, '[name=keep]', HTMLInputElement);
    this.#deleteAll = find(dialog, '.delete-all', HTMLButtonElement);
    this.#keep.checked = parts.storage.mayKeep;
    this.#keep.addEventListener('change', () => this.#changeKeep().catch((error) => this.report(error)));
    this.#deleteAll.addEventListener('click', () => this.#removeAll().catch((error) => this.report(error)));
    closesSheet(dialog);
  }

  /** Show the list. */
  async open() {
    try {
      await this.#refresh();
      this.#dialog.showModal();
    } catch (error) {
      this.report(error);
    }
  }

  async #refresh() {
    const { sessions, keeper, storage } = this.#at;
    await keeper.save();
    const listed = await sessions.list();
    const note = find(this.#dialog, '.text', HTMLElement);
    note.textContent = storage.database ? T.SESSIONS_NOTE : T.STORAGE_TROUBLES[storage.trouble || 'missing'];
    this.#list.replaceChildren(...listed.map((info) => this.#line(info)));
    if (!listed.length) this.#list.append(make('li', { className: 'none', textContent: T.NO_SESSIONS }));
    this.#deleteAll.hidden = !listed.some((info) => !this.#isRunning(info));
  }

  async #changeKeep() {
    this.#at.storage.mayKeep = this.#keep.checked;
    await this.#at.keeper.move();
    this.#at.onMove();
    await this.#refresh();
  }

  /** @param {Listed} info */
  #isRunning(info) {
    return info.isWritten || (this.#at.keeper.isRunning && this.#isOwn(info));
  }

  /** @param {SessionInfo} info @returns {boolean} whether it is this page's own session */
  #isOwn({ id }) {
    return id === this.#at.keeper.info?.id;
  }

  /** @param {Listed} info */
  #line(info) {
    const { date, facts } = info.isDamaged ? T.DAMAGED_SESSION : T.sessionLine(info);
    const isRunning = this.#isRunning(info);
    const summary = make('summary');
    const name = make('span', { className: 'name', textContent: info.isDamaged ? '' : (info.name ?? '') });
    summary.append(name, make('span', { className: 'date', textContent: date }), make('span', { className: 'facts', textContent: isRunning ? `${facts}, ${T.RUNNING}` : facts }));
    const details = make('details');
    details.append(summary);
    const buttons = make('div', { className: 'session-actions' });
    const { open, report, tables, jsonl, remove } = T.SESSION_ACTIONS;
    if (!info.isDamaged) {
      // Another tab would write over it.
      if (!info.isWritten || this.#isOwn(info)) details.append(this.#nameField(info, name));
      buttons.append(
        this.#button(open, () => this.show(info)),
        this.#button(report, () => this.#save('report', info)),
        this.#button(tables, () => this.#save('tables', info)),
        this.#button(jsonl, () => this.#save('jsonl', info)),
      );
    }
    if (!isRunning) buttons.append(this.#button(remove, () => this.#remove(info)));
    details.append(buttons);
    const line = make('li');
    line.dataset.session = info.id;
    line.append(details);
    return line;
  }

  /** @param {Listed} info gets the name that is typed @param {HTMLElement} shown where the list says it */
  #nameField(info, shown) {
    const label = make('label', { className: 'line' });
    const field = make('input', { type: 'text', autocomplete: 'off', value: info.name ?? '' });
    label.append(make('span', { textContent: T.TEXT.sessionName }), field);
    // While it is typed: a line that moved at the press on a button below would take the button away from the pointer.
    field.addEventListener('input', () => (shown.textContent = field.value));
    asksName(field, (name) => {
      Object.assign(info, { name });
      shown.textContent = name;
      this.rename(info, name).catch((error) => this.report(error));
    });
    return label;
  }

  /** @param {SessionInfo} info @param {string} name */
  async rename(info, name) {
    const { keeper, sessions, onRename } = this.#at;
    await (this.#isOwn(info) ? keeper.rename({ name }) : sessions.amend(info.id, (kept) => ({ ...kept, name })));
    onRename(info.id, name);
  }

  /** @param {string} text @param {() => Promise<void>} act */
  #button(text, act) {
    const button = make('button', { type: 'button', className: 'quiet small', textContent: text });
    button.addEventListener('click', () => act().catch((error) => this.report(error)));
    return button;
  }

  /** @param {unknown} error why a session could not be read or deleted, or the list not be shown */
  report(error) {
    console.warn('session:', error);
    this.#at.say(error instanceof StorageError ? T.STORAGE_TROUBLES[error.key] : T.SESSION_UNREADABLE);
  }

  /** @param {SessionInfo} info */
  async #log(info) {
    const log = SessionLog.from(await this.#at.sessions.chunks(info.id));
    // Only sessions with measurements are kept.
    if (log.lastS === 0) throw new Error('its measurements are missing');
    return log;
  }

  /** Open it in the page. @param {SessionInfo} info */
  async show(info) {
    const log = await this.#log(info);
    this.#dialog.close();
    // An older page kept one length only.
    this.#at.onOpen({ ...info, ...lengthsOf(log) }, log);
  }

  /** @param {import('../session/session-files.js').FileKind} kind @param {SessionInfo} info */
  async #save(kind, info) {
    await saveSession(kind, { ...info, log: await this.#log(info), startedAt: new Date(info.startedMs) });
    this.#at.sessions.noteSaved(info.id);
  }

  /** @param {Listed} info */
  async #remove(info) {
    if (!(await this.#at.ask(info.isDamaged ? T.ASK_DELETE_DAMAGED : T.askDeleteSession(info)))) return;
    await this.#delete(info);
    await this.#refresh();
  }

  async #removeAll() {
    const ended = (await this.#at.sessions.list()).filter((info) => !this.#isRunning(info));
    if (!(await this.#at.ask(T.askDeleteSessions(ended.length)))) return;
    for (const info of ended) await this.#delete(info);
    await this.#refresh();
  }

  /** @param {SessionInfo} info */
  async #delete({ id }) {
    await this.#at.sessions.remove(id);
    await this.#at.onDelete(id);
  }
}
