/** Formats numbers, dates and sentences in the language in use. */

/** A BCP 47 tag. */
let language = 'en';
/** Making a formatter is slow, and the page formats a dozen numbers four times a second. @type {Map<string, Intl.NumberFormat>} */
const formatters = new Map();

/** @param {string} tag BCP 47, of the language in use from now on */
export function useNumbersOf(tag) {
  language = tag;
  formatters.clear();
}

/** @returns {string} a BCP 47 tag */
export const languageInUse = () => language;

/** @param {string} key of this set of options @param {Intl.NumberFormatOptions} options */
function formatter(key, options) {
  const made = formatters.get(key) ?? new Intl.NumberFormat(language, options);
  formatters.set(key, made);
  return made;
}

/** @param {number} value @param {number} [decimals] as many digits after the decimal separator */
export const decimal = (value, decimals = 0) =>
  formatter(`decimal ${decimals}`, { minimumFractionDigits: decimals, maximumFractionDigits: decimals }).format(value);

/** @param {number} value of any size @returns {string} with four digits, or all of a longer whole number */
export function significant(value) {
  const size = Math.abs(value);
  if (value !== 0 && (size >= 1e7 || size < 1e-4)) return formatter('scientific', { notation: 'scientific', maximumSignificantDigits: 4 }).format(value);
  return size >= 1000 ? decimal(value) : formatter('significant', { maximumSignificantDigits: 4 }).format(value);
}

/** @param {number} share 0..1 */
export const percent = (share) => formatter('percent', { style: 'percent', maximumFractionDigits: 0 }).format(share);

/** How often something was right: in steps of 5 %, so that it changes rarely, and never certain. @param {number} share 0..1 */
export const cautiousPercent = (share) => percent(Math.min(0.95, Math.max(0.05, Math.round(20 * share) / 20)));

/** @param {number} change of a share, -1 to 1 @returns {string} percentage points with their sign */
export const signedPoints = (change) => formatter('points', { signDisplay: 'exceptZero', maximumFractionDigits: 0 }).format(100 * change);

/** A part is neither all nor nothing. @param {number} share 0..1 */
export function partPercent(share) {
  if (share > 0 && share < 0.01) return `< ${percent(0.01)}`;
  return share > 0.99 && share < 1 ? `> ${percent(0.99)}` : percent(share);
}

/**
 * Whole percentages whose sum is 100: the largest remainders are rounded up. Equal remainders: the larger share first, then the
 * earlier one.
 *
 * @param {readonly number[]} shares not negative; their sum need not be exactly 1
 * @returns {number[]} all 0 if the sum is 0
 */
export function wholePercents(shares) {
  const sum = shares.reduce((all, share) => all + share, 0);
  if (!(sum > 0)) return shares.map(() => 0);
  const exact = shares.map((share) => (100 * share) / sum);
  const whole = exact.map(Math.floor);
  const left = 100 - whole.reduce((all, percents) => all + percents, 0);
  const order = exact.map((_, i) => i).sort((a, b) => exact[b] - whole[b] - (exact[a] - whole[a]) || exact[b] - exact[a] || a - b);
  for (const i of order.slice(0, left)) whole[i] += 1;
  return whole;
}

/** @param {number} ms */
export const milliseconds = (ms) => `${decimal(ms, ms < 10 ? 1 : 0)} ms`;

/** @param {number} fps */
export const perSecond = (fps) => `${decimal(fps, 1)} fps`;

/** @param {number} kbps */
export const kilobits = (kbps) => (kbps < 1000 ? `${decimal(kbps)} kbit/s` : `${decimal(kbps / 1000, 1)} Mbit/s`);

/** @param {number} s @param {number} [decimals] @returns {string} minutes and seconds; hours from an hour on */
export function clockTime(s, decimals = 0) {
  const whole = Math.max(0, Number(s.toFixed(decimals)));
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  const seconds = decimal(whole - hours * 3600 - minutes * 60, decimals).padStart(decimals ? 3 + decimals : 2, '0');
  return hours ? `${hours}:${String(minutes).padStart(2, '0')}:${seconds}` : `${minutes}:${seconds}`;
}

/** @param {Date} at @returns {string} day and time, to the minute */
export const dateAndTime = (at) => at.toLocaleString(language, { dateStyle: 'long', timeStyle: 'short' });

/** @param {Date} at @param {number} [eastMin] minutes that the local clock is ahead of UTC @returns {string} day and time, to the second, with the offset from UTC */
export function exactTime(at, eastMin = -at.getTimezoneOffset()) {
  const shown = new Date(at.getTime() + eastMin * 60_000).toLocaleString(language, { dateStyle: 'long', timeStyle: 'medium', timeZone: 'UTC' });
  const [hours, minutes] = [Math.floor(Math.abs(eastMin) / 60), Math.abs(eastMin) % 60].map((part) => String(part).padStart(2, '0'));
  return `${shown} (UTC${eastMin < 0 ? '-' : '+'}${hours}:${minutes})`;
}

/** @param {Date} at @param {Date} [now] @returns {string} the time; on another day also the date */
export const timeOfDay = (at, now = new Date()) =>
  at.toLocaleString(language, at.toDateString() === now.toDateString() ? { timeStyle: 'short' } : { dateStyle: 'medium', timeStyle: 'short' });

/** @param {string} detail from the server or the browser @returns {string} with a capital and a full stop */
export function sentence(detail) {
  const text = detail.trim();
  return text && `${text[0].toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`;
}
