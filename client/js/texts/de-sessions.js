/** German: what the page keeps of a session: recordings, lists, markers, and what is wrong with the browser's storage. */

import { isWhole } from '../session/stretches.js';
import { clockTime, dateAndTime, timeOfDay } from './format.js';

/** @typedef {import('../storage/sessions.js').SessionInfo} SessionInfo */

/** @param {number} s */
export const recordingFor = (s) => `Aufnahme beenden (${clockTime(s)})`;
/** @param {number} s */
export const recordingWaits = (s) => `Aufnahme beenden (${clockTime(s)}, wartet)`;
/** @param {number} part */
export const recordingContinues = (part) => `Die Aufnahme geht als Teil ${part} weiter.`;
/** @param {number} parts @param {string} names of the files */
export const recordingSaved = (parts, names) => (parts === 1 ? `Die Aufnahme liegt in Ihren Downloads: ${names}` : `Die Aufnahme liegt in ${parts} Teilen in Ihren Downloads: ${names}`);
/** @param {number} s @param {number} startedMs */
export const leftRecording = (s, startedMs) => `Eine Aufnahme (${clockTime(s)}, begonnen: ${timeOfDay(new Date(startedMs))}) wurde nicht gespeichert. Die letzte Sekunde fehlt vielleicht.`;
/** The same where its record cannot be read. */
export const LEFT_DAMAGED = 'Eine Aufnahme wurde nicht gespeichert, und die Angaben dieses Browsers dazu sind beschädigt. Speichern Sie sie, um zu sehen, ob sie läuft, oder löschen Sie sie.';
export const LEFT = { save: 'Aufnahme speichern', delete: 'Aufnahme löschen' };
/** @param {number} s */
export const askDeleteRecording = (s) => `Die Aufnahme (${clockTime(s)}) löschen? Sie lässt sich nicht wiederherstellen.`;
export const ASK_DELETE_DAMAGED_RECORDING = 'Die beschädigte Aufnahme löschen? Sie lässt sich nicht wiederherstellen.';

/** @param {number} count @param {string} one @param {string} several */
const counted = (count, one, several) => `${count} ${count === 1 ? one : several}`;

/** How long the browser keeps numbers. */
const KEPT_UNTIL = 'bis Sie sie löschen oder der Browser den Platz braucht';

/** Wer geht und wiederkommt, hat mehrere Nummern. @param {Pick<SessionInfo, 'faces' | 'atOnce'>} info @returns {string} */
export const facesOf = ({ faces, atOnce }) => {
  if (faces < 2 || atOnce === faces) return counted(faces, 'Gesicht', 'Gesichter');
  return atOnce ? `höchstens ${counted(atOnce, 'Gesicht', 'Gesichter')} zugleich, ${faces} Nummern` : `${faces} Nummern von Gesichtern`;
};

/** @param {Pick<SessionInfo, 'lengthS' | 'durationS' | 'measuredS'>} info @returns {string} */
const lengthIn = ({ lengthS, durationS = lengthS, measuredS = durationS }) =>
  isWhole({ durationS, measuredS }) ? clockTime(durationS) : `${clockTime(durationS)} (${clockTime(measuredS)} gemessen)`;

/** @param {Pick<SessionInfo, 'lengthS' | 'durationS' | 'measuredS' | 'faces' | 'atOnce'>} info @param {'browser' | 'page'} place that keeps it */
export const held = (info, place) =>
  `Messwerte: ${lengthIn(info)}, ${facesOf(info)}. ${place === 'browser' ? 'In diesem Browser, bis Sie sie löschen oder er den Platz braucht.' : 'In dieser Seite, bis Sie sie schließen.'}`;
/** @param {SessionInfo} info */
export const pastSession = (info) => `Frühere Sitzung: ${info.name ? `${info.name}, ` : ''}${dateAndTime(new Date(info.startedMs))} Uhr · Dauer ${factsOf(info)}`;
/** @param {SessionInfo} info of a session that a reload or a crash ended */
export const cutSession = (info) =>
  `Die Sitzung von ${timeOfDay(new Date(info.startedMs))} wurde unterbrochen. Bis dahin ist sie gespeichert: ${lengthIn(info)}, ${facesOf(info)}.`;
export const BACK = { toLive: 'Zurück zu Live', close: 'Schließen' };
export const NEXT_PERSON = 'Der nächste Start fragt wieder nach der Einwilligung.';
export const ASK_FORGET = 'Die Messwerte dieser Sitzung löschen? Sie lassen sich nicht wiederherstellen.';

