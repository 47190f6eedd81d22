/** Formats numbers with their units, and sentences. */

/** @param {number} share */
export const percent = (share) => `${Math.round(share * 100)} %`;

/** @param {number} ms */
export const milliseconds = (ms) => `${ms < 10 ? ms.toFixed(1) : ms.toFixed(0)} ms`;

/** @param {number} fps */
export const perSecond = (fps) => `${fps.toFixed(1)} fps`;

/** @param {number} s @param {number} [decimals] @returns {string} minutes and seconds */
export function clockTime(s, decimals = 0) {
  const whole = Math.max(0, Number(s.toFixed(decimals)));
  const minutes = Math.floor(whole / 60);
  return `${minutes}:${(whole - minutes * 60).toFixed(decimals).padStart(decimals ? 3 + decimals : 2, '0')}`;
}

/** @param {number} kbps */
export const kilobits = (kbps) => (kbps < 1000 ? `${kbps.toFixed(0)} kbit/s` : `${(kbps / 1000).toFixed(1)} Mbit/s`);

/** @param {string} detail from the server or the browser @returns {string} with a capital and a full stop */
export function sentence(detail) {
  const text = detail.trim();
  return text && `${text[0].toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`;
}
