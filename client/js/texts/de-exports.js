/** German: texts of the files that a person saves. The names of columns and labels in them are the same in every language. */

import { decimal } from './format.js';

/** Texts of the HTML report. */
export const REPORT = {
  title: 'Gesichtsausdrücke',
  cautionShort: 'Schätzungen, oft falsch. Siehe „Grenzen“ unten.',
  summary: 'Zusammenfassung',
  length: 'Dauer',
  measured: 'Gemessen',
  /** @param {string} measured @param {string} length */
  measuredOf: (measured, length) => `${measured} von ${length}`,
  unmeasured: 'nicht gemessen',
  striped: 'Gestreift: Es wurde nichts gemessen, zum Beispiel weil es keine Verbindung gab.',
  frames: 'Bilder',
  rate: 'Bildrate',
  dropped: 'Ausgelassen',
  analysed: 'Ausgewertet',
  /** @param {string} analysed @param {string} all @param {string} reduced share of the analysed ones; empty: none */
  analysedOf: (analysed, all, reduced) => `${analysed} von ${all} Bildern${reduced && `, davon ${reduced} vereinfacht`}`,
  source: 'Quelle',
  fromCamera: 'Kamera',
  fromFile: 'Videodatei',
  fromLoop: 'Videodatei, in Schleife abgespielt',
  fileSize: 'Größe der Datei in Pixeln',
  sentSize: 'Größe der gesendeten Bilder',
  /** @param {string} size */
  upTo: (size) => `höchstens ${size}`,
  /** @param {string} setting its name */
  asRequested: (setting) => `${setting} (angefordert)`,
  faces: 'Gesichter',
  markers: 'Markierungen',
  markerTimes: 'Ein Reiz hat die Zeit, zu der gedrückt wurde. Eine Markierung hat die des Bildes, das zu sehen war, oder die des Drückens, wenn das Video stand; bei einer Datei, die einmal ausgewertet wird, haben beide die Zeit in der Datei.',
  noFaces: 'Es wurde kein Gesicht gefunden.',
  legend: 'Legende',
  events: 'Ereignisse',
  noEvents: 'Keine.',
  settings: 'Einstellungen',
  models: 'Modelle',
  version: 'Version des Servers',
  chart: 'Wahrscheinlichkeiten der sieben Ausdrücke im Lauf der Zeit. Die beiden mit den höchsten Mittelwerten sind fett. Eine Lücke: Dieses Gesicht wurde nicht gefunden.',
  ribbon: 'Der häufigste Ausdruck jedes Moments',
  expression: 'Ausdruck',
  /** After the share of a label, in the summary. */
  ofTime: 'der Zeit',
  /** @param {string} mean probability of that label over all frames with the face */
  onAverage: (mean) => `Wahrscheinlichkeit im Mittel ${mean}`,
  share: 'Anteil der Bilder',
  mean: 'Mittlere Wahrscheinlichkeit',
  /** @param {string} seen @param {string} length */
  seenFor: (seen, length) => `${seen} von ${length} zu sehen`,
  /** @param {string} first @param {string} last @param {string} frames */
  seen: (first, last, frames) => `Zwischen ${first} und ${last} zu sehen, in ${frames} Bildern`,
  /** @param {number} id */
  numbersOf: (id) => `Alle Zahlen zu Gesicht ${id}`,
  /** @param {number} count @param {string} longest */
  othersSeen: (count, longest) =>
    count === 1 ? `Ein weiteres Gesicht war ${longest} zu sehen.` : `${decimal(count)} weitere Gesichter waren zu sehen, jedes höchstens ${longest}.`,
  /** @param {number} count */
  otherFaces: (count) => (count === 1 ? 'Ein weiteres Gesicht' : `${decimal(count)} weitere Gesichter`),
  /** @param {number} count */
  faceEvents: (count) => `Gesichter, die erschienen sind, sich verändert haben oder verschwunden sind (${decimal(count)})`,
  /** @param {string} time */
  thinned: (time) => `Für die Zeit vor ${time} wurden nur die Mittelwerte jeder Sekunde aufbewahrt, danach jedes Bild.`,
  /** @param {number} count */
  leftOut: (count) =>
    count === 1 ? 'Ein Ereignis eines Gesichts ist nicht aufgeführt, weil es zu viele waren.' : `${decimal(count)} Ereignisse von Gesichtern sind nicht aufgeführt, weil es zu viele waren.`,
  agreement: 'Text der Zustimmung',
  /** @param {string} at */
  agreedAt: (at) => `Zugestimmt am ${at}.`,
  /** @param {string} at */
  agreedEarlier: (at) => `Zugestimmt am ${at}, vor einer früheren Sitzung dieses Besuchs; vielleicht von einer anderen Person.`,
  agreedBefore: 'Früher im selben Besuch zugestimmt; die Seite hat den Zeitpunkt nicht aufbewahrt.',
  caution: 'Grenzen',
  cautionText:
    'Jede Angabe ist die Vermutung eines kleinen neuronalen Netzes über den Ausdruck, und sie ist oft falsch. Sie gilt nicht für ein einzelnes Bild: Die Wahrscheinlichkeiten sind über kurze Zeit gemittelt, meist etwa 0,3 Sekunden, und eine Angabe bleibt, bis eine andere einen Moment lang wahrscheinlicher war, länger, während jemand spricht. Sie zeigt nicht, was ein Mensch fühlt. Treffen Sie danach keine Entscheidung über einen Menschen.',
};

