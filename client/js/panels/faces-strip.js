/** The strip of faces: who is in the video, what each face shows and showed, and whom the page follows. Draws into its own elements only. */

import { cleared, make, putText } from '../browser/elements.js';
import { labelShare } from '../connection/telemetry.js';
import { percent } from '../texts/format.js';
import { T } from '../texts/texts.js';
import { faceColour } from './face-colours.js';
import { OUTLINES, People, faceAt } from './people.js';

const LANDMARKS_EVERY_S = 0.5;
const THUMB = { width: 44, height: 52 };
const SPARK = { width: 96, height: 18 };

/**
 * @typedef {import('../connection/telemetry.js').Telemetry} Telemetry
 * @typedef {import('./people.js').Person} Person
 * @typedef {{button: HTMLButtonElement, thumb: HTMLCanvasElement, name: HTMLElement, word: HTMLElement, spark: HTMLCanvasElement}} Entry
 */

export class FacesStrip {
  #element;
  #video;
  #onChoose;
  #send;
  #people = new People();
  /** @type {Map<number, Entry>} */
  #entries = new Map();
  /** @type {import('../connection/telemetry.js').Face[]} of the frame on show */
  #faces = [];
  /** @type {(id: number) => string} */
  nameOf = (id) => T.faceName(id);
  /** @type {number | null} */
  #chosenId = null;
  /** @type {'mirrored' | 'as it is'} */
  #view = 'as it is';

