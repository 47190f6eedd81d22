/** The server's messages, version 1: decode and check, and small sums over them. Independent of the channel and of the DOM. */

/** The order of every probability list. */
export const EMOTIONS = ['angry', 'disgust', 'fear', 'happy', 'sad', 'surprise', 'neutral'];
/** The stages of a frame on the server, in order. */
export const STAGES = ['wait', 'detect', 'landmarks', 'emotion', 'draw'];
/** Why a face has no label, in `unsure`. The log keeps the position in these lists: append, never reorder. */
export const UNSURE_REASONS = ['close', 'small', 'blurred', 'turned', 'hidden', 'dark', 'misplaced'];
/** Where a face looks, in `gaze`; also by position. */
export const GAZES = ['camera', 'left', 'right', 'up', 'down'];
/** Why a frame was not analysed, in `unanalysed`. */
export const UNANALYSED_REASONS = ['off', 'unavailable', 'fault'];
export const VERSION = 1;
/** Of a value of a plug-in. */
const NAME = /^[A-Za-z_]\w{0,31}$/;
/** Below this share of the video's frames, the server does not keep up. */
const KEEPS_UP = 0.85;

/**
 * @typedef {object} Face
 * @property {number} id
 * @property {number[]} box left, top, width, height in pixels
 * @property {string} label an emotion, or "unsure"
 * @property {string[]} [hints] what makes its analysis harder, such as "dark"; absent: nothing
 * @property {string} unsure why the label is "unsure"; else empty
 * @property {number} [trust] 0..1: how probable it is that most people would choose the most probable word; absent: not measured
 * @property {number[]} probabilities seven, each 0..1, in the order of EMOTIONS
 * @property {number[] | null} [pose_deg] yaw, pitch, roll of the head
 * @property {number} [eyes] about 0.3 open, below 0.2 closed
 * @property {number} [mouth] 0 closed, above 0.3 open
 * @property {number} [blinks] since the face was first seen
 * @property {number} [valence] unpleasant -1 to pleasant 1, derived from the probabilities; absent: an older server
 * @property {number} [arousal] calm -1 to excited 1, derived from the probabilities; absent: an older server
 * @property {number} [smile] by geometry: 0 as this face at rest, 1 a broad smile; absent: not known
 * @property {number} [brows] by geometry: 0 as this face at rest, 1 raised; absent: not known
 * @property {number} [eyes_closed_s] absent: 0, they are open or closed as for a blink
 * @property {number} [eye_closures] how often the eyes were closed for longer than a blink; absent: never
 * @property {number} [yawns] absent: none
 * @property {string} [gaze] where the face looks, one of GAZES; absent: not known
 * @property {string} [landmarks] only on request and in some messages: the 68 points as base64
 *
 * @typedef {object} Telemetry
 * @property {number} seq
 * @property {number} pts seconds
 * @property {number} [clipS] for a file that is analysed once: the time of the frame in the file
 * @property {number} fpsIn
 * @property {number} fpsOut
 * @property {number} dropped
 * @property {boolean} analysed
 * @property {string} unanalysed why the frame was not analysed: off, unavailable or fault; otherwise empty
 * @property {number} degradationLevel 0..3; `economy` on the wire
 * @property {number} [notFollowed] absent: 0; faces that the server has seen and does not follow, because it is busy or limits their number
 * @property {Record<string, import('../session/extra-log.js').Value>} [extra] values of the server's own plug-in by name; absent: none
 * @property {true} [extraFault] the plug-in has failed; absent: it has not
 * @property {Record<string, number>} ms milliseconds by stage
 * @property {Face[]} faces
 *
 * @typedef {object} Control a reply or notice; fields that it lacks are empty
 * @property {string} type
 * @property {string} detail
 * @property {string} code of the notice: why the session ends
 * @property {string[]} layers
 * @property {boolean} mirror whether the annotated video is mirrored
 * @property {string[]} languages those in which the server can draw its labels
 * @property {string} language of the labels; empty: not in this message
 * @property {string} backgroundMode the mode in force, `view` on the wire; empty: not in this message
 * @property {string[]} backgroundModes those that the server offers, `views` on the wire
 * @property {string} name of a marker that a program has set
 * @property {string} note of the same marker
 * @property {number} pts of the newest frame that had arrived at the server, in seconds
 */

/** @typedef {{notice: string, auth: 'token' | 'none', websocket: boolean, backgroundModes: string[], iceServers: RTCIceServer[], tokenProblem: string, version: string, listens: '' | 'loopback' | 'network', addresses: string[], models: string[], recorded: boolean, recordDays: number}} PageConfig `tokenProblem`: the code with which an offer with this token would be rejected; `addresses`: where other machines open the page; `recorded`: whether the server keeps the results of sessions, for `recordDays` days, 0: without a limit. Empty where the server does not say */

/**
 * @param {string} text one message
 * @returns {Telemetry | null} null: not telemetry of this version
 */
