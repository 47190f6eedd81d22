/** What a row of the log holds: one face of a frame as numbers, and back again as the server's message. Keeps nothing. */

import { EMOTIONS, GAZES, STAGES, UNANALYSED_REASONS, UNSURE_REASONS } from '../connection/telemetry.js';

// A cell holds the number of a word in these lists; 0: none.
const UNSURE = ['', ...UNSURE_REASONS];
const UNANALYSED = ['', ...UNANALYSED_REASONS];
const GAZE = ['', ...GAZES];
export const LABELS = [...EMOTIONS, 'unsure'];

/** Those that all faces of a frame share. */
export const FRAME_COLUMNS = ['seq', 'fpsIn', 'fpsOut', 'dropped', 'analysed', 'unanalysed', 'degradationLevel', ...STAGES];
const FACE_COLUMNS = ['id', 'left', 'top', 'width', 'height', 'label', 'unsure', ...EMOTIONS, 'yaw', 'pitch', 'roll', 'eyes', 'mouth', 'blinks', 'valence', 'arousal', 'smile', 'brows', 'eyesClosedS', 'eyeClosures', 'yawns', 'gaze', 'trust'];
/** One row per face of a frame, or one row with the id 0 for a frame without faces. */
export const COLUMNS = [...FRAME_COLUMNS, ...FACE_COLUMNS];
/**
 * One row per face of a second: the columns of a frame as means, then how many frames the row stands for, how many
 * frames the second had, how many of them were analysed, in how many this face was the largest, and in how many it had
 * each label.
 */
export const SECOND_COLUMNS = [...COLUMNS, 'frames', 'secondFrames', 'analysedFrames', 'largest', ...LABELS.map((label) => `is_${label}`)];
/** The position of each column, the same in both kinds of rows. @type {Record<string, number>} */
export const AT = Object.fromEntries(SECOND_COLUMNS.map((name, i) => [name, i]));
/** Columns of a frame that the first format of the log had; later ones follow them. */
export const FIRST_COLUMNS = COLUMNS.indexOf('valence');
/** What the first format lacks: name on the wire, column, decimals, and the value that is not sent. @type {[string, number, number, number][]} */
const LATER = [
  ['valence', AT.valence, 3, NaN],
  ['arousal', AT.arousal, 3, NaN],
  ['smile', AT.smile, 2, NaN],
  ['brows', AT.brows, 2, NaN],
  ['eyes_closed_s', AT.eyesClosedS, 1, 0],
  ['eye_closures', AT.eyeClosures, 0, 0],
  ['yawns', AT.yawns, 0, 0],
  ['trust', AT.trust, 2, NaN],
];
/** A message without these is not taken. */
const OF_EVERY_FRAME = ['seq', 'fpsIn', 'fpsOut', 'dropped', ...STAGES].map((name) => AT[name]);
const OF_EVERY_FACE = EMOTIONS.map((name) => AT[name]);

/**
 * @typedef {import('../connection/telemetry.js').Telemetry} Telemetry
 * @typedef {import('../connection/telemetry.js').Face} Face
 *
 * @typedef {object} Means one second of the session
 * @property {number} timeS when it begins
 * @property {number} frames messages in it
 * @property {number} analysedFrames
 * @property {number} faceless frames without any face, analysed or not
 * @property {Telemetry} telemetry means of numbers, the most frequent label, the last counts; number and pts of its first frame
 * @property {FaceMeans[]} faces those of `telemetry`, and how often each was found
 *
 * @typedef {{face: Face, frames: number, labels: number[]}} FaceMeans `labels`: frames by label, in the order of LABELS
 */

/** @param {Telemetry} telemetry @returns {number[][]} one row for each face, or one with the id 0, in the order of COLUMNS */
export const encodeRows = (telemetry) => (telemetry.faces.length ? telemetry.faces : [null]).map((face) => encodeRow(telemetry, face));

