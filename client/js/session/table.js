/** A stretch of a session as a table of texts. Pure. */

import { EMOTIONS } from '../connection/telemetry.js';
import { clockTime, percent, signedPoints, significant } from '../texts/format.js';
import { T } from '../texts/texts.js';
import { fullName } from './face-names.js';
import { jsonText } from './exports.js';

/** Up to this length one row per second, else one per five seconds. */
const FINE_S = 60;

/**
 * @typedef {object} Stretch
 * @property {import('./session-log.js').SessionLog} log
 * @property {number} fromS
 * @property {number} toS
 * @property {(number | null)[]} faces null: the largest of each moment
 * @property {import('./face-names.js').FaceNames} [names]
 * @property {'shown' | 'hidden'} [changes] whether the differences to the neutral face of one face are shown, too
 *
 * @typedef {{caption: string, head: string[], rows: string[][]}} Table
 */

/** @param {Stretch} stretch @returns {Table} one face with its probabilities, or the labels of several */
export function tableOf({ log, fromS, toS, faces, names, changes = 'hidden' }) {
  const stepS = toS - fromS <= FINE_S ? 1 : 5;
  const first = Math.floor(fromS / stepS);
  const count = Math.max(0, Math.floor(toS / stepS) + 1 - first);
  const means = faces.map((id) => log.slices(id, toS, count * stepS, count, undefined, changes === 'shown' ? log.baselines : null));
  /** @param {import('./slices.js').SliceMeans} means @param {number} i */
  const words = ({ labels, fps }, i) => {
    const label = labels[i];
    return label !== null ? T.EMOTION_LABELS[label] : fps[i] === null ? T.NOT_MEASURED : T.NO_FACE;
  };
  const extra = log.extra.slices(toS, count * stepS, count);
  const rows = Array.from({ length: count }, (_, i) => [
    clockTime((first + i) * stepS),
    ...means.map((each) => words(each, i)),
    ...(means.length === 1 ? means[0].lines.map((line) => (line[i] === null ? T.NOTHING : percent(line[i]))) : []),
    ...(means.length === 1 ? means[0].changes.map((line) => (line[i] === null ? T.NOTHING : signedPoints(line[i]))) : []),
    ...[...extra.values()].map((course) => extraWords(course, i)),
  ]);
  const one = [T.TABLE.label, ...EMOTIONS.map((emotion) => T.EMOTION_LABELS[emotion]), ...(changes === 'shown' ? EMOTIONS.map((emotion) => T.changeName(emotion)) : [])];
  return {
    caption: T.TABLE.caption(clockTime(fromS), clockTime(toS), stepS),
    head: [T.TABLE.time, ...(means.length === 1 ? one : faces.map((id) => (id === null ? T.LARGEST_FACE : fullName(names, id)))), ...extra.keys()],
    rows,
  };
}

/** @param {import('./extra-slices.js').Course} course @param {number} i @returns {string} the mean of numbers, or the newest value */
function extraWords({ line, values }, i) {
  const value = values[i];
  return value === undefined ? T.NOTHING : valueWords(typeof value === 'number' ? line[i] ?? value : value);
}

/** @param {import('./extra-log.js').Value} value @returns {string} */
export function valueWords(value) {
  if (typeof value === 'number') return significant(value);
  if (typeof value === 'string') return value;
  return value === null ? T.NOTHING : jsonText(value);
}
