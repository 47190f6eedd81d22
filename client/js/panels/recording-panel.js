/** The recording: its button, its file at the end, and recordings that an earlier page left behind. Uses its own elements only. */

import { find, make, putText } from '../browser/elements.js';
import { READ_MS, saveFile } from '../browser/saving.js';
import { fileStem } from '../session/exports.js';
import { Recorder, recordedType } from '../session/recorder.js';
import { fitsZip, zip } from '../session/zip.js';
import { Pieces, findLeft } from '../storage/recordings.js';
import { clockTime } from '../texts/format.js';
import { T } from '../texts/texts.js';

const TOUCH_MS = 30_000;

/**
 * @typedef {object} RecordingParts
 * @property {HTMLElement} button starts and ends a recording
 * @property {HTMLElement} left gets one line for each recording that was not saved
 * @property {HTMLVideoElement} video
 * @property {import('../storage/storage.js').Storage} storage
 * @property {(text: string) => Promise<boolean>} ask a question before something is lost
 * @property {(edge: 'start' | 'end', part: number) => void} note in the session that a part of the recording begins or ends
 * @property {(text: string) => void} say a sentence for the person
 */

export class RecordingPanel {
  #at;
  #words;
  #time;
  /** @type {{recorder: Recorder, pieces: Pieces, timer: number} | null} */
  #running = null;
  #isVideoThere = false;
  /** Recordings that are over and not saved yet. */
  #saving = 0;

  /** @param {RecordingParts} parts */
  constructor(parts) {
    this.#at = parts;
    this.#words = find(parts.button, '.record-words', HTMLElement);
    this.#time = find(parts.button, '.record-time', HTMLElement);
    parts.button.addEventListener('click', () => (this.#running ? this.close() : this.#begin()));
    parts.video.addEventListener('resize', () => this.#running?.recorder.resize());
    parts.storage.ready.then((database) => database && findLeft(database, (pieces) => this.#offer(pieces)).catch((error) => parts.storage.report(error)));
    this.#show();
  }

  /** @param {'there' | 'away'} video whether annotated video is on show */
  showVideo(video) {
    this.#isVideoThere = video === 'there';
    this.#show();
  }

  /** @returns {boolean} whether closing the page would end a recording or lose one */
  get isUnsaved() {
    return this.#running !== null || this.#saving > 0;
  }

  /** The connection is lost and may come back; the recording waits for it. */
  interrupt() {
    this.#running?.recorder.interrupt();
  }

  /** @param {MediaStream} stream the annotated video of a new connection */
  resume(stream) {
    this.#running?.recorder.resume(stream);
  }

  /** End the recording, if there is one; it is saved. May be called twice. */
  async close() {
    const running = this.#running;
    if (!running) return;
    this.#running = null;
    clearInterval(running.timer);
    this.#show();
    await running.recorder.close();
    this.#saving += 1;
    await this.#save(running.pieces);
    this.#saving -= 1;
  }

  #begin() {
    const { video, storage, say, note } = this.#at;
    const stream = video.srcObject;
    if (!(stream instanceof MediaStream)) return;
    const recorded = recordedType();
    const { type, extension } = recorded;
    const startedMs = Date.now();
    const info = { id: `${startedMs}-${Math.random().toString(36).slice(2)}`, startedMs, touchedMs: startedMs, lengthS: 0, type, extension };
    const pieces = new Pieces(storage.place, info, (error) => storage.report(error));
    const recorder = new Recorder(stream, recorded, {
      onPiece: (piece, lengthS) => {
        pieces.add(piece, lengthS).then(() => {
          if (pieces.isFull) this.close();
        });
        this.#show();
      },
      onPart: note,
      onWait: () => this.#show(),
      onContinue: (part) => say(T.recordingContinues(part)),
    });
    this.#running = { recorder, pieces, timer: window.setInterval(() => pieces.touch(), TOUCH_MS) };
    this.#show();
  }

  #show() {
    const { button } = this.#at;
    const recorder = this.#running?.recorder;
    button.hidden = !recorder && (!this.#isVideoThere || !Recorder.possible);
    button.dataset.recording = recorder ? 'yes' : 'no';
    const lengthS = recorder?.lengthS ?? 0;
    const words = recorder?.isWaiting ? T.recordingWaits(lengthS) : T.recordingFor(lengthS);
    // The styles show the time alone where the words would move the buttons beside this one.
    putText(this.#words, recorder ? words : '');
    putText(this.#time, recorder ? clockTime(lengthS) : '');
  }

  /** @param {Pieces} pieces */
  async #save(pieces) {
    const { say } = this.#at;
    try {
      const parts = await pieces.parts();
      const { extension, startedMs } = pieces.info;
      const at = new Date(startedMs);
      const stem = fileStem(at);
      const files = parts.map((blob, i) => ({ blob, name: parts.length > 1 ? `${stem}_part${i + 1}.${extension}` : `${stem}.${extension}` }));
      // A browser may block the second of two downloads.
      const saved = files.length > 1 && fitsZip(parts) ? [{ blob: await zip(files, at), name: `${stem}.zip` }] : files;
      for (const { blob, name } of saved) saveFile(blob, name);
      say(files.length ? T.recordingSaved(files.length, saved.map(({ name }) => name).join(', ')) : T.NOT_SAVED);
      await pieces.markSaved();
      setTimeout(() => pieces.remove(), READ_MS);
    } catch (error) {
      console.error(error);
      say(T.NOT_SAVED);
      this.#offer(pieces);
    }
  }

  /** @param {Pieces} pieces that are not saved */
  #offer(pieces) {
    const { left, ask } = this.#at;
    const { lengthS, startedMs, isDamaged } = pieces.info;
    const text = isDamaged ? T.LEFT_DAMAGED : T.leftRecording(lengthS, startedMs);
    const save = make('button', { type: 'button', className: 'quiet small', textContent: T.LEFT.save });
    const remove = make('button', { type: 'button', className: 'quiet small', textContent: T.LEFT.delete });
    const line = make('div', { className: 'bar' });
    line.append(make('p', { textContent: text }), save, remove);
    save.addEventListener('click', () => {
      line.remove();
      this.#save(pieces);
    });
    remove.addEventListener('click', async () => {
      if (!(await ask(isDamaged ? T.ASK_DELETE_DAMAGED_RECORDING : T.askDeleteRecording(lengthS)))) return;
      line.remove();
      pieces.remove();
    });
    left.append(line);
  }
}
