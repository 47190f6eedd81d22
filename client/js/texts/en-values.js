/** English: the values of the server's own plug-in. */

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
