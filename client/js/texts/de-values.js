/** German: the values of the server's own plug-in, and the differences to a neutral face. */

import { EMOTION_LABELS } from './de.js';
import { decimal } from './format.js';

export const VALUES = {
  fault: 'Die eigene Auswertung dieses Servers (ein Plug-in) ist fehlgeschlagen: In manchen Bildern fehlen ihre Werte. Alles andere ist vollständig.',
  title: 'Werte der eigenen Auswertung dieses Servers',
  caption: 'Sie stammen von einem Plug-in dieses Servers. Die Linie ist der Mittelwert im Lauf der Zeit, zwischen ihrem eigenen kleinsten und größten Mittelwert; true zählt als 1, false als 0.',
  name: 'Wert',
  mean: 'Mittelwert',
  least: 'Kleinster',
  most: 'Größter',
  course: 'Verlauf',
  /** @param {number} count */
  leftOut: (count) => (count === 1 ? 'Ein weiterer Wert ist nicht aufbewahrt, weil es zu viele Namen waren.' : `${decimal(count)} weitere Werte sind nicht aufbewahrt, weil es zu viele Namen waren.`),
  /** @param {string} time */
  textsFrom: (time) => `Texte und Listen unter den Werten sind ab ${time} aufbewahrt; davor waren es zu viele.`,
};
/** @param {string} name */
export const extraMeaning = (name) =>
  `Der Wert „${name}“ des eigenen Plug-ins dieses Servers, gleich in allen Zeilen eines Bildes: eine Zahl, true, false, ein Text oder JSON; leer: keiner. In einer Zeile mit Mittelwerten der Mittelwert von Zahlen, sonst der häufigste Wert. Ein Apostroph vor einem Text, der mit =, +, - oder @ beginnt, ist hinzugefügt, damit eine Tabellenkalkulation ihn nicht berechnet`;

export const NEUTRAL = {
  notRunning: 'Ein neutrales Gesicht lässt sich festlegen, während das Video analysiert wird. Starten Sie zuerst die Kamera oder wählen Sie eine Datei.',
  noFace: 'Es gibt kein Gesicht, das neutral sein könnte. Schauen Sie zwei Sekunden lang neutral in die Kamera und drücken Sie dann noch einmal.',
  /** @param {string} name of the face */
  notMeasured: (name) => `${name} war keine Sekunde lang gemessen oder war unsicher. Schauen Sie zwei Sekunden lang ruhig und neutral in die Kamera und drücken Sie dann noch einmal.`,
  /** @param {string} name */
  set: (name) => `${name}: Die letzten zwei Sekunden gelten ab jetzt als neutral. Unterschiede dazu stehen neben den Wahrscheinlichkeiten.`,
  /** @param {string} name */
  cleared: (name) => `${name} hat kein neutrales Gesicht mehr.`,
  changeTitle: 'Unterschied zum neutralen Gesicht, in Prozentpunkten',
  /** In the report. @param {string} at time @param {string} values */
  inReport: (at, values) => `Neutrales Gesicht festgelegt bei ${at}: ${values}.`,
};
/** @param {string} emotion */
export const changeName = (emotion) => `${EMOTION_LABELS[emotion]}: Änderung in Punkten`;
/** Of a face that is compared, in the time on show. */
export const NO_NEUTRAL = 'kein neutrales Gesicht in dieser Zeit';
/** @param {string} label */
export const changeMeaning = (label) =>
  `Wahrscheinlichkeit des Ausdrucks „${label}“ minus ihr Mittelwert, als das Gesicht neutral war, -1 bis 1. Dafür hat die Person eine Taste gedrückt: Das Ereignis neutral hat den Mittelwert der zwei Sekunden davor. Leer: davor, ohne das und nach dem Ereignis neutral-cleared. In einer Zeile mit Mittelwerten gilt, was am Anfang ihrer Sekunde galt`;

export const FACE_NAME = {
  /** @param {string} face its number in words */
  of: (face) => `Der Name wird statt „${face}“ gezeigt. Er bleibt bei den Zahlen dieser Sitzung und wird mit ihnen gelöscht.`,
  recorded: 'Dieser Server bewahrt die Sitzung auf und bekommt auch den Namen.',
  noFace: 'Gerade gibt es kein Gesicht, das einen Namen bekommen könnte.',
  notKept: 'Der Browser konnte den Namen nicht aufbewahren.',
};
