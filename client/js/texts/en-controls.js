/** English: the quality of the analysis, keyboard shortcuts, presentation. */

import { decimal } from './format.js';

/** Each finding in one sentence: what is wrong, and what helps. @type {Record<string, string>} */
const QUALITY = {
  good: 'Good',
  unanalysed: 'The video is not analysed',
  noFace: 'No face: look into the camera',
  dark: 'Too dark: turn on a light',
  backlit: 'Light from behind: face the light',
  cut: 'Partly outside the video: move to the middle',
  far: 'Face too small: come closer',
  blurred: 'Blurred: hold still, and turn on more light',
  turned: 'Face turned away: look into the camera',
  hidden: 'Eyes or mouth covered: uncover them',
  misplaced: 'Points not on the face: look into the camera',
  loss: 'Weak connection: parts of the video are lost',
  few: 'Server busy: only the two largest faces are read',
  late: 'Slow connection: the video arrives late',
};
const ORDINALS = ['', '', 'second', 'third', 'fourth', 'fifth', 'sixth'];

/** @param {string} key of a finding; empty: none yet @param {number} every so many frames one is analysed */
export function qualitySentence(key, every) {
  if (key === 'busy') return every < 2 ? 'Server busy: not every frame is analysed' : `Server busy: ${every in ORDINALS ? `every ${ORDINALS[every]} frame` : `one of ${every} frames`} is analysed`;
  return QUALITY[key] ?? 'Quality';
}

/** @param {number} rate @returns {string} a rate of frames, where there is room for words */
export const eachSecond = (rate) => `${decimal(rate, 1)} per second`;

/** What the shortcuts do, in the order of the list. @type {Record<string, string>} */
export const SHORTCUTS = {
  startStop: 'Start or stop; pause or continue a file',
  record: 'Record, or stop recording',
  snapshot: 'Snapshot',
  marker: 'Mark the frame in the video, also while the chart is paused',
  neutral: 'This face is neutral now: show differences to it',
  word: 'Big word on or off',
  fullScreen: 'Full screen on or off',
  help: 'Show this list',
};
export const NO_FULL_SCREEN = 'This browser did not allow full screen.';
export const NO_SMALL_WINDOW = 'The small window needs a video. Start the camera first.';
/** Keys whose sign is not their name. @type {Record<string, string>} */
export const KEY_NAMES = { ' ': 'Space' };
/** @param {string} name of a button @param {string} key @returns {string} its tooltip */
export const withKey = (name, key) => `${name} (key: ${key})`;
