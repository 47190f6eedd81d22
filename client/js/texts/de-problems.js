/** German: the texts of errors, ended sessions and states: what happened, and what to do. They are shown in place of the video. */

import { State } from '../visit/visit-states.js';
import { sentence } from './format.js';

/** @typedef {import('./en-problems.js').Words} Words */

/** What the compatibility mode means, after the reason for it. */
export const SINGLE_IMAGES = 'Die Seite sendet deshalb Einzelbilder. Das Video kommt vielleicht später und weniger flüssig; die Auswertung ist dieselbe.';

/** Why the page asks for a token before its first try. */
export const TOKEN_WANTED = 'Geben Sie den Zugangsschlüssel ein, den Sie vom Betreiber dieses Servers erhalten haben, oder öffnen Sie den Link, der ihn enthält.';

const AFTER_STOP = 'Es wird nichts mehr gesendet. Der Server hat nichts gespeichert.';
const DELETED_AFTER_STOP = 'Es wird nichts mehr gesendet. Der Server hat gelöscht, was er von dieser Sitzung aufbewahrt hat.';
const RECORDED_AFTER_STOP = 'Es wird nichts mehr gesendet. Der Server bewahrt die Ergebnisse dieser Sitzung auf, nicht das Video.';
/** What has become of the measurements, after AFTER_STOP. @type {Record<import('./problems.js').Measurements, string>} */
export const MEASUREMENTS = {
  listed: 'Die Messwerte finden Sie unter „Sitzungen“.',
  elsewhere: 'Die Messwerte finden Sie auf der ganzen Seite unter „Sitzungen“.',
  deleted: 'Die Messwerte sind gelöscht.',
  unsaid: '',
};
const GO_ON = 'Das Diagramm läuft weiter, sobald die Verbindung wieder da ist; wurde der Server neu gestartet, beginnen Zähler von vorn.';

/** Shown in place of the video, by state; one without a title is appended to the text of the problem. @type {Record<string, {title?: string, text: string}>} */
export const INVITATIONS = {
  [State.IDLE]: {
    title: 'Gesichtsausdrücke, live',
    text: 'Ihr Video wird an diesen Server gesendet, Bild für Bild ausgewertet und sofort zurückgeschickt. Der Server speichert weder das Video noch die Ergebnisse. Die Zahlen bleiben in diesem Browser; Sie können sie löschen.',
  },
  [State.STARTING]: { title: 'Die Kamera wird geöffnet', text: 'Vielleicht fragt Ihr Browser, ob er sie freigeben darf.' },
  [State.CONNECTING]: { title: 'Verbindung wird aufgebaut', text: 'Die Kamera ist geöffnet. Die Seite verbindet sich mit dem Server.' },
  [State.WAITING]: { title: 'Verbunden', text: 'Das erste Bild des Videos kommt gleich.' },
  [State.PAUSED]: {
    title: 'Die Kamera pausiert',
    text: 'Sie sendet im Moment kein Video. Der Grund kann ein Anruf, ein anderes Programm, eine Abdeckung oder ein Schalter sein. Die Verbindung bleibt bestehen, und das Video geht weiter, sobald die Kamera wieder sendet.',
  },
  [State.HELD]: {
    title: 'Die Kamera pausiert',
    text: 'Inzwischen ist die Verbindung zum Server verloren gegangen. Die Seite verbindet sich erneut, sobald die Kamera wieder sendet.',
  },
  [State.QUEUED]: { text: 'Die Seite versucht es von selbst wieder; bis dahin bleibt die Kamera aus.' },
  [State.RECONNECTING]: { text: `Die Kamera bleibt an, aber vorerst wird nichts gesendet. ${GO_ON}` },
  [State.STOPPED]: { title: 'Die Kamera ist aus', text: AFTER_STOP },
  [State.FINISHED]: { title: 'Die Datei ist zu Ende', text: AFTER_STOP },
};
/** Texts of INVITATIONS and CLIP_INVITATIONS on a server that records sessions. @type {Record<string, string>} */
export const RECORDED_INVITATIONS = {
  [State.IDLE]: 'Ihr Video wird an diesen Server gesendet, Bild für Bild ausgewertet und sofort zurückgeschickt. Der Server bewahrt die Ergebnisse auf, nicht das Video; Sie werden vorher gefragt. Auch dieser Browser bewahrt die Zahlen auf.',
  [State.STOPPED]: RECORDED_AFTER_STOP,
  [State.FINISHED]: RECORDED_AFTER_STOP,
};
/** The same after the person has deleted what the server kept. @type {Record<string, string>} */
export const DELETED_INVITATIONS = { [State.STOPPED]: DELETED_AFTER_STOP, [State.FINISHED]: DELETED_AFTER_STOP };
/** The same while nothing runs and a past session is open. */
export const PAST_INVITATION = { title: 'Eine frühere Sitzung ist geöffnet', text: 'Von ihr gibt es Messwerte, aber kein Video. Wort, Balken und Diagramm gehören zu dieser Sitzung.' };
/** The same for a clip, where it differs. @type {Record<string, {title?: string, text: string}>} */
export const CLIP_INVITATIONS = {
  [State.STARTING]: { title: 'Die Videodatei wird geöffnet', text: 'Der Browser liest das erste Bild.' },
  [State.CONNECTING]: { title: 'Verbindung wird aufgebaut', text: 'Die Videodatei ist geöffnet. Die Seite verbindet sich mit dem Server.' },
  [State.QUEUED]: { text: 'Die Seite versucht es von selbst wieder.' },
  [State.RECONNECTING]: { text: `Vorerst wird nichts gesendet. ${GO_ON}` },
  [State.HELD]: { title: 'Die Datei ist angehalten', text: 'Inzwischen ist die Verbindung zum Server verloren gegangen. Die Seite verbindet sich erneut, sobald die Datei weiterläuft.' },
  [State.STOPPED]: { title: 'Die Videodatei ist gestoppt', text: AFTER_STOP },
};

