/** English: what the server keeps of a session, and its deletion. */

import { sentence } from './format.js';

export const RECORD_KEPT = 'The server keeps the results of this session.';
export const ASK_DELETE_RECORD = {
  running: 'Delete what the server keeps of this session so far? The session goes on, and the server keeps nothing more of it. It cannot be restored. The measurements in this browser stay.',
  ended: 'Delete what the server keeps of this session? It cannot be restored. The measurements in this browser stay.',
};
export const RECORD_DELETED = {
  running: 'The server has deleted what it kept of this session, and keeps nothing more of it.',
  ended: 'The server has deleted what it kept of this session.',
};
export const NO_RECORD = 'The server has nothing of this session: it was deleted already, or never written.';
/** Why nothing was deleted, by the code or the key of a PeerError. @type {Record<string, string>} */
export const RECORD_PROBLEMS = {
  record_in_use: 'Not deleted: the server cannot delete the results at the moment. Try again in a minute, or ask the people who run it.',
  not_your_session: 'Not deleted: the server does not accept that this page may delete the results. Ask the people who run it.',
  serverAway: 'Not deleted: the server cannot be reached. Try again when there is a connection.',
};
/** @param {string} detail of the server, in English */
export const recordNotDeleted = (detail) => `Not deleted: the server says: ${sentence(detail)}`;
