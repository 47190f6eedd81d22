/** The buttons that save files: snapshot, tables, report. Uses its own buttons only; sends nothing. */

import { saveFile } from '../browser/saving.js';
import { takeSnapshot } from '../session/recorder.js';
import { toReport } from '../session/report.js';
import { dateAndTime } from '../texts/format.js';
import { T } from '../texts/texts.js';
import { fileStem, toCsv, toJsonl } from '../session/exports.js';

/**
 * @typedef {object} Exported what can be saved
 * @property {import('../session/session-log.js').SessionLog} log
 * @property {Date} startedAt
 * @property {string} notice what the person agreed to
 */

export class ExportPanel {
  #buttons;
  #video;
  #visit;
  #say;

  /**
   * @param {{snapshot: HTMLElement, csv: HTMLElement, jsonl: HTMLElement, report: HTMLElement, menu: HTMLDetailsElement}} buttons
   * @param {HTMLVideoElement} video
   * @param {() => Exported} visit
   * @param {(text: string) => void} say a sentence for the person
   */
  constructor(buttons, video, visit, say) {
    this.#buttons = buttons;
    this.#video = video;
    this.#visit = visit;
    this.#say = say;
    buttons.snapshot.addEventListener('click', () => this.#snapshot());
    buttons.csv.addEventListener('click', () => this.#save(toCsv(this.#visit().log, this.#visit()), 'text/csv', 'csv'));
    buttons.jsonl.addEventListener('click', () => this.#save(toJsonl(this.#visit().log, this.#visit()), 'application/jsonl', 'jsonl'));
    buttons.report.addEventListener('click', () => this.#save(this.#report(), 'text/html', 'html'));
    this.showVideo('away');
  }

  /** @param {'there' | 'away'} video whether annotated video is on show */
  showVideo(video) {
    this.#buttons.snapshot.hidden = video === 'away';
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

  /** @param {string} text @param {string} type @param {string} extension */
  #save(text, type, extension) {
    saveFile(new Blob([text], { type }), `${fileStem(this.#visit().startedAt)}.${extension}`);
    this.#buttons.menu.open = false;
    this.#buttons.menu.querySelector('summary')?.focus();
  }

  #report() {
    const { log, startedAt, notice } = this.#visit();
    const at = dateAndTime(startedAt);
    return toReport(log, { at, notice });
  }
}
