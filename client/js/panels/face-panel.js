/** The analysis of one face: a word, its reason, and a bar for each emotion. Draws into its own element only, and calmly. */

import { find, make } from '../browser/elements.js';
import { cautiousPercent, clockTime, percent, signedPoints, wholePercents } from '../texts/format.js';
import { T } from '../texts/texts.js';
import { amongWords } from '../session/face-names.js';
import { EMOTIONS, chooseFace, trustOfLabel } from '../connection/telemetry.js';
import { Calm } from './calm.js';
import { faceColour } from './face-colours.js';

/** Below this probability a label is not shown in large type. */
const LIKELY = 0.6;
const SVG = 'http://www.w3.org/2000/svg';

/**
 * @typedef {object} Statement what the panel says
 * @property {string} word
 * @property {'large' | 'quiet'} tone
 * @property {string} reason
 * @property {string} [share]
 * @property {string} [label] an emotion or "unsure"
 * @property {number} [id] of the face
 */

export class FacePanel {
  #verdict;
  #share;
  #reason;
  #choice;
  #largest;
  #who;
  #whose;
  #element;
  #calm = new Calm();
  #onChoice;
  /** @type {Map<string, {fill: HTMLElement, share: HTMLElement, change: HTMLElement}>} */
  #rows = new Map();
  /** @type {number | null} null: the largest */
  #chosenId = null;
  /** @type {number[]} ids of the faces in the video */
  #listed = [];
  /** @type {'mirrored' | 'as it is'} */
  #view = 'as it is';
  /** @type {(id: number) => string} */
  nameOf = (id) => T.faceName(id);
  /** The difference of a face of the video to its neutral face, -1 to 1; null: it has none. @type {(face: import('../connection/telemetry.js').Face) => number[] | null} */
  changesOf = () => null;
  /** Whether differences are shown. @type {() => 'shown' | 'hidden'} */
  showsChanges = () => 'hidden';

