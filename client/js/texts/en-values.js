/** English: the values of the server's own plug-in, and the differences to a neutral face. */

import { EMOTION_LABELS } from './en.js';
import { decimal } from './format.js';

export const VALUES = {
  fault: 'This server’s own analysis (a plug-in) has failed: its values are missing in some frames. All else is complete.',
  /** In the report. */
  title: 'Values of this server’s own analysis',
  caption: 'They come from a plug-in of this server. The line is the mean over time, drawn between its own least and greatest mean; true counts as 1, false as 0.',
  name: 'Value',
  mean: 'Mean',
  least: 'Least',
  most: 'Greatest',
  course: 'Over time',
  /** @param {number} count */
  leftOut: (count) => (count === 1 ? 'One more value is not kept, because there were too many names.' : `${decimal(count)} more values are not kept, because there were too many names.`),
  /** @param {string} time */
  textsFrom: (time) => `Texts and lists among the values are kept from ${time} on; before it there were too many.`,
};
/** @param {string} name */
export const extraMeaning = (name) =>
  `The value "${name}" of this server's own plug-in, the same in all rows of a frame: a number, true, false, a text, or JSON; empty: none. In a row of means, the mean of numbers, of all else the most frequent value. An apostrophe before a text that begins with =, +, - or @ was added, so that a spreadsheet does not calculate it`;

export const NEUTRAL = {
  notRunning: 'A neutral face can be set while the video is analysed. Start the camera or choose a file first.',
  noFace: 'No face to set as neutral. Look into the camera with a neutral face for two seconds, then press again.',
  /** @param {string} name of the face */
  notMeasured: (name) => `${name} was not measured for a second, or was unsure. Hold a neutral face still, look into the camera for two seconds, then press again.`,
  /** @param {string} name */
  set: (name) => `${name}: the last two seconds are neutral from now on. Differences to them are shown beside the probabilities.`,
  /** @param {string} name */
  cleared: (name) => `${name} has no neutral face any more.`,
  changeTitle: 'Difference to the neutral face, in percentage points',
  /** In the report. @param {string} at time @param {string} values */
  inReport: (at, values) => `Neutral face set at ${at}: ${values}.`,
};
/** @param {string} emotion */
export const changeName = (emotion) => `${EMOTION_LABELS[emotion]}: change in points`;
/** Of a face that is compared, in the time on show. */
export const NO_NEUTRAL = 'no neutral face at this time';
/** @param {string} label */
export const changeMeaning = (label) =>
  `Probability of the expression "${label}" minus its mean while the face was neutral, -1 to 1. The person pressed a key for that: the event neutral has the mean of the two seconds before it. Empty: before it, without it, and after the event neutral-cleared. In a row of means, the baseline at the start of its second counts`;

export const FACE_NAME = {
  /** @param {string} face its number in words */
  of: (face) => `The name is shown in place of “${face}”. It stays with the numbers of this session and is deleted with them.`,
  recorded: 'This server records the session, and gets the name, too.',
  noFace: 'There is no face to name at the moment.',
  notKept: 'The browser could not keep the name.',
};
