/** English: what the page keeps of a session: recordings, lists, markers, and what is wrong with the browser's storage. */

import { isWhole } from '../session/stretches.js';
import { clockTime, dateAndTime, timeOfDay } from './format.js';

/** @typedef {import('../storage/sessions.js').SessionInfo} SessionInfo */

/** @param {number} s */
export const recordingFor = (s) => `Stop recording (${clockTime(s)})`;
/** @param {number} s */
export const recordingWaits = (s) => `Stop recording (${clockTime(s)}, waiting)`;
/** @param {number} part */
export const recordingContinues = (part) => `The recording continues as part ${part}.`;
/** @param {number} parts @param {string} names of the files */
export const recordingSaved = (parts, names) => (parts === 1 ? `The recording was saved to your downloads: ${names}` : `The recording was saved in ${parts} parts to your downloads: ${names}`);
/** @param {number} s @param {number} startedMs */
export const leftRecording = (s, startedMs) => `A recording of ${clockTime(s)} from ${timeOfDay(new Date(startedMs))} was not saved. Its last second may be missing.`;
/** The same where its record cannot be read. */
export const LEFT_DAMAGED = 'A recording was not saved, and what this browser noted about it is damaged. Save it to see whether it plays, or delete it.';
export const LEFT = { save: 'Save recording', delete: 'Delete recording' };
/** @param {number} s */
export const askDeleteRecording = (s) => `Delete the recording of ${clockTime(s)}? It cannot be restored.`;
export const ASK_DELETE_DAMAGED_RECORDING = 'Delete the damaged recording? It cannot be restored.';

/** @param {number} count @param {string} one @param {string} several */
const counted = (count, one, several) => `${count} ${count === 1 ? one : several}`;

/** One person who leaves and returns has several numbers. @param {Pick<SessionInfo, 'faces' | 'atOnce'>} info @returns {string} */
export const facesOf = ({ faces, atOnce }) => {
  if (faces < 2 || atOnce === faces) return counted(faces, 'face', 'faces');
  return atOnce ? `${atOnce > 1 ? `up to ${atOnce} faces` : '1 face'} at a time, ${faces} numbers` : `${faces} face numbers`;
};

/** How long the browser keeps numbers. */
const KEPT_UNTIL = 'until you delete them or the browser needs the space';

/** @param {Pick<SessionInfo, 'lengthS' | 'durationS' | 'measuredS'>} info @returns {string} */
const lengthIn = ({ lengthS, durationS = lengthS, measuredS = durationS }) =>
  isWhole({ durationS, measuredS }) ? clockTime(durationS) : `${clockTime(durationS)} (${clockTime(measuredS)} measured)`;

/** @param {Pick<SessionInfo, 'lengthS' | 'durationS' | 'measuredS' | 'faces' | 'atOnce'>} info @param {'browser' | 'page'} place that keeps it */
export const held = (info, place) =>
  `Measurements: ${lengthIn(info)}, ${facesOf(info)}. ${place === 'browser' ? 'In this browser until you delete them or it needs the space.' : 'In this page until you close it.'}`;
/** @param {SessionInfo} info */
export const pastSession = (info) => `Past session: ${info.name ? `${info.name}, ` : ''}${dateAndTime(new Date(info.startedMs))}. ${factsOf(info)}`;
/** @param {SessionInfo} info of a session that a reload or a crash ended */
export const cutSession = (info) =>
  `The session of ${timeOfDay(new Date(info.startedMs))} was interrupted. It was kept up to that moment: ${lengthIn(info)}, ${facesOf(info)}.`;
export const BACK = { toLive: 'Back to live', close: 'Close' };
export const NEXT_PERSON = 'The next start asks for consent again.';
export const ASK_FORGET = 'Delete the measurements of this session? They cannot be restored.';

/** @param {SessionInfo} info @returns {{date: string, facts: string}} */
export const sessionLine = (info) => ({ date: dateAndTime(new Date(info.startedMs)), facts: factsOf(info) });
/** @param {SessionInfo} info @returns {string} */
const factsOf = ({ markers, source, isCut, ...info }) =>
  [lengthIn(info), facesOf(info), markers ? counted(markers, 'marker', 'markers') : '', source === 'file' ? 'video file' : '', isCut ? 'ended without Stop' : '']
    .filter(Boolean)
    .join(', ');
export const RUNNING = 'running';
/** In place of sessionLine() where its record cannot be read. */
export const DAMAGED_SESSION = { date: 'Damaged session', facts: 'cannot be read' };
export const SESSION_ACTIONS = { open: 'Open', report: 'Report', tables: 'Tables', jsonl: 'JSONL', remove: 'Delete session' };
export const SESSIONS_NOTE = `Numbers of past sessions, without images. They are kept in this browser only, ${KEPT_UNTIL}.`;
export const NO_SESSIONS = 'No sessions are kept.';
export const SESSION_UNREADABLE = 'This session cannot be read.';
/** @param {SessionInfo} info */
export const askDeleteSession = (info) => `Delete the session${info.name ? ` “${info.name}”` : ''} of ${dateAndTime(new Date(info.startedMs))}? It cannot be restored.`;
export const ASK_DELETE_DAMAGED = 'Delete the damaged session? It cannot be restored.';
/** @param {number} count */
export const askDeleteSessions = (count) => `Delete ${counted(count, 'session', 'sessions')}? They cannot be restored.`;

/** @param {import('../panels/marker-panel.js').MarkerKind} kind @param {number} timeS */
export const markerAt = (kind, timeS) => `${{ marker: 'Marker', 'stimulus-start': 'Stimulus starts', 'stimulus-end': 'Stimulus ends' }[kind]} at ${clockTime(timeS, 1)}`;
/** @param {import('../panels/marker-panel.js').MarkerKind} kind @param {number} timeS */
export const markerWithoutNote = (kind, timeS) => `${markerAt(kind, timeS)}, without a note`;
/** The marker was set without a connection, or the connection was lost since then. */
export const NOTE_STAYS = 'The note stays on this page: the server did not get it.';

/** Why the browser does not keep sessions and recordings, by the key of a StorageError. @type {Record<string, string>} */
export const STORAGE_TROUBLES = {
  missing: 'This browser window stores nothing for this page. Sessions and recordings stay in memory until you close the page; save what you need.',
  newer: 'The sessions in this browser were kept by a newer version of this page, which this one cannot read. Everything else works; what you do now stays in memory until you close the page.',
  damaged: 'The sessions that this browser keeps cannot be read or written. Everything else works; what you do now stays in memory until you close the page.',
  full: 'This browser has no space left for this page. The session continues and stays in memory until you close the page: save it, or delete old sessions.',
  closed: 'Another tab has a newer version of this page. What this page measures from now on stays in memory: save it, then reload this page.',
  deleted: 'The sessions that this browser kept were deleted. What this page measures from now on stays in memory: save it, then reload this page.',
};
