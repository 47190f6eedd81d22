/** German: labels, states, figures, and sentences made of measurements. Errors have theirs in de-problems.js. */

import { SINGLE_IMAGES } from './de-problems.js';
import { keepsUp } from '../connection/telemetry.js';
import { clockTime, decimal } from './format.js';

export * from './de-clip.js';
export * from './de-exports.js';
export * from './de-controls.js';
export * from './de-problems.js';
export * from './de-sessions.js';
export * from './de-record.js';
export * from './de-share.js';
export * from './de-values.js';

/** Texts of index.html: for `data-text`, `data-title` (tooltip) and `data-label` (accessible name). @type {Record<string, string>} */
export const TEXT = {
  start: 'Kamera starten',
  startClip: 'Videodatei starten',
  stop: 'Stopp',
  compatibility: 'Kompatibilitätsmodus',
  compatibilityTitle: `Die direkte Videoverbindung funktioniert hier nicht. ${SINGLE_IMAGES}`,
  stageLabel: 'Video',
  fullPage: 'Ganze Seite',
  useClip: 'Videodatei verwenden',
  otherClip: 'Andere Datei wählen',
  noClip: 'Stattdessen die Kamera',
  clipLabel: 'Die Videodatei',
  clipPosition: 'Position in der Datei',
  clipForward: 'Nur vorwärts: Was davor liegt, wurde analysiert oder übersprungen',
  clipPause: 'Datei anhalten',
  clipLoop: 'Schleife',
  clipLoopTitle: 'Die Datei immer wieder abspielen, wie eine Kamera: Bilder können ausfallen',
  settings: 'Einstellungen',
  close: 'Schließen',
  view: 'Ansicht',
  viewWord: 'Großes Wort',
  viewFull: 'Vollbild',
  viewSmall: 'Video in kleinem Fenster',
  leaveWord: 'Großes Wort beenden',
  shortcuts: 'Tastenkürzel',
  shortcutsName: 'Tastenkürzel',
  setupLabel: 'Video',
  cameraLabel: 'Kamera',
  sizeLabel: 'Größe in Pixeln',
  rateLabel: 'Bilder pro Sekunde',
  mirror: 'Eigene Ansicht spiegeln',
  mirrorTitle: 'Zeigt eine Frontkamera wie im Spiegel. Nur die Ansicht wird gespiegelt: Kopfwinkel und alle Zahlen bleiben so, wie die Kamera Sie sieht. Rückkamera und Videodatei werden nie gespiegelt.',
  estimates: 'Schätzungen, oft falsch.',
  whatTheyMean: 'Was sie bedeuten',
  sayNow: 'Vorlesen',
  sayNowTitle: 'Für Screenreader: liest das Wort und seine Wahrscheinlichkeit einmal vor',
  announce: 'Änderungen des Ausdrucks ansagen',
  announceTitle: 'Ein Screenreader liest das Wort vor, wenn es sich ändert, höchstens alle 5 Sekunden und nur ab einer Wahrscheinlichkeit von 60 %',
  meaningTitle: 'Was diese Angaben bedeuten',
  meaningLabels:
    'Ein kleines neuronales Netz vergleicht jedes Gesicht mit sieben Gruppen von Fotos: wütend, angewidert, ängstlich, fröhlich, traurig, überrascht und neutral. Die Prozentzahl sagt, wie sicher das Netz ist, nicht wie stark ein Ausdruck ist. Unter 60 % steht „Vielleicht“ davor. „Richtig bei etwa 90 % ähnlicher Testgesichter“ sagt, wie oft Menschen dasselbe Wort für Testfotos wählten, die für das Netz diesem Gesicht glichen; mit einer Kamera können es weniger sein. „Unklar“ heißt: Zwei Ausdrücke sind etwa gleich wahrscheinlich, oder das Gesicht ist zu klein, zu dunkel, unscharf, verdeckt oder abgewandt.',
  meaningMoment: 'Wort und Balken können der Angabe im Video bis zu einer Viertelsekunde hinterherhinken, damit man sie lesen kann.',
  meaningErrors:
    'Bei Fotos, die Menschen zuvor eingeordnet hatten, stimmt das Netz in etwa 84 von 100 Fällen mit ihnen überein, mit einer Kamera seltener. Ekel und Angst erkennt es in etwa der Hälfte der Fälle. Ein trauriges Gesicht nennt es oft neutral, ein neutrales traurig, ein ängstliches überrascht.',
  meaningLimits:
    'Die Angabe beschreibt, wie ein Gesicht aussieht, aber nicht in einem einzelnen Bild: Die Wahrscheinlichkeiten sind über kurze Zeit gemittelt, meist etwa 0,3 Sekunden, und eine Angabe bleibt, bis eine andere einen Moment lang wahrscheinlicher war, länger, während jemand spricht. Sie zeigt nicht, was ein Mensch fühlt, denkt oder vorhat, und ist keine Diagnose. Treffen Sie danach keine Entscheidung über einen Menschen.',
  valuesLabel: 'Werte der eigenen Auswertung dieses Servers',
  peopleLabel: 'Gesichter im Video; drücken Sie eines, um ihm zu folgen',
  snapshot: 'Standbild',
  record: 'Aufnahme',
  tryNow: 'Jetzt versuchen',
  giveUp: 'Abbrechen',
  consentTitle: 'Bevor Ihr Video gesendet wird',
  consentYes: 'Ich stimme zu',
  consentNo: 'Jetzt nicht',
  consentEach: 'Einwilligung bei jedem Start erfragen',
  consentEachTitle: 'Für einen Computer, den mehrere Menschen nacheinander benutzen',
  nextPerson: 'Nächste Person',
  nextPersonTitle: 'Vergisst, dass jemand zugestimmt hat: Der nächste Start fragt wieder',
  tokenTitle: 'Zugangsschlüssel nötig',
  tokenLabel: 'Schlüssel',
  tokenYes: 'Weiter',
  tokenNo: 'Jetzt nicht',
  sessions: 'Sitzungen',
  openSession: 'Öffnen',
  sessionName: 'Name der Sitzung (optional)',
  keepSessions: 'Sitzungen in diesem Browser aufbewahren',
  deleteAll: 'Alle Sitzungen löschen',
  delete: 'Löschen',
  forget: 'Messwerte löschen',
  marker: 'Markieren',
  markers: 'Markierungen',
  moreMarkers: 'Weitere Markierungen',
  markerList: 'Im Diagramm zeigen',
  stimulusStart: 'Reiz beginnt',
  stimulusEnd: 'Reiz endet',
  markerNote: 'Notiz (optional)',
  markerSave: 'Hinzufügen',
  recordSign: 'Server bewahrt Ergebnisse auf',
  recordSignTitle: 'Server bewahrt Ergebnisse auf: löschen',
  deleteRecord: 'Auf dem Server löschen',
  questionYes: 'Löschen',
  questionNo: 'Abbrechen',
  overlayHeading: 'Einblendungen',
  backgroundLabel: 'Hintergrund',
  layersLabel: 'Im Video einzeichnen',
  layerBox: 'Rahmen',
  layerHulls: 'Umrisse',
  layerPoints: 'Punkte',
  layerLabel: 'Ausdruck',
  layerPose: 'Kopfhaltung',
  layerStats: 'Bildnummer',
  faceHeading: 'Ausdruck',
  faceChoice: 'Gesicht, dem die Anzeige folgt',
  followLargest: 'Dem größten Gesicht folgen',
  linesHint: 'Wahrscheinlichkeit jedes Ausdrucks; drücken Sie einen, um seine Linie im Diagramm zu behalten',
  historyLabel: 'Diagramm über',
  windowLabel: 'Zeitspanne des Diagramms',
  pause: 'Diagramm anhalten',
  pauseTitle: 'Hält nur das Diagramm an; Video und Auswertung laufen weiter',
  lookBack: 'In der Zeit zurückgehen',
  save: 'Speichern',
  saveMeasurements: 'Messwerte speichern',
  saveTables: 'Tabellen und Erklärung (ZIP)',
  saveCsv: 'Nur Tabelle (CSV)',
  germanExcel: 'Tabellen für deutsches Excel',
  saveJsonl: 'Für Programme (JSONL)',
  saveReport: 'Bericht (HTML)',
  compare: 'Vergleichen',
  compareTitle: 'Die Ausdrücke von bis zu vier Gesichtern untereinander zeigen',
  chartView: 'Diagramm',
  linesLabel: 'Linien',
  nameFace: 'Dieses Gesicht benennen',
  faceNameTitle: 'Name eines Gesichts',
  faceName: 'Name (leer: keiner)',
  faceNameYes: 'Speichern',
  faceNameNo: 'Abbrechen',
  neutral: 'Das ist neutral',
  neutralTitle: 'Die letzten zwei Sekunden dieses Gesichts gelten als sein neutrales Gesicht; das Diagramm zeigt dann auch Unterschiede dazu',
  neutralClear: 'Neutrales Gesicht löschen',
  changes: 'Unterschied zu neutral',
  asTable: 'Als Tabelle',
  tableTitle: 'Das Diagramm als Tabelle',
  chartEmpty: 'Das Diagramm erscheint hier, sobald die Auswertung beginnt.',
  qualityHeading: 'Qualität',
  details: 'Einzelheiten',
  stagesLabel: 'Verzögerung nach Schritten',
  share: 'Teilen',
  shareOperator: 'Link mit Zugangsschlüssel erstellen (Betreiber)',
  shareAdmin: 'Admin-Schlüssel',
  shareLifetime: 'Stunden, bis der Link abläuft',
  shareName: 'Name für das Protokoll des Servers (optional)',
  shareCreate: 'Link erstellen',
  shareSend: 'Mit einer App senden',
  shareWhere: 'Adresse für andere Geräte',
  languageLabel: 'Sprache / Language',
};