/** What each column of the tables means, by its name. @type {Record<string, string>} */
export const COLUMN_MEANINGS = {
  time_s:
    'Zeit seit Beginn der Sitzung. Bei einem Bild: seine Zeit nach pts_s, anhand der bisher schnellsten Nachricht auf die Uhr der Seite übertragen. In einer Zeile mit Mittelwerten: der Beginn ihrer Sekunde. Bei einer Markierung oder einer Aufnahme: die Zeit des Bildes, das zu sehen war, oder pressed_s, wenn keines zu sehen war (keine Verbindung, pausierte Kamera, oder ein Video, das eine Sekunde lang stand). Bei einem Reiz: pressed_s. Bei einer Datei, die einmal ausgewertet wird: die Zeit in der Datei',
  clock: 'Derselbe Moment wie time_s, nach der Uhr des Computers, auf dem die Seite lief (ISO 8601). Leer bei einer Datei, die einmal ausgewertet wird: Ihre Zeiten sind die in der Datei, die nicht in diesem Tempo ausgewertet wurde',
  row: 'frame: Die Zeile gilt für ein einzelnes Bild. mean: Von dieser Zeit wurden nur die Mittelwerte jeder Sekunde aufbewahrt, und die Zeile gilt für alle Bilder einer Sekunde, in denen das Gesicht gefunden wurde oder in denen kein Gesicht war',
  frames: 'Bilder, für die die Zeile gilt; 1 in der Zeile eines einzelnen Bildes. Zählen Sie diese zusammen statt der Zeilen, und gewichten Sie die Mittelwerte der Zeilen damit',
  connection: 'Nummer der Verbindung in der Sitzung, ab 1; auf eine verlorene Verbindung folgt eine weitere. In einer Zeile mit Mittelwerten: die letzte ihrer Sekunde. Leer: nicht bekannt, in einer Sitzung einer früheren Version',
  seq: 'Nummer des Bildes; eine weitere Verbindung zählt womöglich wieder ab 0. In einer Zeile mit Mittelwerten: das erste ihrer Sekunde. Bei einer Markierung, einem Reiz oder einer Aufnahme: das Bild, das zu sehen war; leer: keines',
  pts_s: 'Wann das Bild aufgenommen wurde, in Sekunden seit dem ersten Bild seiner Verbindung. Nur innerhalb einer Verbindung vergleichbar',
  fps_in: 'Bilder pro Sekunde, die der Server empfängt',
  fps_out: 'Bilder pro Sekunde, die der Server auswertet',
  dropped: 'Bilder, die der Server seit Beginn der Verbindung ausgelassen hat. Eine Verbindung, die eine verlorene fortsetzt, zählt weiter, wie seq auch, während ihr pts_s wieder bei 0 beginnt',
  analysed: 'Ob das Bild ausgewertet wurde; wenn nicht, ist über Gesichter nichts bekannt. In einer Zeile mit Mittelwerten eines Gesichts: true',
  'economy': 'Was der Server auslässt, um mitzuhalten: 0 nichts, 1 sucht seltener nach neuen Gesichtern, 2 bestimmt auch Ausdrücke seltener, 3 folgt auch nur den zwei größten Gesichtern',
  face: 'Nummer des Gesichts, in der Sitzung eindeutig; ein Mensch kann nacheinander mehrere Nummern haben. Leer: kein Gesicht gefunden',
  name: 'Name, den eine Person für dieses Gesicht eingegeben hat; leer: keiner. Ein Apostroph vor einem Namen, der mit =, +, - oder @ beginnt, ist hinzugefügt, damit eine Tabellenkalkulation ihn nicht berechnet',
  left: 'Linker Rand des Rahmens um das Gesicht. Alle vier Zahlen des Rahmens gelten in Pixeln des Bildes, wie es der Server empfangen hat. Ein Browser kann von einer Kamera zeitweise kleinere Bilder senden; die Größe jedes Bildes ist nicht bekannt. Die der Bilder einer Datei steht im Bericht',
  top: 'Oberer Rand des Rahmens um das Gesicht',
  width: 'Breite des Rahmens um das Gesicht',
  height: 'Höhe des Rahmens um das Gesicht',
  label: 'Der geschätzte Ausdruck, oder „unsure“ (unklar). In einer Zeile mit Mittelwerten: der häufigste; Anteile müssen aus den Spalten frames_... berechnet werden, nicht aus dieser',
  unsure: 'Warum der Ausdruck „unsure“ ist: close (zwei Ausdrücke sind etwa gleich wahrscheinlich), small (zu klein), blurred (unscharf), turned (abgewandt), hidden (Augen oder Mund verdeckt), dark (zu dunkel), misplaced (die Punkte liegen nicht auf dem Gesicht)',
  yaw_deg: 'Wie weit der Kopf gedreht ist; positiv: zum rechten Rand des Bildes',
  pitch_deg: 'Wie weit der Kopf nach oben (positiv) oder unten blickt',
  roll_deg: 'Wie weit der Kopf geneigt ist; positiv: im Bild im Uhrzeigersinn',
  eyes: 'Wie weit die Augen offen sind: etwa 0,3 offen, unter 0,2 geschlossen',
  mouth: 'Wie weit der Mund offen ist: 0 geschlossen, über 0,3 offen',
  blinks: 'Wie oft geblinzelt wurde, seit das Gesicht zuerst zu sehen war',
  valence: 'Unangenehm (-1) bis angenehm (1). Aus den sieben Wahrscheinlichkeiten abgeleitet: der Mittelwert der Orte, die Russell und Mehrabian (1977) für die sieben Wörter fanden; nicht selbst gemessen',
  arousal: 'Ruhig (-1) bis erregt (1), abgeleitet wie valence',
  smile: 'Aus der Geometrie, verglichen mit demselben Gesicht in Ruhe: 0 in Ruhe, 1 ein breites Lächeln, unter 0 ein schmaler Mund oder gesenkte Mundwinkel. Leer: nicht bekannt, etwa in der ersten halben Sekunde oder bei gedrehtem Kopf',
  brows: 'Aus der Geometrie, verglichen mit demselben Gesicht in Ruhe: 0 in Ruhe, 1 gehoben, unter 0 gesenkt. Leer: nicht bekannt, wie bei smile',
  eyes_closed_s: 'Wie lange die Augen schon geschlossen sind; 0: offen, oder nicht länger als ein Lidschlag geschlossen. Ein Blick nach unten zählt als geschlossen. In einer Zeile mit Mittelwerten am Ende der Sekunde',
  eye_closures: 'Wie oft die Augen länger als einen Lidschlag geschlossen waren, seit das Gesicht zuerst zu sehen war',
  yawns: 'Wie oft gegähnt wurde, seit das Gesicht zuerst zu sehen war',
  gaze: 'Wohin das Gesicht grob blickt, Kopf und Augen zusammen: camera (zur Kamera), left, right (im Bild), up, down; verglichen mit der üblichen Blickrichtung. Leer: nicht bekannt, etwa bei geschlossenen Augen oder gedrehtem Kopf. In einer Zeile mit Mittelwerten am Ende der Sekunde',
  trust: 'Wie wahrscheinlich es ist, dass die meisten Menschen den wahrscheinlichsten Ausdruck wählen würden, 0 bis 1; leer: Der Server sagte es nicht',
  event: 'Was geschehen ist. marker, stimulus-start, stimulus-end: von einem Menschen notiert. began: Start wurde gedrückt; bei einer Datei, die einmal ausgewertet wird, immer bei 0. recording-start, recording-end: ein Teil einer Aufnahme, dessen Nummer in detail steht. connection: das erste Bild einer Verbindung, deren Nummer in detail steht. cut: Die Sitzung endete ohne Stopp',
  detail:
    'Näheres zum Ereignis: ein eigener Text, Nummer und Ausdruck eines Gesichts, ein Grund. Ein Apostroph vor einem Text, der mit =, +, - oder @ beginnt, wurde hinzugefügt, damit ihn eine Tabellenkalkulation nicht berechnet; in JSONL steht der Text ohne ihn',
  pressed_s: 'Bei einer Markierung, einem Reiz oder einer Aufnahme: wann die Taste oder der Knopf gedrückt wurde, in Sekunden seit Beginn der Sitzung, oder wann die Aufnahme begann oder endete. time_s einer Markierung oder einer Aufnahme ist früher, denn es ist die Zeit des Bildes, das der Mensch dabei sah. Leer: andere Ereignisse, und bei einer Datei, die einmal ausgewertet wird',
  pressed_clock: 'Derselbe Moment wie pressed_s, nach der Uhr des Computers, auf dem die Seite lief (ISO 8601)',
};
/** @param {string} label */
export const countMeaning = (label) =>
  `Bilder der Zeile, deren Ausdruck „${label}“ ist. Anteil dieses Ausdrucks: die Summe dieser Spalte geteilt durch die Summe von „frames“, über die Zeilen eines Gesichts`;
/** @param {string} label */
export const probabilityMeaning = (label) => `Geschätzte Wahrscheinlichkeit des Ausdrucks „${label}“, 0 bis 1`;
/** @param {string} stage */
export const stageMeaning = (stage) => `Dauer des Schritts „${stage}“ auf dem Server`;
