/** German: a video file that is analysed once. */

import { clockTime, decimal } from './format.js';

export const CLIP_PAUSE = { pause: 'Datei anhalten', resume: 'Datei fortsetzen' };
/** @param {number} timeS @param {number} durationS 0: not known */
export const clipTime = (timeS, durationS) => (durationS ? `${clockTime(timeS)} von ${clockTime(durationS)}` : clockTime(timeS));
/** @param {number} frames */
export const clipCount = (frames) => `${decimal(frames)} ${frames === 1 ? 'Bild' : 'Bilder'} ausgewertet`;

/**
 * @param {{read: number, analysed: number, missed: number, blank: number}} counts
 * @param {number} skippedS seconds that were skipped on the person's wish
 * @param {boolean} [inSteps] whether the browser does not tell its frames apart
 * @returns {string} what was analysed of a file that has ended
 */
export function clipResult({ read, analysed, missed, blank }, skippedS, inSteps = false) {
  const share = `${decimal(analysed)} von ${decimal(read)} ${inSteps ? 'Zeitpunkten, 30 in jeder Sekunde, weil dieser Browser einzelne Bilder nicht unterscheidet' : read === 1 ? 'Bild' : 'Bildern'}`;
  const lack = `${missed ? ` Der Server hat ${decimal(missed)} nicht ausgewertet.` : ''}${blank ? ` Für ${decimal(blank)} hat dieser Browser kein Bild geliefert.` : ''}`;
  if (skippedS > 0) return `Die Datei wurde ausgewertet, bis auf ${decimal(skippedS, 1)} s, die Sie übersprungen haben: ${share}.${lack}`;
  return lack ? `Die Datei wurde bis zum Ende gelesen, ausgewertet wurden ${share}.${lack}` : `Die ganze Datei wurde ausgewertet: ${share}.`;
}
export const CLIP_ONLY_LOOPS =
  'Die Datei läuft in einer Schleife, wie eine Kamera, und Bilder können ausfallen: Dieser Server nimmt keine einzelnen Bilder an (sein Kompatibilitätsmodus ist aus).';
export const CLIP_HELD = 'Keine Auswertung, bis die Datei weiterläuft';