/** By the key of a PeerError. @type {Record<string, Words>} */
export const PROBLEMS = {
  noCamera: { title: 'Keine Kamera gefunden', text: 'Schließen Sie eine Kamera an dieses Gerät an und starten Sie erneut.' },
  denied: {
    title: 'Die Kamera ist gesperrt',
    text: 'Erlauben Sie dieser Seite die Kamera über das Symbol in der Adressleiste und starten Sie erneut.',
  },
  busy: {
    title: 'Die Kamera ist belegt',
    text: 'Ein anderes Programm oder ein anderer Tab verwendet die Kamera. Schließen Sie es und starten Sie erneut.',
  },
  insecure: {
    title: 'Unter dieser Adresse ist keine Kamera möglich',
    text: (address) =>
      `Öffnen Sie die https-Adresse dieser Seite; fragen Sie danach, wo Sie den Link bekommen haben. Eine Videodatei geht auch hier. Für den Betreiber: Browser geben die Kamera nur über https frei („facestream certs“), oder auf dem Computer des Servers unter ${address}.`,
  },
  noCapture: {
    title: 'Dieser Browser gibt Seiten keine Kamera frei',
    text: 'Erlauben Sie den Kamerazugriff in den Einstellungen des Browsers, verwenden Sie eine Videodatei, oder öffnen Sie diese Seite in einem aktuellen Firefox, Chrome, Edge oder Safari.',
  },
  badClip: {
    title: 'Diese Videodatei lässt sich nicht abspielen',
    text: (name) => `Dieser Browser kann in ${name} kein Video lesen. Wandeln Sie die Datei in MP4 mit H264 oder in WebM um und wählen Sie sie noch einmal.`,
  },
  notVideo: { title: 'Das ist kein Video', text: (name) => `${name} ist eine Datei anderer Art. Wählen Sie eine Videodatei.` },
  clipBroken: {
    title: 'Die Videodatei ist stehen geblieben',
    text: (name) => `Dieser Browser kann den Rest von ${name} nicht lesen. Wandeln Sie die Datei in MP4 mit H264 oder in WebM um und wählen Sie sie noch einmal.`,
  },
  clipBlocked: {
    title: 'Der Browser hat die Videodatei nicht gestartet',
    text: 'Manche Browser verlangen einen zweiten Druck, zum Beispiel ein Handy im Energiesparmodus. Drücken Sie die Taste noch einmal.',
  },
  unsupported: {
    title: 'Diesem Browser fehlt etwas, das die Seite braucht',
    text: 'Öffnen Sie diese Seite in einem aktuellen Firefox, Chrome, Edge oder Safari. In diesem Browser funktioniert vielleicht nur die Kamera.',
  },
  noCanvas: {
    title: 'Der Browser verbirgt das Video vor dieser Seite',
    text: 'Sein Schutz vor Verfolgung ersetzt die Bilder durch Rauschen. Erlauben Sie dieser Seite über das Symbol in der Adressleiste, Canvas-Bilder zu lesen, oder verwenden Sie einen anderen Browser. Starten Sie dann erneut.',
  },
  noWebrtc: {
    title: 'Dieser Browser hat kein WebRTC',
    text: withAdvice('Dieser Server nimmt Video nur über WebRTC an. Erlauben Sie WebRTC in den Einstellungen des Browsers, oder verwenden Sie einen anderen Browser.'),
  },
  serverAway: { title: 'Der Server antwortet nicht', text: 'Prüfen Sie, ob er läuft, oder starten Sie in einem Augenblick erneut.' },
  offline: { title: 'Sie sind offline', text: 'Starten Sie erneut, sobald Sie verbunden sind.' },
  full: { title: 'Der Server ist voll', reason: 'Mehr Personen kann er im Moment nicht bedienen.', text: 'Starten Sie später erneut.' },
  draining: { title: 'Der Server wird beendet', text: 'Starten Sie erneut, sobald er wieder da ist.' },
  token: { title: 'Zugangsschlüssel nötig', text: TOKEN_WANTED },
  tooMany: { title: 'Zu viele Sitzungen aus Ihrem Netz', reason: 'Der Server lässt im Moment nicht mehr davon zu.', text: 'Starten Sie später erneut.' },
  noPort: { title: 'Der Server hat keinen freien Port für Video', reason: 'Informieren Sie den Betreiber dieses Servers.', text: '' },
  offer: {
    title: 'Der Server hat die Verbindung abgelehnt',
    text: 'Er kann nicht verwenden, was dieser Browser sendet. Nehmen Sie einen aktuellen Firefox, Chrome, Edge oder Safari, oder informieren Sie den Betreiber dieses Servers.',
  },
  rejected: { title: 'Der Server hat die Verbindung abgelehnt', text: 'Starten Sie erneut. Wenn das wieder geschieht, informieren Sie den Betreiber dieses Servers.' },
  fault: { title: 'Fehler im Server', text: 'Starten Sie erneut. Wenn das wieder geschieht, informieren Sie den Betreiber dieses Servers.' },
  noMedia: {
    title: 'Das Video kommt nicht durch',
    text: 'Der Server antwortet, aber das Video erreicht ihn nicht. Vielleicht sperrt Ihr Netz Video: Versuchen Sie ein anderes Netz, oder informieren Sie den Betreiber dieses Servers.',
  },
  cut: {
    title: 'Die Verbindung ist verloren',
    text: 'Vom Server ist seit einiger Zeit nichts angekommen. Prüfen Sie das Netz und starten Sie erneut.',
  },
  closed: { title: 'Der Server hat die Sitzung beendet', text: 'Starten Sie in einem Augenblick erneut.' },
  ended: { title: 'Der Server hat die Sitzung beendet', text: (detail) => sentence(detail) || 'Starten Sie in einem Augenblick erneut.' },
  cameraEnded: { title: 'Die Kamera wurde getrennt', text: 'Schließen Sie sie wieder an, oder wählen Sie eine andere, und starten Sie erneut.' },
  unknown: { title: 'Unerwarteter Fehler', text: withAdvice('Starten Sie erneut.') },
};