  /**
   * @param {HTMLElement} element list that gets a button for each face; hidden while there are fewer than two
   * @param {HTMLVideoElement} video a press on a face there follows it
   * @param {(id: number | null) => void} onChoose null: the largest
   * @param {(message: object) => void} send to the server, if there is a connection
   */
  constructor(element, video, onChoose, send) {
    this.#element = element;
    this.#video = video;
    this.#onChoose = onChoose;
    this.#send = send;
    video.addEventListener('click', ({ offsetX, offsetY }) => this.#press(offsetX, offsetY));
  }

  /** Nobody is in the video. */
  clear() {
    this.#people.clear();
    this.#faces = [];
    this.#show();
  }

  /** @param {import('../connection/telemetry.js').Control} message a message of the server */
  hear(message) {
    // A new session sends no landmarks until it is asked.
    if (message.type === 'hello' && !this.#element.hidden) this.#requestLandmarks();
  }

  /** @param {'mirrored' | 'as it is'} view how the server draws the video */
  setView(view) {
    this.#view = view;
  }

  /** Any message may carry the landmarks of one face. @param {Telemetry} telemetry */
  add({ faces }) {
    this.#people.addLandmarks(faces);
  }

  /** @param {Telemetry} telemetry of the frame on show @param {number | null} chosenId @param {number | null} followedId @param {number} nowMs */
  show({ faces }, chosenId, followedId, nowMs) {
    this.#faces = faces;
    this.#chosenId = chosenId;
    this.#people.see(faces, nowMs, chosenId);
    this.#show(followedId);
  }

  /** @param {number | null} [followedId] */
  #show(followedId = null) {
    const people = this.#people.list;
    const isShown = people.length > 1;
    if (isShown === this.#element.hidden) {
      this.#element.hidden = !isShown;
      this.#video.dataset.people = isShown ? 'several' : 'one';
      this.#requestLandmarks();
    }
    for (const [id, { button }] of this.#entries) {
      if (isShown && people.some((person) => person.face.id === id)) continue;
      button.parentElement?.remove();
      this.#entries.delete(id);
    }
    if (!isShown) return;
    for (const [i, person] of people.entries()) {
      const { id } = person.face;
      const entry = this.#entries.get(id) ?? this.#addEntry(id);
      const item = /** @type {HTMLElement} */ (entry.button.parentElement);
      // Moving an element takes the focus from it, so move only what is in the wrong place.
      if (this.#element.children[i] !== item) this.#element.insertBefore(item, this.#element.children[i] ?? null);
      entry.button.setAttribute('aria-pressed', String(id === this.#chosenId));
      entry.button.dataset.followed = id === followedId ? 'yes' : 'no';
      entry.button.dataset.present = person.isPresent ? 'yes' : 'no';
      putText(entry.name, this.nameOf(id));
      entry.word.textContent = wordOf(person);
      drawThumb(entry.thumb, person, this.#view);
      drawSpark(entry.spark, person);
    }
  }

  #requestLandmarks() {
    this.#send({ type: 'landmarks', every_s: this.#element.hidden ? 0 : LANDMARKS_EVERY_S });
  }

  /** @param {number} id @returns {Entry} */
  #addEntry(id) {
    const button = make('button', { type: 'button', className: 'person', title: T.FOLLOW_FACE });
    const thumb = make('canvas', { className: 'thumb', ...THUMB });
    const word = make('span', { className: 'person-word' });
    const spark = make('canvas', { className: 'spark', ...SPARK });
    for (const canvas of [thumb, spark]) canvas.setAttribute('aria-hidden', 'true');
    const name = make('span', { className: 'person-name', dir: 'auto' });
    name.style.setProperty('--face', faceColour(id));
    button.dataset.id = String(id);
    button.append(thumb, name, word, spark);
    // A second press goes back to the largest face.
    button.addEventListener('click', () => this.#onChoose(id === this.#chosenId ? null : id));
    const item = make('li');
    item.append(button);
    this.#element.append(item);
    const entry = { button, thumb, name, word, spark };
    this.#entries.set(id, entry);
    return entry;
  }

  /** @param {number} x @param {number} y */
  #press(x, y) {
    if (this.#element.hidden) return;
    const { clientWidth, clientHeight, videoWidth, videoHeight } = this.#video;
    const face = faceAt(this.#faces, { x, y }, { width: clientWidth, height: clientHeight }, { width: videoWidth, height: videoHeight }, this.#view);
    if (face) this.#onChoose(face.id);
  }
}

/** @param {Person} person @returns {string} */
function wordOf({ face, isPresent }) {
  if (!isPresent) return T.NOT_IN_VIDEO;
  if (face.unsure) return T.EMOTION_LABELS.unsure;
  return `${T.EMOTION_LABELS[face.label]} ${percent(labelShare(face))}`;
}

/** The face as lines, without an image of it. @param {HTMLCanvasElement} canvas @param {Person} person @param {'mirrored' | 'as it is'} view */
function drawThumb(canvas, { landmarks }, view) {
  const context = cleared(canvas, THUMB.width, THUMB.height);
  if (!context || !landmarks) return;
  const { width, height } = THUMB;
  context.strokeStyle = getComputedStyle(canvas).color;
  context.lineWidth = 1.4;
  context.lineJoin = 'round';
  // The box and a margin for the chin.
  const scale = width / 1.2;
  /** @param {number} i @returns {[number, number]} */
  const at = (i) => {
    const [x, y] = landmarks[i];
    return [width / 2 + (view === 'mirrored' ? 0.5 - x : x - 0.5) * scale, height / 2 + (y - 0.55) * scale];
  };
  for (const [first, last, closes] of OUTLINES) {
    context.beginPath();
    for (let i = first; i <= last; i += 1) context.lineTo(...at(i));
    if (closes) context.closePath();
    context.stroke();
  }
}

/** The last half minute: a bar for each moment, in the colour of its label and as high as its probability. @param {HTMLCanvasElement} canvas @param {Person} person */
function drawSpark(canvas, { past }) {
  const context = cleared(canvas, SPARK.width, SPARK.height);
  if (!context) return;
  const style = getComputedStyle(canvas);
  const labels = new Set(past.map(({ label }) => label));
  const colours = new Map([...labels].map((label) => [label, style.getPropertyValue(label === 'unsure' ? '--hair' : `--${label}`)]));
  const step = SPARK.width / 120;
  past.forEach(({ label, share }, i) => {
    context.fillStyle = colours.get(label) ?? '';
    const height = share * SPARK.height;
    context.fillRect(SPARK.width - (past.length - i) * step, SPARK.height - height, step + 0.6, height);
  });
}
