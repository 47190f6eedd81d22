/** The stage: state, message in place of the video, buttons, notices and countdown. Draws into its own elements only; decides nothing. */

import { find, putText } from '../browser/elements.js';
import { sentence } from '../texts/format.js';
import { messageOf } from '../texts/problems.js';
import { T } from '../texts/texts.js';
import { COUNTING, RUNNING, SHOWING, State } from '../visit/visit-states.js';

const BRIEF_MS = 5000;

/**
 * @typedef {object} StageElements
 * @property {HTMLElement} root gets `data-state` and `data-problem`, for styles and tests
 * @property {HTMLVideoElement} video
 * @property {HTMLElement} state
 * @property {HTMLElement} compatibility label of the compatibility mode
 * @property {HTMLElement} title
 * @property {HTMLElement} text
 * @property {HTMLElement} badge
 * @property {HTMLElement} notice
 * @property {HTMLElement} retry
 * @property {HTMLElement} countdown
 * @property {HTMLButtonElement} start
 * @property {HTMLElement} stop
 * @property {HTMLElement} tryNow
 * @property {HTMLElement} giveUp
 * @property {HTMLElement} clipLabel
 * @property {HTMLElement} noClip
 */

export class StagePanel {
  #at;
  /** @type {import('../visit/visit-states.js').SourceKind} */
  #source = 'camera';
  /** @type {import('../visit/visit-states.js').VisitState} */
  #state = State.IDLE;
  /** Why the state was entered. @type {import('../connection/errors.js').PeerError | null} */
  #error = null;
  /** Whether the rest of the page shows a past session. @type {'open' | 'closed'} */
  #past = 'closed';
  /** @type {import('../texts/problems.js').Measurements} */
  #measurements = 'unsaid';

  /** What the server keeps. @type {import('../texts/problems.js').Kept} */
  #kept = 'nothing';

  /** @param {StageElements} elements */
  constructor(elements) {
    this.#at = elements;
    elements.video.addEventListener('resize', () => {
      const { videoWidth, videoHeight, style } = elements.video;
      if (!videoWidth) return;
      style.aspectRatio = `${videoWidth} / ${videoHeight}`;
      // The layout makes the column of the video as wide as this shape needs.
      elements.root.style.setProperty('--aspect', (videoWidth / videoHeight).toFixed(4));
    });
  }

  /** @returns {boolean} whether a frame of the annotated video is on show */
  get hasFrame() {
    return this.#at.video.videoWidth > 0;
  }

  /**
   * @param {import('../visit/visit-states.js').VisitState} state
   * @param {import('../connection/errors.js').PeerError | null} [error] why the state was entered
   */
  show(state, error = null) {
    const { root, start, stop, retry, tryNow, giveUp, badge } = this.#at;
    this.#state = state;
    this.#error = error;
    // A person sees one kind of pause.
    const shown = state === State.HELD ? State.PAUSED : state;
    root.dataset.state = shown;
    this.#at.state.textContent = T.stateName(state, this.#source, error?.key);
    const running = RUNNING.includes(state);
    const focused = [start, stop, giveUp, tryNow].find((button) => button === document.activeElement);
    start.hidden = running;
    stop.hidden = !running;
    retry.hidden = !COUNTING.includes(state);
    if (!SHOWING.includes(state)) badge.hidden = true;
    this.showSource(this.#source);
    // At its place or below it; scrolling there would hide what has come above the video.
    if (focused?.closest('[hidden]')) this.#button.focus({ preventScroll: true });
  }

  /** @param {import('../visit/visit-states.js').SourceKind} source that is chosen */
  showSource(source) {
    this.#source = source;
    this.#at.root.dataset.source = source;
    this.#at.clipLabel.hidden = RUNNING.includes(this.#state);
    find(this.#at.clipLabel, 'span', HTMLElement).textContent = source === 'clip' ? T.TEXT.otherClip : T.TEXT.useClip;
    this.#at.noClip.hidden = source === 'camera';
    // A video file still works where no camera does.
    this.#at.start.disabled = this.#obstacle !== null;
    this.#showMessage();
    this.#at.start.textContent = source === 'clip' ? T.TEXT.startClip : T.TEXT.start;
  }

  /** @param {'open' | 'closed'} past whether the rest of the page shows a past session */
  showPast(past) {
    if (past === this.#past) return;
    this.#past = past;
    this.#showMessage();
  }

  /** @param {import('../texts/problems.js').Measurements} measurements of the page's own session */
  showMeasurements(measurements) {
    if (measurements === this.#measurements) return;
    this.#measurements = measurements;
    this.#showMessage();
  }

  /** @param {import('../texts/problems.js').Kept} kept by the server of the sessions of this page */
  showKept(kept) {
    this.#kept = kept;
    // It says why the page cannot start.
    if (this.#at.root.dataset.problem === 'boot' && this.#at.root.dataset.state === State.FAILED) return;
    this.#showMessage();
  }

  /** Why the camera can never be opened here, before the start. */
  get #obstacle() {
    return this.#state === State.IDLE && this.#source === 'camera' ? this.#error : null;
  }

  /** In place of the video. */
  #showMessage() {
    const { root, title, text } = this.#at;
    const error = this.#state === State.IDLE ? this.#obstacle : this.#error;
    const message = messageOf(this.#state, error, this.#source, this.#measurements, this.#kept);
    // An invitation to begin would be taken for a statement about the session; a problem is still one.
    const isPast = this.#past === 'open' && !error && !RUNNING.includes(this.#state);
    root.dataset.problem = message.key;
    putText(title, isPast ? T.PAST_INVITATION.title : message.title);
    putText(text, isPast ? T.PAST_INVITATION.text : message.text);
    text.title = message.detail ?? '';
  }

  get #button() {
    return RUNNING.includes(this.#state) ? this.#at.stop : this.#at.start;
  }

  /** Focus the button that starts or stops. */
  focus() {
    this.#button.focus();
  }

  /** @param {MediaStream | null} stream the annotated video; null: none */
  play(stream) {
    this.#at.video.srcObject = stream;
  }

  /** @param {'on' | 'off'} mode the compatibility mode */
  showCompatibility(mode) {
    this.#at.compatibility.hidden = mode === 'off';
  }

  /** @param {string} text beside the video; empty: none */
  showBadge(text) {
    this.#at.badge.textContent = text;
    this.#at.badge.hidden = !text;
  }

  /** @param {number} secondsLeft 0: the next try begins */
  showCountdown(secondsLeft) {
    this.#at.countdown.textContent = secondsLeft > 0 ? T.nextTry(secondsLeft) : T.TRYING;
  }

  /** @param {string} detail shown until something else is said; empty: nothing */
  say(detail) {
    this.#at.notice.textContent = sentence(detail);
    this.#at.notice.hidden = !detail;
  }

  /** @param {string} text that needs no action; it disappears after five seconds */
  sayBriefly(text) {
    this.say(text);
    const said = this.#at.notice.textContent;
    setTimeout(() => this.#at.notice.textContent === said && this.say(''), BRIEF_MS);
  }
}