/** The state of a visit that sends a camera, in words. @type {Record<import('../visit/visit-states.js').VisitState, string>} */
export const STATES = {
  idle: 'Bereit',
  starting: 'Kamera wird geöffnet',
  connecting: 'Verbindet',
  waiting: 'Wartet auf das Video',
  connected: 'Live',
  stalled: 'Es kommt kein Video mehr an',
  paused: 'Kamera pausiert',
  held: 'Kamera pausiert',
  queued: 'Wartet auf den Server',
  interrupted: 'Verbindung unterbrochen',
  reconnecting: 'Verbindet erneut',
  stopped: 'Gestoppt',
  finished: 'Die Datei ist zu Ende',
  failed: 'Nicht verbunden',
  lost: 'Beendet',
};
/** The same for a clip, where it differs. @type {Partial<Record<import('../visit/visit-states.js').VisitState, string>>} */
const CLIP_STATES = { starting: 'Videodatei wird geöffnet', connected: 'Datei wird ausgewertet', paused: 'Datei angehalten', held: 'Datei angehalten' };

/** In place of "Nicht verbunden", by the key of the problem. @type {Record<string, string>} */
const FAILED_STATES = { denied: 'Kamera gesperrt', busy: 'Kamera belegt', noCamera: 'Keine Kamera', offline: 'Offline', badClip: 'Datei nicht lesbar', notVideo: 'Datei nicht lesbar', insecure: 'Hier keine Kamera', noCapture: 'Hier keine Kamera' };