/** Why the server rejected a request, by the code of its problem, where the key says too little. @type {Record<string, Partial<Words>>} */
export const REJECTIONS = {
  token_wrong: { reason: 'Dieser Zugangsschlüssel gilt auf diesem Server nicht.', text: 'Bitten Sie den Betreiber um einen neuen.' },
  token_expired: { reason: 'Dieser Zugangsschlüssel ist abgelaufen.', text: 'Bitten Sie den Betreiber dieses Servers um einen neuen.' },
  too_many_sessions_for_address: {
    reason: 'Andere Seiten oder Geräte in Ihrem Netz verwenden diesen Server bereits, und er lässt im Moment nicht mehr davon zu.',
    text: 'Stoppen Sie dort eine Sitzung, oder starten Sie später erneut.',
  },
  rate_limited: { title: 'Zu viele Versuche aus Ihrem Netz', reason: 'Der Server wurde in einer Minute zu oft gefragt.', text: 'Warten Sie eine Minute und starten Sie erneut.' },
  origin_not_allowed: { text: 'Der Server nimmt diese Seite nicht an. Informieren Sie seinen Betreiber.' },
};

/** Why the server ended a session, by the code of its notice (docs/telemetry.md). @type {Record<string, Words>} */
export const ENDINGS = {
  silence: {
    title: 'Der Server hat zu lange nichts empfangen',
    text: 'Das Gerät war vielleicht im Ruhezustand oder ohne Netz. Starten Sie erneut.',
  },
  setup_timeout: {
    title: 'Kein Video hat den Server erreicht',
    text: 'Die Seite war verbunden, aber es kam nicht rechtzeitig ein Bild an. Prüfen Sie, ob die Kamera funktioniert, und starten Sie erneut.',
  },
  video_ended: {
    title: 'Das Video dieser Seite ist zu Ende',
    text: 'Starten Sie erneut, um eine neue Sitzung zu beginnen.',
  },
  frame_too_large: {
    title: 'Das Video ist zu groß für diesen Server',
    text: withAdvice('Wählen Sie eine kleinere Größe und starten Sie erneut.'),
  },
  bad_frame: {
    title: 'Der Server kann das Video nicht lesen',
    text: withAdvice('Wählen Sie eine andere Größe oder Kamera und starten Sie erneut.'),
  },
  replaced: { title: 'Diese Sitzung läuft in einem anderen Tab oder einer anderen Verbindung weiter', text: 'Starten Sie erneut, um hier eine neue Sitzung zu beginnen.' },
  ended: { title: 'Der Betreiber hat die Sitzung beendet', text: 'Fragen Sie den Betreiber dieses Servers, bevor Sie erneut starten.' },
  time_over: { title: 'Die Sitzung hat ihre Höchstdauer erreicht', text: 'Der Server begrenzt die Dauer einer Sitzung. Starten Sie erneut, um eine neue zu beginnen.' },
  stopping: { title: 'Der Server wird beendet', text: 'Starten Sie erneut, sobald er wieder da ist.' },
};

/** Why the page falls back to the compatibility mode, by the key of the PeerError. @type {Record<string, string>} */
export const COMPATIBILITY = {
  noMedia: 'Die direkte Videoverbindung funktioniert hier nicht',
  noWebrtc: 'Dieser Browser hat kein WebRTC',
  offer: 'Der Server kann mit dem Video dieses Browsers nichts anfangen',
  fault: 'Der Server kann mit dem Video dieses Browsers nichts anfangen',
  noPort: 'Der Server hat keinen freien Port für Video',
};

/** @param {string} title of COMPATIBILITY @returns {string} the reason for the compatibility mode and its consequences */
export const fallbackSentence = (title) => `${title}. ${SINGLE_IMAGES}`;

/** @param {number} s */
export const startAgainIn = (s) => `Starten Sie in ${s} s erneut.`;

/** @param {string} advice @returns {(detail: string) => string} the detail as a sentence, if there is any, then the advice */
function withAdvice(advice) {
  return (detail) => [sentence(detail), advice].filter(Boolean).join(' ');
}
