/** The part of the report about the values of the server's own plug-in: a row for each that has numbers. Pure. */

import { escape } from './report-face.js';
import { pointsOf } from './timeline.js';
import { clockTime, significant } from '../texts/format.js';
import { T } from '../texts/texts.js';

const SLICES = 120;
const HEIGHT = 24;

/** @param {import('./session-log.js').SessionLog} log @param {number} lengthS of the session @returns {string} empty: there are none */
export function valuesSection(log, lengthS) {
  const totals = log.extra.totals();
  const courses = log.extra.slices(lengthS * (1 - 1e-9), lengthS, SLICES);
  const rows = [...totals].map(([name, { mean, least, most }]) => {
    const cells = [mean, least, most].map((value) => `<td>${escape(significant(value))}</td>`);
    return `<tr><th scope="row"><bdi>${escape(name)}</bdi></th>${cells.join('')}<td class="spark">${spark(courses.get(name)?.line ?? [])}</td></tr>`;
  });
  const { namesLeftOut, textsFromS } = log.extra;
  const sentences = [namesLeftOut ? T.VALUES.leftOut(namesLeftOut) : '', textsFromS ? T.VALUES.textsFrom(clockTime(textsFromS)) : ''].filter(Boolean);
  if (!rows.length && !sentences.length) return '';
  const { title, caption, name, mean, least, most, course } = T.VALUES;
  const heads = [name, mean, least, most, course].map((head) => `<th scope="col">${escape(head)}</th>`);
  const table = rows.length ? `<p class="quiet">${escape(caption)}</p><table class="values"><thead><tr>${heads.join('')}</tr></thead><tbody>${rows.join('')}</tbody></table>` : '';
  return `<section><h2>${escape(title)}</h2>${table}${sentences.map((text) => `<p class="quiet">${escape(text)}</p>`).join('')}</section>`;
}

/** A line between its own least and greatest value; a null interrupts it. @param {(number | null)[]} line @returns {string} */
function spark(line) {
  let pen = 'M';
  const points = pointsOf(line).map((y, slice) => {
    if (y === null) {
      pen = 'M';
      return '';
    }
    const step = `${pen}${slice + 0.5} ${((1 - y) * HEIGHT).toFixed(1)}${pen === 'M' ? 'h.5' : ''}`;
    pen = 'L';
    return step;
  });
  return `<svg viewBox="0 -1 ${line.length} ${HEIGHT + 2}" preserveAspectRatio="none" aria-hidden="true"><path class="line leading" stroke="var(--accent)" d="${points.join('')}"/></svg>`;
}