/** @param {SessionInfo} info @returns {{date: string, facts: string}} */
export const sessionLine = (info) => ({ date: dateAndTime(new Date(info.startedMs)), facts: factsOf(info) });
/** @param {SessionInfo} info @returns {string} */
const factsOf = ({ markers, source, isCut, ...info }) =>
  [lengthIn(info), facesOf(info), markers ? counted(markers, 'Markierung', 'Markierungen') : '', source === 'file' ? 'Videodatei' : '', isCut ? 'ohne Stopp beendet' : '']
    .filter(Boolean)
    .join(', ');
export const RUNNING = 'läuft';
/** In place of sessionLine() where its record cannot be read. */
export const DAMAGED_SESSION = { date: 'Beschädigte Sitzung', facts: 'nicht lesbar' };
export const SESSION_ACTIONS = { open: 'Öffnen', report: 'Bericht', tables: 'Tabellen', jsonl: 'JSONL', remove: 'Sitzung löschen' };
export const SESSIONS_NOTE = `Zahlen früherer Sitzungen, ohne Bilder. Sie liegen nur in diesem Browser, ${KEPT_UNTIL}.`;
export const NO_SESSIONS = 'Es ist keine Sitzung gespeichert.';
export const SESSION_UNREADABLE = 'Diese Sitzung lässt sich nicht lesen.';
/** @param {SessionInfo} info */
export const askDeleteSession = (info) => `Die Sitzung${info.name ? ` „${info.name}“` : ''} vom ${dateAndTime(new Date(info.startedMs))} löschen? Sie lässt sich nicht wiederherstellen.`;
export const ASK_DELETE_DAMAGED = 'Die beschädigte Sitzung löschen? Sie lässt sich nicht wiederherstellen.';
/** @param {number} count */
export const askDeleteSessions = (count) => (count === 1 ? '1 Sitzung löschen? Sie lässt sich nicht wiederherstellen.' : `${count} Sitzungen löschen? Sie lassen sich nicht wiederherstellen.`);

/** @param {import('../panels/marker-panel.js').MarkerKind} kind @param {number} timeS */
export const markerAt = (kind, timeS) => `${{ marker: 'Markierung', 'stimulus-start': 'Reiz beginnt', 'stimulus-end': 'Reiz endet' }[kind]} bei ${clockTime(timeS, 1)}`;
/** @param {import('../panels/marker-panel.js').MarkerKind} kind @param {number} timeS */
export const markerWithoutNote = (kind, timeS) => `${markerAt(kind, timeS)}, ohne Notiz`;
export const NOTE_STAYS = 'Die Notiz bleibt auf dieser Seite: Der Server hat sie nicht erhalten.';

/** Why the browser does not keep sessions and recordings, by the key of a StorageError. @type {Record<string, string>} */
export const STORAGE_TROUBLES = {
  missing: 'Dieses Browserfenster bewahrt nichts für diese Seite auf. Sitzungen und Aufnahmen bleiben im Arbeitsspeicher, bis Sie die Seite schließen; speichern Sie, was Sie brauchen.',
  newer: 'Die Sitzungen in diesem Browser stammen von einer neueren Version dieser Seite, die diese nicht lesen kann. Alles andere funktioniert; was Sie jetzt tun, bleibt im Arbeitsspeicher, bis Sie die Seite schließen.',
  damaged: 'Die Sitzungen in diesem Browser lassen sich weder lesen noch schreiben. Alles andere funktioniert; was Sie jetzt tun, bleibt im Arbeitsspeicher, bis Sie die Seite schließen.',
  full: 'Dieser Browser hat keinen Platz mehr für diese Seite. Die Sitzung geht weiter und bleibt im Arbeitsspeicher, bis Sie die Seite schließen: Speichern Sie sie, oder löschen Sie alte Sitzungen.',
  closed: 'In einem anderen Tab läuft eine neuere Version dieser Seite. Was diese Seite ab jetzt misst, bleibt im Arbeitsspeicher: Speichern Sie es, und laden Sie die Seite dann neu.',
  deleted: 'Die Sitzungen in diesem Browser wurden gelöscht. Was diese Seite ab jetzt misst, bleibt im Arbeitsspeicher: Speichern Sie es, und laden Sie die Seite dann neu.',
};
