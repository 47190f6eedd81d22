/** The page's texts in the language in use. A module reads `T` each time it needs a text, so that another language takes effect. */

import * as en from './en.js';

/** @typedef {typeof en} Texts what every language has to define */

/** @type {Texts} */
export let T = en;

/** @param {Texts} texts of the language in use from now on */
export function useTexts(texts) {
  T = texts;
}
