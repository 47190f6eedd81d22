/** German: the values of the server's own plug-in. */

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
