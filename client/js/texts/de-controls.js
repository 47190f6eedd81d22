/** German: the quality of the analysis, keyboard shortcuts, presentation. */

import { decimal } from './format.js';

/** Each finding in one sentence: what is wrong, and what helps. @type {Record<string, string>} */
const QUALITY = {
  good: 'Gut',
  unanalysed: 'Das Video wird nicht ausgewertet',
  noFace: 'Kein Gesicht: Schauen Sie in die Kamera',
  dark: 'Zu dunkel: Machen Sie Licht',
  backlit: 'Gegenlicht: Drehen Sie sich zum Licht',
  cut: 'Teilweise außerhalb des Videos: Rücken Sie in die Mitte',
  far: 'Gesicht zu klein: Kommen Sie näher',
  blurred: 'Unscharf: Halten Sie still und machen Sie mehr Licht',
  turned: 'Gesicht abgewandt: Schauen Sie in die Kamera',
  hidden: 'Augen oder Mund verdeckt: Machen Sie sie frei',
  misplaced: 'Punkte nicht auf dem Gesicht: Schauen Sie in die Kamera',
  loss: 'Schwache Verbindung: Teile des Videos gehen verloren',
  few: 'Server ausgelastet: Nur die zwei größten Gesichter werden ausgewertet',
  late: 'Langsame Verbindung: Das Video kommt spät an',
};
const ORDINALS = ['', '', 'zweite', 'dritte', 'vierte', 'fünfte', 'sechste'];

/** @param {string} key of a finding; empty: none yet @param {number} every so many frames one is analysed */
export function qualitySentence(key, every) {
  if (key === 'busy') return every < 2 ? 'Server ausgelastet: Nicht jedes Bild wird ausgewertet' : `Server ausgelastet: ${every in ORDINALS ? `Jedes ${ORDINALS[every]} Bild` : `Eines von ${every} Bildern`} wird ausgewertet`;
  return QUALITY[key] ?? 'Qualität';
}

/** @param {number} rate @returns {string} a rate of frames, where there is room for words */
export const eachSecond = (rate) => `${decimal(rate, 1)} pro Sekunde`;

/** What the shortcuts do, in the order of the list. @type {Record<string, string>} */
export const SHORTCUTS = {
  startStop: 'Starten oder stoppen; eine Datei anhalten oder fortsetzen',
  record: 'Aufnehmen oder Aufnahme beenden',
  snapshot: 'Standbild',
  marker: 'Das Bild im Video markieren, auch wenn das Diagramm angehalten ist',
  neutral: 'Dieses Gesicht ist jetzt neutral: Unterschiede dazu zeigen',
  word: 'Großes Wort ein oder aus',
  fullScreen: 'Vollbild ein oder aus',
  help: 'Diese Liste zeigen',
};
export const NO_FULL_SCREEN = 'Dieser Browser hat das Vollbild nicht erlaubt.';
export const NO_SMALL_WINDOW = 'Das kleine Fenster braucht ein Video. Starten Sie zuerst die Kamera.';
/** Keys whose sign is not their name. @type {Record<string, string>} */
export const KEY_NAMES = { ' ': 'Leertaste' };
/** @param {string} name of a button @param {string} key @returns {string} its tooltip */
export const withKey = (name, key) => `${name} (Taste: ${key})`;
