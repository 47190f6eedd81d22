/** `?view=compact`: what the styles alone cannot do for the page in a frame or a small window. Draws into the elements it is given only. */

/** @param {Location | URL} location of the compact page @returns {string} address of the full page, with its other parameters */
export function fullPage({ href }) {
  const address = new URL(href);
  address.searchParams.delete('view');
  address.hash = '';
  return address.href;
}

/**
 * @param {HTMLAnchorElement} link to the full page
 * @param {HTMLElement} rows of the bars, whose buttons change lines of a chart that is not there
 */
export function makeCompact(link, rows) {
  link.href = fullPage(location);
  link.hidden = false;
  for (const button of rows.querySelectorAll('button')) button.disabled = true;
}
