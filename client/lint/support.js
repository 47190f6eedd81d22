/** Looks up in MDN's tables which features the supported browsers have ("browserslist" in package.json). */

import { createRequire } from 'node:module';

const load = createRequire(import.meta.url);
/** @type {import('@mdn/browser-compat-data').CompatData} */
export const MDN = load('@mdn/browser-compat-data');

/** MDN's names of the browsers in "browserslist". */
const NAMES = {
  chrome: 'chrome', edge: 'edge', firefox: 'firefox', safari: 'safari', ios_saf: 'safari_ios', and_chr: 'chrome_android', and_ff: 'firefox_android',
};

/** @param {string[]} lines as "firefox >= 115" @returns {[string, number[]][]} MDN's name and the oldest version */
export function parseBrowsers(lines) {
  return lines.map((line) => {
    const [, name, version] = /^(\w+) >= ([\d.]+)$/.exec(line) ?? [];
    if (!(name in NAMES)) throw new Error(`browserslist: ${line}: expected a name of ${Object.keys(NAMES)}, ">=" and a version`);
    return [NAMES[name], version.split('.').map(Number)];
  });
}

const OLDEST = parseBrowsers(load('../package.json').browserslist);

/**
 * @param {{__compat?: import('@mdn/browser-compat-data').CompatStatement} | undefined} feature of MDN's tables
 * @returns {string} the first browser that lacks it, and the version that added it; empty: all have it, or it is unknown to MDN
 */
export function lacking(feature) {
  if (!feature?.__compat) return '';
  for (const [browser, oldest] of OLDEST) {
    const statements = [feature.__compat.support[browser] ?? []].flat();
    if (statements.length && !statements.some((statement) => isThere(statement, oldest))) {
      return `${MDN.browsers[browser].name} has it since ${statements[0].version_added || 'never'}, the page supports ${oldest.join('.')}`;
    }
  }
  return '';
}

/** @param {import('@mdn/browser-compat-data').SimpleSupportStatement} statement @param {number[]} oldest */
function isThere({ version_added: added, version_removed: removed, flags, prefix, alternative_name: alias }, oldest) {
  if (!/^≤?\d/.test(added) || flags || prefix || alias) return false;
  // A removed feature has a separate statement for its replacement.
  return difference(added, oldest) <= 0 && (!removed || difference(removed, oldest) > 0);
}

/** @param {string} version of a browser @param {number[]} oldest @returns {number} below 0: it is older */
function difference(version, oldest) {
  const parts = version.replace('≤', '').split('.').map(Number);
  return (parts[0] - oldest[0]) || (parts[1] ?? 0) - (oldest[1] ?? 0);
}
