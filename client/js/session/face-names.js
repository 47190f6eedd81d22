/** The names that a person typed for the faces of one session: cleaned, and as they are shown. Keeps nothing. */

import { T } from '../texts/texts.js';

/** Characters of a name, however many code units each has. */
export const MOST_CHARS = 64;

/** By the number of a face. @typedef {Record<string, string>} FaceNames */

/** @param {string} typed @returns {string} one line without control characters; empty: none */
export const faceNameIn = (typed) => [...typed.normalize('NFC').replace(/[\s\p{Cc}\u2028\u2029]+/gu, ' ').trim()].slice(0, MOST_CHARS).join('').trim();

/** @param {FaceNames} names @param {number} id @param {string} name empty: none any more @returns {FaceNames} */
export function withName(names, id, name) {
  const { [id]: _before, ...others } = names;
  return name ? { ...others, [id]: name } : others;
}

/** @param {FaceNames | undefined} names @param {number} id @returns {string} its name, or "Face 2" */
export const shownName = (names, id) => nameIn(names, id) || T.faceName(id);

/** A name of any direction between other words. @param {FaceNames | undefined} names @param {number} id @returns {string} as "Ada (Face 2)", where numbers stand, too */
export function fullName(names, id) {
  const name = nameIn(names, id);
  return name ? `${isolated(name)} (${T.faceName(id)})` : T.faceName(id);
}

/** @param {FaceNames | undefined} names @param {number} id @returns {string} empty: it has none */
export const nameIn = (names, id) => (names && Object.hasOwn(names, id) ? names[id] : '');

/** So that its direction changes nothing of the words beside it. @param {string} name */
export const isolated = (name) => `\u2068${name}\u2069`;

/** @param {string} name as `shownName` tells it @param {number} id @returns {string} between other words: our own "Face 2" has their direction */
export const amongWords = (name, id) => (name === T.faceName(id) ? name : isolated(name));

/** @param {any} names of the database @returns {boolean} whether the page can rely on them */
export const areFaceNames = (names) => typeof names === 'object' && names !== null && !Array.isArray(names) && Object.values(names).every((name) => typeof name === 'string');
