/** The buttons that save files: snapshot, tables, report. Uses its own elements only; sends nothing. */

import { keepChoice, readChoice } from '../browser/settings.js';
import { saveFile } from '../browser/saving.js';
import { fileStem } from '../session/exports.js';
import { takeSnapshot } from '../session/recorder.js';
import { SEPARATORS, fileOf } from '../session/session-files.js';
import { T } from '../texts/texts.js';

const CHOICE = 'separators';

/**
 * @typedef {import('../session/session-files.js').Exported} Exported
 * @typedef {import('../session/session-files.js').FileKind} FileKind
 *
 * @typedef {object} ExportElements
 * @property {HTMLElement} snapshot
 * @property {HTMLDetailsElement} menu
 * @property {Record<FileKind, HTMLButtonElement>} files
 * @property {HTMLInputElement} german whether tables are for a German Excel
 */

/** Saves one file of a session, as the person has chosen. @param {FileKind} kind @param {Exported} session */
export async function saveSession(kind, session) {
  const { blob, name } = await fileOf(kind, session, SEPARATORS[readChoice(CHOICE) === 'german' ? 'german' : 'plain']);
  saveFile(blob, name);
}

export class ExportPanel {
  #at;
  #video;
  #session;
  #say;
  #onSaved;

  /**
   * @param {ExportElements} elements
   * @param {HTMLVideoElement} video
   * @param {() => Exported} session on show
   * @param {(text: string) => void} say a sentence for the person
   * @param {() => void} onSaved the numbers of the session on show are in a file
   */
  constructor(elements, video, session, say, onSaved) {
    this.#at = elements;
    this.#video = video;
    this.#session = session;
    this.#say = say;
    this.#onSaved = onSaved;
    elements.snapshot.addEventListener('click', () => this.#snapshot());
    for (const [kind, button] of Object.entries(elements.files)) {
      button.addEventListener('click', () => this.#save(/** @type {FileKind} */ (kind)));
    }
    elements.german.checked = readChoice(CHOICE) === 'german';
    elements.german.addEventListener('change', () => keepChoice(CHOICE, elements.german.checked ? 'german' : 'plain'));
    // A summary has no disabled state of its own.
    this.#summary.addEventListener('click', (event) => this.#isEmpty && event.preventDefault());
    this.showVideo('away');
    this.refresh();
  }

  /** @param {'there' | 'away'} video whether annotated video is on show */
  showVideo(video) {
    this.#at.snapshot.hidden = video === 'away';
  }

  /** There may be something to save now, or nothing any more. */
  refresh() {
    const { menu } = this.#at;
    const isEmpty = String(this.#isEmpty);
    if (this.#summary.getAttribute('aria-disabled') === isEmpty) return;
    this.#summary.setAttribute('aria-disabled', isEmpty);
    if (this.#isEmpty) menu.open = false;
  }

  /** Open the menu. */
  open() {
    this.#at.menu.open = true;
    this.#at.files.report.focus();
  }

  get #isEmpty() {
    return this.#session().log.lastS === 0;
  }

  get #summary() {
    return /** @type {HTMLElement} */ (this.#at.menu.querySelector('summary'));
  }

  async #snapshot() {
    try {
      saveFile(await takeSnapshot(this.#video), `${fileStem(new Date())}.png`);
      this.#say(T.SNAPSHOT_SAVED);
    } catch (error) {
      console.error(error);
      this.#say(T.NOT_SAVED);
    }
  }

  /** @param {FileKind} kind */
  async #save(kind) {
    this.#at.menu.open = false;
    this.#summary.focus();
    try {
      await saveSession(kind, this.#session());
      this.#onSaved();
    } catch (error) {
      console.error(error);
      this.#say(T.NOT_SAVED);
    }
  }
}
