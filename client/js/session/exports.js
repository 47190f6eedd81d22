/** The reports of a visit as text: CSV for tables, JSONL for programs. Saves nothing itself. */

import { EMOTIONS, STAGES, VERSION } from '../connection/telemetry.js';

const FRAME_COLUMNS = ['time_s', 'seq', 'pts_s', 'fps_in', 'fps_out', 'dropped', 'analysed', 'economy'];
const FACE_COLUMNS = ['face', 'left', 'top', 'width', 'height', 'label', 'unsure'];
const BODY_COLUMNS = ['yaw_deg', 'pitch_deg', 'roll_deg', 'eyes', 'mouth', 'blinks'];

/** @param {Iterable<import('./session-log.js').Entry>} entries @returns {string} one row per face; a frame without faces has empty cells */
export function toCsv(entries) {
  const head = [...FRAME_COLUMNS, ...STAGES.map((stage) => `${stage}_ms`), ...FACE_COLUMNS, ...EMOTIONS, ...BODY_COLUMNS];
  const lines = [head.join()];
  for (const { timeS, telemetry } of entries) {
    const frame = [
      timeS.toFixed(3), telemetry.seq, telemetry.pts, telemetry.fpsIn, telemetry.fpsOut, telemetry.dropped,
      telemetry.analysed, telemetry.degradationLevel, ...STAGES.map((stage) => telemetry.ms[stage]),
    ];
    for (const face of telemetry.faces.length ? telemetry.faces : [null]) lines.push([...frame, ...faceCells(face)].join());
  }
  return `${lines.join('\r\n')}\r\n`;
}

/** @param {Iterable<import('./session-log.js').Entry>} entries @returns {string} messages as in docs/telemetry.md, with `time_s` added */
export function toJsonl(entries) {
  const lines = [];
  for (const { timeS, telemetry } of entries) {
    const { fpsIn, fpsOut, degradationLevel, ...same } = telemetry;
    lines.push(JSON.stringify({ v: VERSION, time_s: Number(timeS.toFixed(3)), fps_in: fpsIn, fps_out: fpsOut, economy: degradationLevel, ...same }));
  }
  return lines.length ? `${lines.join('\n')}\n` : '';
}

/** @param {Date} at @returns {string} the start of a file's name; names sort by time */
export function fileStem(at) {
  /** @param {number} number */
  const two = (number) => String(number).padStart(2, '0');
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `facestream_${day}_${two(at.getHours())}${two(at.getMinutes())}${two(at.getSeconds())}`;
}

/** @param {import('../connection/telemetry.js').Face | null} face */
function faceCells(face) {
  if (!face) return Array(FACE_COLUMNS.length + EMOTIONS.length + BODY_COLUMNS.length).fill('');
  const pose = face.pose_deg ?? ['', '', ''];
  return [face.id, ...face.box, face.label, face.unsure, ...face.probabilities, ...pose, face.eyes ?? '', face.mouth ?? '', face.blinks ?? ''];
}