  /**
   * @param {HTMLElement} element holds .verdict, .verdict-share, .reason, .who, .whose, .rows, .largest and select
   * @param {(id: string, visibility: 'shown' | 'hidden') => void} onLine a row was pressed
   * @param {() => void} onChoice another face is followed from now on
   */
  constructor(element, onLine, onChoice) {
    this.#element = element;
    this.#verdict = find(element, '.verdict', HTMLElement);
    this.#share = find(element, '.verdict-share', HTMLElement);
    this.#reason = find(element, '.reason', HTMLElement);
    this.#choice = find(element, 'select', HTMLSelectElement);
    this.#who = find(element, '.who', HTMLElement);
    this.#whose = find(element, '.whose', HTMLElement);
    this.#largest = find(element, '.largest', HTMLButtonElement);
    this.#onChoice = onChoice;
    this.#choice.addEventListener('change', () => this.choose(this.#choice.value ? Number(this.#choice.value) : null));
    this.#largest.addEventListener('click', () => {
      this.choose(null);
      // The button that had the focus is gone.
      (this.#choice.hidden ? find(element, '.row', HTMLButtonElement) : this.#choice).focus();
    });
    for (const id of EMOTIONS) this.#addRow(id, onLine);
    this.reset();
  }

  /** @returns {string} the label that is shown: an emotion or "unsure"; empty: none */
  get label() {
    return this.#element.dataset.label ?? '';
  }

  /** @returns {string} what is shown, for a screen reader */
  get spoken() {
    const id = Number(this.#element.dataset.id);
    return T.spokenFace(id ? this.nameOf(id) : '', this.#verdict.textContent ?? '', this.#share.textContent ?? '', this.#reason.textContent ?? '');
  }

  /** @returns {{key: string, text: string}} the label on show, for an announcement of changes; empty if it is unsure or not likely */
  get announcement() {
    const { tone, label = '', id } = this.#element.dataset;
    if (tone !== 'large' || !label) return { key: '', text: '' };
    const who = this.#choice.hidden ? '' : this.nameOf(Number(id));
    return { key: `${who} ${label}`, text: T.spokenFace(who, this.#verdict.textContent ?? '', this.#share.textContent ?? '', '') };
  }

  /** @param {'mirrored' | 'as it is'} view how the server draws the video; left and right of the words follow it */
  setView(view) {
    this.#view = view;
  }

  /** @returns {number} id of the face on show; 0: there is none */
  get shownId() {
    return Number(this.#element.dataset.id);
  }

  /** @returns {number | null} id of the face that the person chose; null: the largest is followed */
  get chosenId() {
    return this.#chosenId;
  }

  /** @param {number | null} id of the face to follow, in the video or not; null: whichever is largest */
  choose(id) {
    if (id === this.#chosenId) return;
    this.#chosenId = id;
    this.#calm.reset();
    this.#showChoices(this.#listed);
    this.#onChoice();
  }

  /**
   * @param {import('../connection/telemetry.js').Face[]} faces
   * @returns {import('../connection/telemetry.js').Face | null} the face that is followed; null: it is not in the video
   */
  follow(faces) {
    return chooseFace(faces, this.#chosenId);
  }

  /** Nothing is running. The chosen face is kept, because the chart still shows it. */
  reset() {
    this.wait(T.NOT_RUNNING);
    this.#listed = [];
    this.#choice.hidden = true;
    this.#largest.hidden = true;
  }

  /** No reports arrive for a while. @param {string} why */
  wait(why) {
    this.#calm.reset();
    this.#say({ word: T.NOTHING, tone: 'large', reason: why });
    this.#showShares(null);
  }

  /**
   * @param {import('../connection/telemetry.js').Telemetry} telemetry of the frame on show
   * @param {number} nowMs
   * @param {'calmly' | 'at once'} [pace] at once: no later frame will correct what is shown
   * @returns {string} the word that is shown
   */
  show(telemetry, nowMs, pace = 'calmly') {
    if (pace === 'at once') this.#calm.reset();
    const face = this.follow(telemetry.faces);
    const percents = face && wholePercents(face.probabilities);
    const statement = this.#describe(telemetry, face, percents);
    if (this.#calm.mayShow(`${statement.id} ${statement.word}`, nowMs)) {
      this.#showChoices(telemetry.faces.map(({ id }) => id));
      this.#say(statement);
      this.#element.dataset.seq = String(telemetry.seq);
      this.#showShares(percents, face && this.changesOf(face));
    }
    return this.#verdict.textContent ?? '';
  }

  /** A moment of a session that is over. @param {import('../session/moment.js').Moment} moment @param {number[]} ids of all faces of the session */
  showMoment(moment, ids) {
    const percents = moment.label ? wholePercents(moment.probabilities) : null;
    this.#calm.reset();
    this.#showChoices(ids);
    this.#say(describeMoment(moment, ids, percents, this.nameOf));
    this.#showShares(percents, moment.changes);
  }

  /**
   * @param {import('../connection/telemetry.js').Telemetry} telemetry
   * @param {import('../connection/telemetry.js').Face | null} face
   * @param {number[] | null} percents
   * @returns {Statement}
   */
  #describe({ analysed, unanalysed }, face, percents) {
    if (!analysed) return { word: T.NOT_ANALYSED, tone: 'large', reason: T.NOT_ANALYSED_REASONS[unanalysed] ?? T.NOT_ANALYSED_REASONS.unavailable };
    if (!face && this.#chosenId !== null) return { word: T.faceAway(amongWords(this.nameOf(this.#chosenId), this.#chosenId)), tone: 'quiet', reason: T.FACE_AWAY_REASON };
    if (!face || !percents) return { word: T.NO_FACE, tone: 'large', reason: T.NO_FACE_REASON };
    const { id, label, unsure } = face;
    if (unsure) return { word: T.EMOTION_LABELS.unsure, tone: 'quiet', reason: T.UNSURE_REASONS[unsure] ?? unsure, label, id };
    return { ...describeLabel(label, face.probabilities, percents), reason: withTrust(T.describePose(face, this.#view), face), label, id };
  }

  /** @param {Statement} statement */
  #say({ word, tone, reason, share = '', label = '', id = 0 }) {
    this.#verdict.textContent = word;
    this.#share.textContent = share;
    this.#reason.textContent = reason;
    this.#element.dataset.tone = tone;
    this.#element.dataset.label = label;
    this.#element.dataset.id = String(id);
    // If there are several faces, the list names the chosen one.
    this.#who.textContent = this.#who.title = id && this.#choice.hidden ? this.nameOf(id) : '';
    // The big word has no list.
    this.#whose.hidden = !id || this.#choice.hidden;
    this.#whose.textContent = this.nameOf(id);
    this.#whose.style.setProperty('--face', faceColour(id));
  }

  /** @param {number[] | null} percents whole numbers whose sum is 100 @param {number[] | null} [changes] differences to the neutral face */
  #showShares(percents, changes = null) {
    const shown = percents && this.showsChanges() === 'shown' ? changes : null;
    this.#element.dataset.changes = this.showsChanges();
    EMOTIONS.forEach((emotion, i) => {
      const share = (percents?.[i] ?? 0) / 100;
      this.#show(emotion, share, percents ? percent(share) : T.NOTHING, shown ? signedPoints(shown[i]) : '');
    });
  }

  /** @param {string} id @param {number} share 0..1 @param {string} text @param {string} change */
  #show(id, share, text, change) {
    const row = this.#rows.get(id);
    if (!row) return;
    row.fill.style.transform = `scaleX(${Math.min(share, 1).toFixed(3)})`;
    row.share.textContent = text;
    row.change.textContent = change;
  }

  /** @param {number[]} present ids of the faces in the video */
  #showChoices(present) {
    const chosen = this.#chosenId;
    const ids = [...new Set(chosen === null ? present : [...present, chosen])].sort((a, b) => a - b);
    this.#largest.hidden = chosen === null;
    this.#choice.hidden = ids.length < 2 && chosen === null;
    this.#listed = present;
    const state = `${ids} ${ids.map((id) => this.nameOf(id))} ${chosen !== null && !present.includes(chosen)}`;
    if (this.#choice.dataset.state !== state) {
      // Do not change a list while a person chooses from it; an open list has the focus.
      if (document.activeElement === this.#choice && ids.length > 1) return;
      this.#choice.dataset.state = state;
      const names = ids.map((id) => new Option(present.includes(id) ? this.nameOf(id) : T.faceNameAway(amongWords(this.nameOf(id), id)), String(id)));
      this.#choice.replaceChildren(new Option(T.LARGEST_FACE, ''), ...names);
    }
    this.#choice.value = chosen === null ? '' : String(chosen);
  }

  /** @param {string} id @param {(id: string, visibility: 'shown' | 'hidden') => void} onLine */
  #addRow(id, onLine) {
    const button = make('button', { type: 'button', className: 'row' });
    button.dataset.line = id;
    button.setAttribute('aria-pressed', 'false');
    const name = part('name', T.EMOTION_LABELS[id]);
    const track = part('track');
    const fill = part('fill');
    const share = part('share', T.NOTHING);
    const change = part('change');
    change.title = T.NEUTRAL.changeTitle;
    fill.style.background = `var(--${id})`;
    track.append(fill);
    button.append(swatch(id), name, track, share, change);
    button.addEventListener('click', () => {
      const shown = button.getAttribute('aria-pressed') !== 'true';
      button.setAttribute('aria-pressed', String(shown));
      onLine(id, shown ? 'shown' : 'hidden');
    });
    const item = make('li');
    item.append(button);
    find(this.#element, '.rows', HTMLElement).append(item);
    this.#rows.set(id, { fill, share, change });
  }
}

/** @param {string} label an emotion @param {number[]} probabilities @param {number[]} percents @returns {Pick<Statement, 'word' | 'tone' | 'share'>} */
function describeLabel(label, probabilities, percents) {
  const at = EMOTIONS.indexOf(label);
  const isLikely = probabilities[at] >= LIKELY;
  return { word: isLikely ? T.EMOTION_LABELS[label] : T.perhaps(label), tone: isLikely ? 'large' : 'quiet', share: percent(percents[at] / 100) };
}

/** @param {string} sentence @param {import('../connection/telemetry.js').Face} face @returns {string} and how far its word can be trusted */
function withTrust(sentence, face) {
  const trust = trustOfLabel(face);
  return trust === undefined ? sentence : `${sentence}. ${T.trusted(cautiousPercent(trust))}`;
}

/** @param {import('../session/moment.js').Moment} moment @param {number[]} ids of all faces of the session @param {number[] | null} percents @param {(id: number) => string} nameOf @returns {Statement} */
function describeMoment({ atS, faceId, label, probabilities, isMeasured }, ids, percents, nameOf) {
  const at = clockTime(atS);
  if (!isMeasured) return { word: T.NOTHING, tone: 'large', reason: T.nothingAt(at) };
  const reason = T.momentShown(at);
  if (!percents) return faceId === null ? { word: T.NO_FACE, tone: 'large', reason } : { word: T.faceAway(amongWords(nameOf(faceId), faceId)), tone: 'quiet', reason };
  const id = faceId ?? (ids.length === 1 ? ids[0] : 0);
  if (label === 'unsure') return { word: T.EMOTION_LABELS.unsure, tone: 'quiet', reason, label, id };
  return { ...describeLabel(label, probabilities, percents), reason, label, id };
}

/** @param {string} className @param {string} [textContent] */
const part = (className, textContent = '') => make('span', { className, textContent });

/** The line as the chart draws it, with its dashes: colour must not be the only difference. @param {string} id */
function swatch(id) {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 28 8');
  svg.setAttribute('class', 'swatch');
  svg.setAttribute('aria-hidden', 'true');
  const line = document.createElementNS(SVG, 'line');
  for (const [name, value] of Object.entries({ x1: 1, y1: 4, x2: 27, y2: 4, class: `line-${id}` })) line.setAttribute(name, String(value));
  svg.append(line);
  return svg;
}
