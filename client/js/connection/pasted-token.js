/** The access token in what a person typed or pasted. */

/** What mail and chat programs add: invisible characters and quotation marks. */
const INVISIBLE = /[\p{Cc}\p{Cf}]/gu;
const QUOTED = /^["'“”„‘’‚«»‹›](.+)["'“”„‘’‚«»‹›]$/u;

/** @param {string} text as it was typed or pasted @returns {string} the token in it */
export function cleanToken(text) {
  const visible = text.replace(INVISIBLE, '').trim();
  return QUOTED.exec(visible)?.[1].trim() ?? visible;
}
