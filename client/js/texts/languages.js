/** Chooses the language: what the person chose, else the first of the browser's languages that the page has, else English. */

import * as en from './en.js';
import { useNumbersOf } from './format.js';
import { useTexts } from './texts.js';

/**
 * @typedef {object} Language
 * @property {string} name in that language
 * @property {'ltr' | 'rtl'} direction
 * @property {() => Promise<import('./texts.js').Texts>} load
 */

/** By BCP 47 tag. @type {Record<string, Language>} */
export const LANGUAGES = {
  en: { name: 'English', direction: 'ltr', load: async () => en },
  // Loaded on demand. The element for other pages does not import this module, so its package stays without German.
  de: { name: 'Deutsch', direction: 'ltr', load: () => import('./de.js') },
};

/**
 * @param {string | null} chosen by the person; null: not yet
 * @param {readonly string[]} preferred by the browser, best first
 * @returns {string} key of LANGUAGES
 */
export function bestLanguage(chosen, preferred) {
  const wanted = [chosen ?? '', ...preferred].map((tag) => tag.toLowerCase().split('-')[0]);
  return wanted.find((tag) => Object.hasOwn(LANGUAGES, tag)) ?? 'en';
}

/**
 * Use a language in all texts and numbers from now on. If it cannot be loaded, the page uses English.
 *
 * @param {string} tag key of LANGUAGES
 * @param {HTMLElement} root gets the attributes `lang` and `dir`
 */
export async function speak(tag, root) {
  const texts = await LANGUAGES[tag].load().catch(() => null);
  const used = texts ? tag : 'en';
  useTexts(texts ?? en);
  useNumbersOf(used);
  root.lang = used;
  root.dir = LANGUAGES[used].direction;
}