/** @param {import('../visit/visit-states.js').VisitState} state @param {import('../visit/visit-states.js').SourceKind} source @param {string} [problem] key of the error that led to the state @returns {string} */
export const stateName = (state, source, problem = '') => ((state === 'failed' || state === 'idle') && FAILED_STATES[problem]) || (source === 'clip' && CLIP_STATES[state]) || STATES[state];

/** All are adjectives. "Unklar", because "unsicher" would read as an eighth emotion. @type {Record<string, string>} */
export const EMOTION_LABELS = {
  angry: 'Wütend',
  disgust: 'Angewidert',
  fear: 'Ängstlich',
  happy: 'Fröhlich',
  sad: 'Traurig',
  surprise: 'Überrascht',
  neutral: 'Neutral',
  unsure: 'Unklar',
};

/** Why a face has no label. @type {Record<string, string>} */
export const UNSURE_REASONS = {
  close: 'Zwei Ausdrücke sind etwa gleich wahrscheinlich',
  small: 'Das Gesicht ist zu klein: Kommen Sie näher',
  blurred: 'Das Gesicht ist unscharf: Halten Sie still und machen Sie mehr Licht',
  turned: 'Das Gesicht ist abgewandt: Schauen Sie in die Kamera',
  hidden: 'Augen oder Mund sind verdeckt: Machen Sie sie frei',
  dark: 'Das Gesicht ist zu dunkel: Machen Sie Licht',
  misplaced: 'Die Punkte liegen nicht auf dem Gesicht: Schauen Sie in die Kamera',
};

