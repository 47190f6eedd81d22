/** The people in the video as numbers: who was seen lately, the outline of each face, and which face is at a point. Pure. */

import { labelShare } from '../connection/telemetry.js';

/** A face that is missed for a moment keeps its place. */
const KEPT_MS = 2000;
/** Half a minute at four a second. */
const REMEMBERED = 120;
const POINTS = 68;
/** Landmarks span the box widened by this part of its size on every side, because chins are outside of it. */
const WIDER = 0.25;
/** Parts of the iBUG 68 points: first, last, and whether the line closes. @type {readonly [number, number, boolean][]} */
export const OUTLINES = [
  [0, 16, false], [17, 21, false], [22, 26, false], [27, 30, false], [31, 35, false],
  [36, 41, true], [42, 47, true], [48, 59, true], [60, 67, true],
];

/**
 * @typedef {import('../connection/telemetry.js').Face} Face
 *
 * @typedef {object} Person
 * @property {Face} face as it was last seen
 * @property {boolean} isPresent whether it is in the frame on show
 * @property {number} seenMs
 * @property {[number, number][] | null} landmarks as parts of the box; null: none yet
 * @property {{label: string, share: number}[]} past oldest first
 */

export class People {
  /** @type {Map<number, Person>} */
  #people = new Map();

  /** Forget everybody. */
  clear() {
    this.#people.clear();
  }

  /** @param {readonly Face[]} faces of the frame on show @param {number} nowMs @param {number | null} chosenId whom to keep while absent */
  see(faces, nowMs, chosenId) {
    for (const face of faces) {
      const known = this.#people.get(face.id);
      const person = { face, isPresent: true, seenMs: nowMs, landmarks: known?.landmarks ?? null, past: known?.past ?? [] };
      this.#people.set(face.id, person);
      person.past.push({ label: face.label, share: labelShare(face) });
      if (person.past.length > REMEMBERED) person.past.shift();
    }
    for (const [id, person] of this.#people) {
      person.isPresent = faces.some((face) => face.id === id);
      if (!person.isPresent && id !== chosenId && nowMs - person.seenMs > KEPT_MS) this.#people.delete(id);
    }
  }

  /** Any message may carry the landmarks of one face. @param {readonly Face[]} faces */
  addLandmarks(faces) {
    for (const { id, landmarks } of faces) {
      const person = this.#people.get(id);
      if (person && landmarks) person.landmarks = decodeLandmarks(landmarks) ?? person.landmarks;
    }
  }

  /** @returns {Person[]} by number */
  get list() {
    return [...this.#people.values()].sort((a, b) => a.face.id - b.face.id);
  }
}

/** @param {string} packed docs/telemetry.md, `landmarks` @returns {[number, number][] | null} 68 points as parts of the box; null: malformed */
export function decodeLandmarks(packed) {
  let bytes;
  try {
    bytes = atob(packed);
  } catch {
    return null;
  }
  if (bytes.length !== 2 * POINTS) return null;
  /** @param {number} at */
  const part = (at) => (bytes.charCodeAt(at) / 255) * (1 + 2 * WIDER) - WIDER;
  return Array.from({ length: POINTS }, (_, i) => [part(2 * i), part(2 * i + 1)]);
}

/**
 * @param {readonly Face[]} faces of the frame on show
 * @param {{x: number, y: number}} point in the element
 * @param {{width: number, height: number}} element in which the whole frame is shown, centred (`object-fit: contain`)
 * @param {{width: number, height: number}} frame
 * @param {'mirrored' | 'as it is'} view the boxes are those of the frame as it was sent
 * @returns {Face | null} the face there; where boxes overlap, the smallest
 */
export function faceAt(faces, point, element, frame, view) {
  if (!frame.width || !frame.height) return null;
  const scale = Math.min(element.width / frame.width, element.height / frame.height);
  const shownX = (point.x - (element.width - frame.width * scale) / 2) / scale;
  const x = view === 'mirrored' ? frame.width - shownX : shownX;
  const y = (point.y - (element.height - frame.height * scale) / 2) / scale;
  const hit = faces.filter(({ box: [left, top, width, height] }) => x >= left && x <= left + width && y >= top && y <= top + height);
  return hit.reduce((best, face) => (best && best.box[2] * best.box[3] <= face.box[2] * face.box[3] ? best : face), /** @type {Face | null} */ (null));
}
