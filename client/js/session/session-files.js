/** A session as files to save. Reads logs only. */

import { dictionary, fileStem, toCsv, toEventsCsv, toJsonl } from './exports.js';
import { toReport } from './report.js';
import { zip } from './zip.js';
import { decimal, exactTime } from '../texts/format.js';
import { T } from '../texts/texts.js';

/**
 * @typedef {object} Exported what can be saved
 * @property {import('./session-log.js').SessionLog} log
 * @property {Date} startedAt
 * @property {string} [name] typed by the person
 * @property {import('./face-names.js').FaceNames} [faceNames] typed by the person
 * @property {'camera' | 'file'} source
 * @property {'once' | 'in a loop'} [plays] a file; not known: an older page kept the session
 * @property {import('../source/video-source.js').ClipSize} [clipSize] of a file, if it is known
 * @property {string} notice what the person agreed to
 * @property {number | null} [agreedMs] when, by the system clock; null: earlier in the same visit, at a time that is not known; undefined: nothing is known
 * @property {boolean} [agreedEarlier] before an earlier session of the same visit
 * @property {{width: number, height: number, fps: number}} settings as the camera was asked for them; of a file, the largest size that is sent
 * @property {number} [atOnce] the most faces in one frame
 * @property {{version: string, models: string[]}} [server] what analysed it
 *
 * @typedef {'report' | 'tables' | 'csv' | 'jsonl'} FileKind
 * @typedef {{separator: ',' | ';', decimal: '.' | ',', ending: string}} Separators `ending`: of the file's name, so that both variants fit in one folder
 */

/** @type {Record<'plain' | 'german', Separators>} */
export const SEPARATORS = { plain: { separator: ',', decimal: '.', ending: '' }, german: { separator: ';', decimal: ',', ending: '_german' } };

/** @param {FileKind} kind @param {Exported} session @param {Separators} separators @returns {Promise<{blob: Blob, name: string}>} */
export async function fileOf(kind, session, separators) {
  const { log, startedAt, name, faceNames, notice, atOnce } = session;
  const stem = fileStem(startedAt, name);
  // A file that is analysed once has its own time, which no clock has.
  const options = { startedAt: session.source === 'file' && session.plays !== 'in a loop' ? null : startedAt, faceNames, ...separators };
  if (kind === 'report') return { blob: asBlob(toReport(log, { at: exactTime(startedAt), name, faceNames, notice, agreed: agreedWords(session), settings: settingsOf(session), atOnce }), 'text/html'), name: `${stem}.html` };
  if (kind === 'jsonl') return { blob: asBlob(toJsonl(log, options), 'application/jsonl'), name: `${stem}.jsonl` };
  const measurements = asBlob(toCsv(log, options), 'text/csv');
  if (kind === 'csv') return { blob: measurements, name: `${stem}${separators.ending}.csv` };
  const folder = `${stem}${separators.ending}`;
  const files = [
    { name: 'measurements.csv', blob: measurements },
    { name: 'events.csv', blob: asBlob(toEventsCsv(log.events, options), 'text/csv') },
    { name: 'dictionary.csv', blob: asBlob(dictionary(log, options), 'text/csv') },
  ];
  return { blob: await zip(files.map(({ name: inside, blob }) => ({ name: `${folder}/${inside}`, blob })), startedAt), name: `${folder}.zip` };
}

/** @param {Exported} session @returns {[string, string][]} names and values, of what is known */
function settingsOf(session) {
  const { server } = session;
  /** @type {[string, string][]} */
  const all = [
    ...(session.source === 'file' ? aboutFile(session) : aboutCamera(session)),
    [T.REPORT.models, server?.models.join(', ') ?? ''],
    [T.REPORT.version, server?.version ?? ''],
  ];
  return all.filter(([, value]) => value);
}

/** @param {Exported} session @returns {[string, string][]} */
const aboutCamera = ({ settings: { width, height, fps } }) => [
  [T.REPORT.source, T.REPORT.fromCamera],
  [T.REPORT.asRequested(T.TEXT.sizeLabel), sizeOf(width, height)],
  [T.REPORT.asRequested(T.TEXT.rateLabel), decimal(fps)],
];

/** What a camera would be asked for says nothing about a file. @param {Exported} session @returns {[string, string][]} */
function aboutFile({ plays, clipSize }) {
  const source = /** @type {[string, string]} */ ([T.REPORT.source, plays === 'in a loop' ? T.REPORT.fromLoop : T.REPORT.fromFile]);
  if (!clipSize) return [source];
  const { width, height, sentWidth, sentHeight } = clipSize;
  const sent = sizeOf(sentWidth, sentHeight);
  return [source, [T.REPORT.fileSize, sizeOf(width, height)], [T.REPORT.sentSize, plays === 'in a loop' ? T.REPORT.upTo(sent) : sent]];
}

/** @param {number} width @param {number} height in pixels */
const sizeOf = (width, height) => `${width} × ${height}`;

/** @param {Exported} session @returns {string} empty: nothing is known */
function agreedWords({ agreedMs, agreedEarlier }) {
  if (agreedMs === undefined) return '';
  if (agreedMs === null) return T.REPORT.agreedBefore;
  const at = exactTime(new Date(agreedMs));
  return agreedEarlier ? T.REPORT.agreedEarlier(at) : T.REPORT.agreedAt(at);
}

/** @param {string} text @param {string} type */
const asBlob = (text, type) => new Blob([text], { type });