/** @param {string} share @returns {string} how often the word was right for faces like this one */
export const trusted = (share) => `Richtig bei etwa ${share} ähnlicher Testgesichter`;

/** The stages of a frame from the camera to the screen, in order. @type {Record<string, string>} */
export const STAGE_LABELS = {
  camera: 'Kamera',
  network: 'Netz',
  wait: 'Warten',
  detect: 'Gesichter finden',
  landmarks: 'Gesichtspunkte',
  emotion: 'Ausdruck',
  draw: 'Zeichnen',
  encode: 'Kodieren',
  display: 'Anzeige',
};

/** Names of the figures below the video. */
export const FIGURES = {
  'fps-in': 'Gesendet',
  'fps-out': 'Ausgewertet',
  'fps-shown': 'Gezeigt',
  dropped: 'Ausgelassene Bilder',
  'round-trip': 'Paketumlauf',
  loss: 'Verlorene Pakete',
  bitrate: 'Datenrate',
  codec: 'Videoformat',
  delay: 'Kamera bis Bildschirm',
  session: 'Sitzungsnummer',
};

/** @param {string} kept what the server keeps, a sentence @returns {string} what the person agrees to before anything is sent, unless the server's setting `notice` says something else. True whether or not the browser keeps sessions. */
export const noticeWith = (kept, numbers = 'Kopien der Zahlen') =>
  `Ihr Video wird an diesen Server gesendet und dort auf Gesichtsausdrücke ausgewertet. ${kept} ${numbers} bleiben, ohne Bilder, in diesem Browser; unter „Sitzungen“ können Sie sie löschen. ` +
  `Das Video wird nur aufgenommen, wenn Sie „${TEXT.record}“ drücken; endet die Aufnahme, wird sie in Ihren Downloads gespeichert. Wird die Seite vorher geschlossen, bleibt sie in diesem Browser, bis Sie sie speichern oder löschen. ` +
  'Auch andere Personen im Bild werden ausgewertet: Sagen Sie es ihnen.';
export const NOTICE = noticeWith('Der Server speichert weder Bilder noch Ergebnisse.', 'Die Zahlen');
/** @param {number} days 0: without a limit @returns {string} */
export const recordedNotice = (days) =>
  `Dieser Server bewahrt die Ergebnisse dieser Sitzung auf: Emotionen, Gesichtspunkte und Zeiten, nicht das Video, ${days === 0 ? 'ohne zeitliche Grenze' : days === 1 ? 'für 1 Tag' : `für ${days} Tage`}. Wer ihn betreibt, kann sie lesen und löschen.`;

