/** The buttons that save files: snapshot, recording, tables, report. Uses its own buttons only; sends nothing. */

import { Recorder, saveFile, takeSnapshot } from '../session/recorder.js';
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
  /** @type {Recorder | null} */
  #recorder = null;

  /**
   * @param {{snapshot: HTMLElement, record: HTMLElement, csv: HTMLElement, jsonl: HTMLElement, report: HTMLElement, menu: HTMLDetailsElement}} buttons
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
    buttons.record.addEventListener('click', () => (this.#recorder ? this.close() : this.#record()));
    buttons.csv.addEventListener('click', () => this.#save(toCsv(this.#visit().log, this.#visit()), 'text/csv', 'csv'));
    buttons.jsonl.addEventListener('click', () => this.#save(toJsonl(this.#visit().log, this.#visit()), 'application/jsonl', 'jsonl'));
    buttons.report.addEventListener('click', () => this.#save(this.#report(), 'text/html', 'html'));
    this.showVideo('away');
  }

  /** @param {'there' | 'away'} video whether annotated video is on show */
  showVideo(video) {
    this.#buttons.snapshot.hidden = video === 'away';
    this.#buttons.record.hidden = video === 'away' || !Recorder.possible;
  }

  /** End the recording, if there is one; it is saved. May be called twice. */
  close() {
    this.#recorder?.close();
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

  #record() {
    const { record } = this.#buttons;
    const stem = fileStem(new Date());
    const begunMs = performance.now();
    const showTime = () => (record.textContent = T.recordingFor((performance.now() - begunMs) / 1000));
    const stream = this.#video.srcObject;
    if (!(stream instanceof MediaStream)) return;
    this.#recorder = new Recorder(stream, (blob, extension) => {
      clearInterval(timer);
      this.#recorder = null;
      record.textContent = T.TEXT.record;
      record.dataset.recording = 'no';
      if (blob.size) saveFile(blob, `${stem}.${extension}`);
      this.#say(blob.size ? T.RECORDING_SAVED : T.NOT_SAVED);
    });
    const timer = setInterval(showTime, 1000);
    record.dataset.recording = 'yes';
    showTime();
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
    return toReport(log, log.events, { at, notice });
  }
}
