/** "This is neutral": sets and clears the baseline of the face that is followed. Uses its own elements only. */

import { keepChoice, readChoice } from '../browser/settings.js';
import { MEASURED_S, NEUTRAL, NEUTRAL_CLEARED, changesOf, detailOf, neutralOf } from '../session/baselines.js';
import { EMOTIONS } from '../connection/telemetry.js';
import { T } from '../texts/texts.js';

const CHOICE = 'changes';

/**
 * @typedef {object} NeutralElements
 * @property {HTMLButtonElement} set
 * @property {HTMLButtonElement} clear
 * @property {HTMLInputElement} changes whether differences are shown
 *
 * @typedef {object} NeutralParts
 * @property {import('../session/session-log.js').SessionLog} log of the page's own session
 * @property {() => import('../session/session-log.js').OnShow | null} now the frame on show; null: nothing runs
 * @property {() => number} followed id of the face on show; 0: there is none
 * @property {() => import('../session/session-log.js').SessionLog} shown the log that the chart shows
 * @property {(id: number) => string} nameOf a face
 * @property {(message: object) => void} send to a server that keeps the session
 * @property {(text: string) => void} say
 * @property {() => void} onChange another baseline, or whether differences are shown
 */

export class NeutralPanel {
  #at;
  #parts;

  /** @param {NeutralElements} elements @param {NeutralParts} parts */
  constructor(elements, parts) {
    this.#at = elements;
    this.#parts = parts;
    const { set, clear, changes } = elements;
    set.addEventListener('click', () => this.set());
    clear.addEventListener('click', () => this.#clear());
    // Another face may be followed.
    clear.closest('details')?.addEventListener('toggle', () => this.refresh());
    changes.checked = readChoice(CHOICE) !== 'hidden';
    changes.addEventListener('change', () => {
      keepChoice(CHOICE, changes.checked ? 'shown' : 'hidden');
      parts.onChange();
    });
  }

  /** @param {import('../session/session-log.js').SessionLog} log @returns {'shown' | 'hidden'} whether differences are shown of it */
  changesIn(log) {
    return this.#at.changes.checked && !log.baselines.isEmpty ? 'shown' : 'hidden';
  }

  /** Differences of a face of the video to its neutral face; null: it has none. @param {import('../connection/telemetry.js').Face} face @returns {number[] | null} */
  changesOf = ({ id, probabilities }) => {
    const baseline = this.#parts.log.baselines.of(id);
    return baseline && changesOf(probabilities, baseline);
  };

  /** @returns {boolean} whether the face that is followed has a baseline that can be cleared */
  get #canClear() {
    const { log, now, followed } = this.#parts;
    return now() !== null && log.baselines.of(followed()) !== null;
  }

  /** Something may be possible now, or not any more. */
  refresh() {
    const { set, clear, changes } = this.#at;
    set.hidden = this.#parts.now() === null;
    clear.disabled = !this.#canClear;
    changes.disabled = this.#parts.shown().baselines.isEmpty;
  }

  /** The last seconds of the face that is followed become its baseline. */
  set() {
    const { log, now, followed, nameOf, send, say } = this.#parts;
    const frame = now();
    if (!frame) return say(T.NEUTRAL.notRunning);
    const face = followed();
    if (!face) return say(T.NEUTRAL.noFace);
    // Without a frame on show, nothing is measured at this moment.
    const probabilities = frame.seq === undefined ? null : neutralOf(log.between(frame.timeS - MEASURED_S, frame.timeS), face);
    if (!probabilities) return say(T.NEUTRAL.notMeasured(nameOf(face)));
    log.noteShown(frame, NEUTRAL, detailOf(face, probabilities));
    send({ type: 'neutral', face, emotions: Object.fromEntries(EMOTIONS.map((emotion, i) => [emotion, probabilities[i]])) });
    say(T.NEUTRAL.set(nameOf(face)));
    this.#changed();
  }

  #clear() {
    if (!this.#canClear) return;
    const { log, now, followed, nameOf, send, say } = this.#parts;
    const frame = now();
    const face = followed();
    if (frame) log.noteShown(frame, NEUTRAL_CLEARED, String(face));
    send({ type: 'neutral', face, emotions: null });
    say(T.NEUTRAL.cleared(nameOf(face)));
    this.#changed();
  }

  #changed() {
    this.refresh();
    this.#parts.onChange();
  }
}
