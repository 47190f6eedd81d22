/** `?view=compact`: what the styles alone cannot do for the page in a frame or a small window. Draws into the elements it is given only. */

/** @param {Location | URL} location of the compact page @returns {string} address of the full page, with its other parameters */
export function fullPage({ href }) {
  const address = new URL(href);
  address.searchParams.delete('view');
  address.hash = '';
  return address.href;
}

/** @returns {'on the full page' | 'nowhere'} where the sessions of a compact page are listed: browsers separate what a page in a frame of another site keeps */
export const listOfCompact = () => (window.top === window ? 'on the full page' : 'nowhere');

/**
 * @param {HTMLAnchorElement} link to the full page
 * @param {HTMLElement} rows of the bars, whose buttons change lines of a chart that is not there
 */
export function makeCompact(link, rows) {
  link.href = fullPage(location);
  link.hidden = false;
  for (const button of rows.querySelectorAll('button')) button.disabled = true;
}