/** @param {Telemetry} telemetry @param {Face | null} face @returns {number[]} in the order of COLUMNS */
function encodeRow(telemetry, face) {
  const pose = face?.pose_deg ?? [NaN, NaN, NaN];
  return [
    telemetry.seq, telemetry.fpsIn, telemetry.fpsOut, telemetry.dropped, Number(telemetry.analysed),
    Math.max(0, UNANALYSED.indexOf(telemetry.unanalysed)), telemetry.degradationLevel,
    ...STAGES.map((stage) => telemetry.ms[stage]),
    face?.id ?? 0, ...(face?.box ?? [NaN, NaN, NaN, NaN]), labelNumber(face?.label), Math.max(0, UNSURE.indexOf(face?.unsure ?? '')),
    ...(face?.probabilities ?? EMOTIONS.map(() => NaN)), ...pose, face?.eyes ?? NaN, face?.mouth ?? NaN, face?.blinks ?? 0,
    face?.valence ?? NaN, face?.arousal ?? NaN, face?.smile ?? NaN, face?.brows ?? NaN, face?.eyes_closed_s ?? 0, face?.eye_closures ?? 0, face?.yawns ?? 0, Math.max(0, GAZE.indexOf(face?.gaze ?? '')), face?.trust ?? NaN,
  ];
}

/** @param {ArrayLike<number>} cells @param {number} offset where the row begins @returns {boolean} whether it can be a row of either kind, as far as the page relies on it */
export function isRow(cells, offset) {
  /** @param {number} at */
  const isKnown = (at) => Number.isFinite(cells[offset + at]);
  const id = cells[offset + AT.id];
  if (!Number.isInteger(id) || !OF_EVERY_FRAME.every(isKnown)) return false;
  return id === 0 || (LABELS[cells[offset + AT.label]] !== undefined && OF_EVERY_FACE.every(isKnown));
}

/** @param {ArrayLike<number>} row @param {number} pts @returns {Telemetry} without its faces */
export function frameOf(row, pts) {
  return {
    seq: row[AT.seq],
    pts,
    fpsIn: rounded(row[AT.fpsIn], 1),
    fpsOut: rounded(row[AT.fpsOut], 1),
    dropped: row[AT.dropped],
    analysed: row[AT.analysed] === 1,
    unanalysed: UNANALYSED[row[AT.unanalysed]] ?? '',
    degradationLevel: row[AT.degradationLevel],
    ms: Object.fromEntries(STAGES.map((stage) => [stage, rounded(row[AT[stage]], 1)])),
    faces: [],
  };
}

/** @param {ArrayLike<number>} row @returns {Face} */
export function faceOf(row) {
  const pose = [row[AT.yaw], row[AT.pitch], row[AT.roll]];
  return {
    id: row[AT.id],
    box: [AT.left, AT.top, AT.width, AT.height].map((at) => rounded(row[at], 1)),
    label: LABELS[row[AT.label]] ?? 'unsure',
    unsure: UNSURE[row[AT.unsure]] ?? '',
    probabilities: EMOTIONS.map((emotion) => rounded(row[AT[emotion]], 3)),
    pose_deg: Number.isNaN(pose[0]) ? null : pose.map((degrees) => rounded(degrees, 1)),
    eyes: known(row[AT.eyes], 2),
    mouth: known(row[AT.mouth], 2),
    blinks: row[AT.blinks],
    ...Object.fromEntries(LATER.flatMap(([name, at, decimals, usual]) => (Number.isNaN(row[at]) || row[at] === usual ? [] : [[name, rounded(row[at], decimals)]]))),
    ...(row[AT.gaze] > 0 && { gaze: GAZE[row[AT.gaze]] ?? '' }),
  };
}

/** @param {string | undefined} label */
function labelNumber(label) {
  const number = LABELS.indexOf(label ?? 'unsure');
  return number < 0 ? LABELS.length - 1 : number;
}

/** The value as it was rounded on the wire, although it is kept in fewer bits. @param {number} value @param {number} decimals */
const rounded = (value, decimals) => Number(value.toFixed(decimals));

/** @param {number} value NaN: the server did not send it @param {number} decimals */
const known = (value, decimals) => (Number.isNaN(value) ? undefined : rounded(value, decimals));
