/** English: what the page keeps of a session: recordings, lists, markers, and what is wrong with the browser's storage. */

import { clockTime, timeOfDay } from './format.js';

/** @param {number} s */
export const recordingFor = (s) => `Stop recording (${clockTime(s)})`;
/** @param {number} s */
export const recordingWaits = (s) => `Stop recording (${clockTime(s)}, waiting)`;
/** @param {number} part */
export const recordingContinues = (part) => `The recording continues as part ${part}.`;
/** @param {number} parts */
export const recordingSaved = (parts) => (parts === 1 ? 'The recording was saved.' : `The recording was saved in ${parts} parts.`);
/** @param {number} s @param {number} startedMs */
export const leftRecording = (s, startedMs) => `A recording of ${clockTime(s)} from ${timeOfDay(new Date(startedMs))} was not saved.`;
export const LEFT = { save: 'Save', delete: 'Delete' };
/** @param {number} s */
export const askDeleteRecording = (s) => `Delete the recording of ${clockTime(s)}? It cannot be restored.`;

/** Why the browser does not keep sessions and recordings, by the key of a StorageError. @type {Record<string, string>} */
export const STORAGE_TROUBLES = {
  missing: 'This browser window keeps nothing for this page. Sessions and recordings stay in memory until you close the page; save what you need.',
  newer: 'The sessions in this browser were kept by a newer version of this page, which this one cannot read. Everything else works; what you do now stays in memory until you close the page.',
  damaged: 'The sessions that this browser keeps cannot be read or written. Everything else works; what you do now stays in memory until you close the page.',
  full: 'This browser has no space left for this page. The session continues and stays in memory until you close the page: save it, or delete old sessions.',
  closed: 'Another tab has a newer version of this page. Reload this one; until then, what you do now stays in memory.',
};