/** Background modes, by their names on the wire ("views"). @type {Record<string, string>} */
export const BACKGROUND_MODES = { picture: 'Video', blur: 'Hintergrund unscharf', landmarks: 'Nur Punkte' };
/** A letter or two for a label where its word has no room. @type {Record<string, string>} */
export const EMOTION_LETTERS = { angry: 'W', disgust: 'A', fear: 'Ä', happy: 'F', sad: 'T', surprise: 'Ü', neutral: 'N', unsure: '?' };
/** Which lines the chart shows. */
export const LINE_CHOICES = { leading: 'Die beiden führenden', all: 'Alle sieben', rate: 'Alle sieben und Bildrate' };
/** Texts at marks that have no text of their own. @type {Record<string, string>} */
export const MARKS = { marker: 'Markierung', 'stimulus-start': 'Beginn', 'stimulus-end': 'Ende' };
/** @param {number} s */
export const smoothedOver = (s) => `Wahrscheinlichkeit, geglättet über ${decimal(s, s < 1 ? 1 : 0)} s`;
/** @param {string} from @param {string} to times since the session's start */
export const timesShown = (from, to) => `${from} bis ${to} der Sitzung`;
/** @param {string} at time since the session's start @param {string | null | undefined} label null: no face */
export const momentTitle = (at, label) => `${at}, ${label ? EMOTION_LABELS[label] : NO_FACE}`;
export const TABLE = {
  time: 'Zeit',
  label: 'Ausdruck',
  /** @param {string} from @param {string} to @param {number} stepS */
  caption: (from, to, stepS) => `Von ${from} bis ${to} der Sitzung, eine Zeile für je ${stepS === 1 ? 'eine Sekunde' : `${stepS} Sekunden`}`,
};
/** The same for all of a session that is over. */
export const WHOLE_SESSION = 'Ganze Sitzung';
/** Lengths of the chart's window by seconds, as they follow "Diagramm über" and "Ausdrücke über". @type {Record<string, string>} */
export const WINDOWS = { 15: '15 Sekunden', 30: '30 Sekunden', 60: '1 Minute', 180: '3 Minuten', 300: '5 Minuten' };
/** In the list, where there is little room. @param {number} seconds */
export const windowName = (seconds) => (seconds < 60 ? `${seconds} s` : `${seconds / 60} min`);

export const CAMERAS = { front: 'Frontkamera', rear: 'Rückkamera' };
export const PAUSED = { pause: 'Diagramm anhalten', resume: 'Diagramm fortsetzen' };
/** @param {string} name */
export const clipName = (name) => `Datei: ${name}`;
/** @param {number} width @param {number} height @param {number} fps */
export const setupSummary = (width, height, fps) => `${width} × ${height}, ${fps} pro Sekunde`;
export const SNAPSHOT_SAVED = 'Das Standbild wurde gespeichert.';
export const NOT_SAVED = 'Der Browser konnte die Datei nicht speichern.';
/** @param {number} s */
export const nextTry = (s) => `Nächster Versuch in ${s} s`;
export const TRYING = 'Neuer Versuch läuft';
/** Where a connection does not continue the session before it. */
export const FACES_ANEW = 'Der Server kennt diese Sitzung nicht, daher haben Gesichter neue Nummern.';
/** @param {string} gapS seconds without video; empty: not known */
const movedSentence = (gapS) => `Auf einen anderen Server gewechselt${gapS && `, ${gapS === '0.0' ? 'weniger als 0,1' : decimal(Number(gapS), 1)} s ohne Video`}`;
/** @type {Record<string, (detail: string, nameOf: (id: number) => string) => string>} */
const EVENTS = {
  began: () => 'Gestartet',
  stopped: () => 'Gestoppt',
  finished: () => 'Die Datei ist zu Ende',
  failed: (problem) => `Nicht gestartet: ${problem}`,
  ended: (problem) => `Beendet: ${problem}`,
  lost: (problem) => `Verbindung verloren: ${problem}`,
  fellBack: (reason) => `Kompatibilitätsmodus: ${reason}`,
  back: () => 'Die Verbindung ist wieder da',
  backAnew: () => `Die Verbindung ist wieder da. ${FACES_ANEW}`,
  moved: (gapS) => movedSentence(gapS),
  movedAnew: (gapS) => `${movedSentence(gapS)}. ${FACES_ANEW}`,
  paused: () => 'Die Kamera pausiert',
  resumed: () => 'Die Kamera sendet wieder',
  queued: (detail) => `Wartet: ${detail}`,
  'extra-fault': () => 'Die eigene Auswertung des Servers (sein Plug-in) ist zum ersten Mal fehlgeschlagen; Werte von ihr fehlen',
  neutral: (detail, nameOf) => `Neutrales Gesicht von ${nameOf(Number(detail.split(' ')[0]))}`,
  'neutral-cleared': (id, nameOf) => `${nameOf(Number(id))} hat kein neutrales Gesicht mehr`,
  cut: () => 'Ohne Stopp beendet: geschlossen, neu geladen oder abgestürzt',
  connection: (number) => `Erstes Bild der Verbindung ${number}`,
  'recording-start': (part) => `Aufnahme beginnt, Teil ${part}`,
  'recording-end': (part) => `Aufnahme endet, Teil ${part}`,
  appeared: (id, nameOf) => `${nameOf(Number(id))} ist erschienen`,
  left: (id, nameOf) => `${nameOf(Number(id))} ist verschwunden`,
  marker: (note) => (note ? `Markierung: ${note}` : 'Markierung'),
  'stimulus-start': (note) => (note ? `Reiz beginnt: ${note}` : 'Reiz beginnt'),
  'stimulus-end': (note) => (note ? `Reiz endet: ${note}` : 'Reiz endet'),
  changed: (detail, nameOf) => {
    const [id, label] = detail.split(' ');
    return `${nameOf(Number(id))}: ${EMOTION_LABELS[label] ?? label}`;
  },
};