export function decodeTelemetry(text) {
  const message = parse(text);
  if (message?.v !== VERSION || !Array.isArray(message.faces)) return null;
  if (![message.seq, message.pts, message.fps_in, message.fps_out, message.dropped].every(Number.isFinite)) return null;
  if (!STAGES.every((stage) => Number.isFinite(message.ms?.[stage]))) return null;
  if (!message.faces.every(isFace)) return null;
  return {
    seq: message.seq,
    pts: message.pts,
    fpsIn: message.fps_in,
    fpsOut: message.fps_out,
    dropped: message.dropped,
    analysed: message.analysed !== false,
    unanalysed: message.unanalysed ?? '',
    degradationLevel: message.economy ?? 0,
    ...(message.not_followed > 0 && { notFollowed: message.not_followed }),
    ...(isExtra(message.extra) && { extra: message.extra }),
    ...(typeof message.extra_fault === 'string' && message.extra_fault && { extraFault: true }),
    ms: message.ms,
    faces: message.faces,
  };
}

/**
 * @param {string} text one message
 * @returns {Control | null} null: not a control message
 */
export function decodeControl(text) {
  const message = parse(text);
  if (typeof message?.type !== 'string') return null;
  return {
    type: message.type,
    detail: typeof message.detail === 'string' ? message.detail : '',
    code: typeof message.code === 'string' ? message.code : '',
    layers: Array.isArray(message.layers) ? message.layers : [],
    mirror: message.mirror === true,
    languages: Array.isArray(message.languages) ? message.languages : [],
    language: typeof message.language === 'string' ? message.language : '',
    backgroundMode: typeof message.view === 'string' ? message.view : '',
    backgroundModes: Array.isArray(message.views) ? message.views : [],
    name: typeof message.name === 'string' ? message.name : '',
    note: typeof message.note === 'string' ? message.note : '',
    pts: Number.isFinite(message.pts) ? message.pts : 0,
  };
}

/**
 * @param {Face[]} faces
 * @param {number | null} chosenId null: whichever is largest
 * @returns {Face | null} the face that was chosen, or the largest; null: it is not in the frame. A chosen face is never replaced by another.
 */
export function chooseFace(faces, chosenId) {
  if (chosenId !== null) return faces.find((face) => face.id === chosenId) ?? null;
  return faces.reduce((best, face) => (best && best.box[2] >= face.box[2] ? best : face), /** @type {Face | null} */ (null));
}

/** @param {Pick<Face, 'label' | 'probabilities'>} face @returns {number} 0..1, of its label, which need not be the largest; of "unsure" the largest */
export const labelShare = ({ label, probabilities }) => probabilities[EMOTIONS.indexOf(label)] ?? Math.max(...probabilities);

/** @param {Pick<Telemetry, 'fpsIn' | 'fpsOut'>} telemetry @returns {boolean} whether the server analyses nearly all frames that it receives */
export const keepsUp = ({ fpsIn, fpsOut }) => fpsOut >= KEEPS_UP * fpsIn;

/**
 * @param {string} text the body of the response to GET /config
 * @returns {PageConfig}
 */
export function decodeConfig(text) {
  const config = parse(text);
  return {
    notice: typeof config?.notice === 'string' ? config.notice : '',
    auth: config?.auth === 'token' ? 'token' : 'none',
    websocket: config?.websocket === true,
    backgroundModes: strings(config?.views),
    iceServers: Array.isArray(config?.iceServers) ? config.iceServers.filter((/** @type {any} */ server) => Array.isArray(server?.urls)) : [],
    tokenProblem: typeof config?.token_problem === 'string' ? config.token_problem : '',
    version: typeof config?.version === 'string' ? config.version : '',
    listens: ['loopback', 'network'].includes(config?.listens) ? config.listens : '',
    addresses: strings(config?.addresses),
    models: strings(config?.models),
    recorded: config?.recorded === true,
    recordDays: Number.isInteger(config?.record_days) && config.record_days > 0 ? config.record_days : 0,
  };
}

/** @param {unknown} list @returns {string[]} */
const strings = (list) => (Array.isArray(list) ? list.filter((each) => typeof each === 'string') : []);

/** @param {any} extra */
const isExtra = (extra) => typeof extra === 'object' && extra !== null && !Array.isArray(extra) && Object.keys(extra).length > 0 && Object.keys(extra).every((name) => NAME.test(name));

/** @param {any} face */
function isFace(face) {
  return (
    Number.isInteger(face?.id) &&
    typeof face.label === 'string' &&
    Array.isArray(face.box) &&
    face.box.length === 4 &&
    Array.isArray(face.probabilities) &&
    face.probabilities.length === EMOTIONS.length &&
    face.probabilities.every(Number.isFinite)
  );
}

/** @param {string} text @returns {any} null: not JSON */
function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** The trust of the word on show: the server's is of the most probable word, which may differ for a moment. @param {Face} face @returns {number | undefined} 0..1; undefined: not known */
export const trustOfLabel = ({ trust, label, probabilities }) => (probabilities[EMOTIONS.indexOf(label)] === Math.max(...probabilities) ? trust : undefined);
