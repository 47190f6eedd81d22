/** The page's texts in the language in use. A module reads `T` each time it needs a text, so that another language takes effect. */

import * as en from './en.js';

/**
 * What every language has to define: the same names, keys and arguments as English, with texts of its own.
 *
 * @typedef {{[Name in keyof typeof en]: (typeof en)[Name] extends string ? string : (typeof en)[Name]}} Texts
 */

/** @type {Texts} */
export let T = en;

/** @param {Texts} texts of the language in use from now on */
export function useTexts(texts) {
  T = texts;
}