/** @param {import('../session/session-log.js').SessionEvent} event @param {(id: number) => string} [nameOf] a face */
export const eventSentence = ({ kind, detail }, nameOf = faceName) => EVENTS[kind]?.(detail, nameOf) ?? kind;

export const FPS_LABEL = 'Bildrate';
export const NOTHING = '–';
export const NO_FACE = 'Kein Gesicht';
/** In the chart's table: the server reported nothing. */
export const NOT_MEASURED = 'Nicht gemessen';
/** Below the label in `<facestream-view>`. */
export const ESTIMATE = 'Schätzung, oft falsch';
export const NO_FACE_REASON = 'Im Bild ist kein Gesicht';
export const NOT_RUNNING = 'Die Auswertung läuft nicht';
/** In place of a reason, where the numbers are of a session that is over. @param {string} at time since its start */
export const momentShown = (at) => `Stand ${at} der Sitzung, Mittelwert über eine Sekunde`;
/** @param {string} at */
export const nothingAt = (at) => `Keine Messwerte bei ${at} der Sitzung`;
export const NO_CONNECTION = 'Keine Auswertung, bis die Verbindung wieder da ist';
export const NO_FRAMES = 'Keine Auswertung, bis die Kamera wieder sendet';
export const NOT_ANALYSED = 'Nicht ausgewertet';
/** Why a frame was not analysed, by the reason in the telemetry. The server sends the frame back in any case. @type {Record<string, string>} */
export const NOT_ANALYSED_REASONS = {
  off: 'Auf diesem Server ist die Auswertung abgeschaltet',
  unavailable: 'Der Server kann im Moment keine Bilder auswerten',
  fault: 'Der Server kann dieses Video nicht auswerten',
};
export const CHART_MISSING = 'Das Diagramm konnte nicht geladen werden. Alles andere funktioniert. Informieren Sie den Betreiber dieses Servers.';

/** @param {number} s */
export const secondsAgo = (s) => (s === 0 ? 'jetzt' : s > -120 ? `${Math.round(-s)} s` : clockTime(-s));
/** @param {number | string} id */
export const faceName = (id) => `Gesicht ${id}`;
export const LARGEST_FACE = 'Größtes Gesicht';
/** @param {string} name */
export const faceAway = (name) => `${name} ist nicht im Video`;
export const FACE_AWAY_REASON = 'Ein Gesicht, das erst nach mehr als einem Augenblick zurückkehrt, bekommt eine neue Nummer';
/** In the list of faces. @param {string} name */
export const faceNameAway = (name) => `${name} (nicht im Video)`;
export const NOT_IN_VIDEO = 'Nicht im Video';
/** Tooltip of a face in the strip. */
export const FOLLOW_FACE = 'Diesem Gesicht folgen; noch einmal drücken: dem größten';
/** What a screen reader says on request. @param {string} who @param {string} word @param {string} share @param {string} reason */
export const spokenFace = (who, word, share, reason) => [[who, [word, share].filter(Boolean).join(' ')].filter(Boolean).join(': '), reason].filter(Boolean).join('. ');
/** @param {string} label whose probability is low */
export const perhaps = (label) => `Vielleicht ${EMOTION_LABELS[label].toLowerCase()}`;

