/** German: what the server keeps of a session, and its deletion. */

import { sentence } from './format.js';

export const RECORD_KEPT = 'Der Server bewahrt die Ergebnisse dieser Sitzung auf.';
export const ASK_DELETE_RECORD = {
  running: 'Löschen, was der Server bisher von dieser Sitzung aufbewahrt? Die Sitzung läuft weiter, und der Server bewahrt nichts mehr von ihr auf. Es lässt sich nicht wiederherstellen. Die Messwerte in diesem Browser bleiben.',
  ended: 'Löschen, was der Server von dieser Sitzung aufbewahrt? Es lässt sich nicht wiederherstellen. Die Messwerte in diesem Browser bleiben.',
};
export const RECORD_DELETED = {
  running: 'Der Server hat gelöscht, was er von dieser Sitzung aufbewahrt hat, und bewahrt nichts mehr von ihr auf.',
  ended: 'Der Server hat gelöscht, was er von dieser Sitzung aufbewahrt hat.',
};
export const NO_RECORD = 'Der Server hat nichts von dieser Sitzung: Es wurde schon gelöscht oder nie geschrieben.';
/** Why nothing was deleted, by the code or the key of a PeerError. @type {Record<string, string>} */
export const RECORD_PROBLEMS = {
  record_in_use: 'Nicht gelöscht: Der Server kann die Ergebnisse gerade nicht löschen. Versuchen Sie es in einer Minute wieder, oder fragen Sie die Betreiber.',
  not_your_session: 'Nicht gelöscht: Der Server erkennt nicht an, dass diese Seite die Ergebnisse löschen darf. Fragen Sie die Betreiber.',
  serverAway: 'Nicht gelöscht: Der Server ist nicht erreichbar. Versuchen Sie es wieder, wenn es eine Verbindung gibt.',
};
/** @param {string} detail of the server, in English */
export const recordNotDeleted = (detail) => `Nicht gelöscht. Der Server meldet: ${sentence(detail)}`;