/** What the analysis leaves out at each degradation level; each level includes those before it. */
const DEGRADATION = ['', 'sucht seltener nach neuen Gesichtern', 'bestimmt Ausdrücke seltener', 'folgt höchstens zwei Gesichtern'];

/**
 * @param {import('../connection/telemetry.js').Telemetry} telemetry
 * @returns {string} what the server does when it cannot keep up; empty: it keeps up
 */
export function busySentence(telemetry) {
  const { fpsIn, fpsOut, degradationLevel, notFollowed } = telemetry;
  // Two people do not need to read how many faces are followed.
  const behind = !keepsUp(telemetry);
  if (!behind && !degradationLevel) return '';
  const share = behind ? `wertet ${decimal(fpsOut)} von ${decimal(fpsIn)} Bildern pro Sekunde aus` : '';
  return `Der Server ist ausgelastet: Er ${[share, DEGRADATION[notFollowed ? degradationLevel : Math.min(degradationLevel, 2)]].filter(Boolean).join(' und ')}.`;
}

/** @type {Record<string, string>} */
const GAZE = { left: 'Augen nach links', right: 'Augen nach rechts', up: 'Augen nach oben', down: 'Augen nach unten' };

/**
 * @param {import('../connection/telemetry.js').Face} face
 * @param {'mirrored' | 'as it is'} [view] how the video is shown
 * @returns {string} where the face looks, and what its eyes and mouth do; empty: the server sends no pose
 */
export function describePose({ pose_deg: pose, mouth = 0, blinks = 0, eyes_closed_s: closedS = 0, yawns = 0, gaze = '' }, view = 'as it is') {
  if (!pose) return '';
  const [yaw, pitch] = pose;
  // Yaw counts in the frame as it was sent; the server may mirror what it sends back.
  const side = yaw > 0 === (view === 'as it is') ? 'rechten' : 'linken';
  const looked = gaze === 'left' || gaze === 'right' ? ((gaze === 'right') === (view === 'as it is') ? 'right' : 'left') : gaze;
  const turned = Math.abs(yaw) > 15 ? `Kopf zum ${side} Bildrand gedreht` : '';
  const nodded = Math.abs(pitch) > 15 ? `Blick nach ${pitch > 0 ? 'oben' : 'unten'}` : '';
  const words = [
    [turned, nodded].filter(Boolean).join(', ') || 'Zur Kamera gewandt',
    closedS > 0 ? `Augen seit ${decimal(closedS, 0)} s geschlossen` : '',
    GAZE[looked] ?? '',
    mouth > 0.3 ? 'Mund offen' : '',
    blinks > 0 ? `${blinks === 1 ? 'einmal' : `${blinks}-mal`} geblinzelt` : '',
    yawns > 0 ? `${yawns === 1 ? 'einmal' : `${yawns}-mal`} gegähnt` : '',
  ];
  return words.filter(Boolean).join(', ');
}

/** @param {string} window @param {string} verdict @param {number} fps @returns {string} the chart in one sentence */
export const chartSummary = (window, verdict, fps) =>
  `Ausdrücke über ${window} mit ihren Wahrscheinlichkeiten. Jetzt: ${verdict}, ${decimal(fps)} Bilder pro Sekunde.`;

/** Why the language cannot be changed. */
export const LANGUAGE_WAITS = 'Die Sprache lässt sich ändern, wenn das Video gestoppt ist: Die Seite wird dazu neu geladen.';
/** The same for a chart that does not follow the video. @param {string} from @param {string} to times since the session's start */
export const chartSummaryBetween = (from, to) => `Ausdrücke von ${from} bis ${to} der Sitzung und ihre Wahrscheinlichkeiten.`;
