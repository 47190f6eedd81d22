/** What the chart draws of a stretch of time, and the same as a table. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { EMOTIONS } from '../../client/js/connection/telemetry.js';
import { tableOf } from '../../client/js/session/table.js';
import { bandsOf, besideMarks, cutWidth, edgeAfter, edgeBefore, facesBetween, leadersOf, smooth, spread } from '../../client/js/session/timeline.js';
import { SessionLog } from '../../client/js/session/session-log.js';

test('neighbouring slices of one label are one band; a report without a face is "absent", no report is nothing', () => {
  const bands = bandsOf(['happy', 'happy', null, null, 'happy', 'unsure'], [30, 30, 30, null, 30, 30]);

  assert.deepEqual(bands, [
    { label: 'happy', from: 0, end: 2 },
    { label: 'absent', from: 2, end: 3 },
    { label: 'happy', from: 4, end: 5 },
    { label: 'unsure', from: 5, end: 6 },
  ]);
});

/** Marks whose texts would fill the window. @param {number[]} parts of it @param {number} [gap] */
const beside = (parts, gap = 0) => besideMarks(parts.map((at) => ({ at, width: 1 })), 1, gap);
/** @param {{side: string, room: number}[]} places */
const rounded = (places) => places.map(({ side, room }) => [side, Number(room.toFixed(3))]);

test('the text of a mark is on the side of the middle, and ends at the edge or at the next mark', () => {
  assert.deepEqual(beside([]), []);
  assert.deepEqual(beside([0.25]), [{ side: 'after', room: 0.75 }]);
  assert.deepEqual(beside([1]), [{ side: 'before', room: 1 }]);
  assert.deepEqual(beside([0, 0.25, 0.75, 1]), [
    { side: 'after', room: 0.25 },
    { side: 'after', room: 0.25 },
    { side: 'before', room: 0.25 },
    { side: 'before', room: 0.25 },
  ]);
});

test('the text of a mark takes the free room up to the next mark', () => {
  assert.deepEqual(rounded(beside([0.6, 0.65, 0.95])), [['before', 0.6], ['after', 0.15], ['before', 0.15]]);
  assert.deepEqual(rounded(beside([0.6, 0.62])), [['before', 0.6], ['after', 0.38]]);
  assert.deepEqual(rounded(beside([0.3, 0.3])), [['before', 0.3], ['after', 0.7]]);
});

test('a text that has room is after its mark, and no text comes near a mark that is not its own', () => {
  const short = (/** @type {number[]} */ ats) => besideMarks(ats.map((at) => ({ at, width: 50 })), 320, 12);

  assert.deepEqual(rounded(short([180])), [['after', 140]]);
  assert.deepEqual(rounded(short([160, 220, 270])), [['before', 160], ['before', 48], ['after', 50]]);
  assert.deepEqual(rounded(beside([0.6, 0.65, 0.95], 0.05)), [['before', 0.6], ['after', 0.125], ['before', 0.125]]);
  assert.ok(beside([0.5, 0.5, 0.5], 0.05)[1].room <= 0);
});

test('the box of a text that is cut is as wide as what is left of it', () => {
  const widthOf = (/** @type {string} */ text) => text.length * 10;

  assert.equal(cutWidth('Lisa laughs', 110, widthOf), 110);
  assert.equal(cutWidth('Lisa laughs', 109, widthOf), 100);
  assert.equal(cutWidth('Lisa laughs', 64, widthOf), 60);
  assert.equal(cutWidth('Lisa laughs', 30, widthOf), 30);
  assert.equal(cutWidth('Lisa laughs', 29, widthOf), 0);
  assert.equal(cutWidth('Lisa laughs', -5, widthOf), 0);
});

test('smoothing keeps a constant, halves a peak and leaves a gap open', () => {
  assert.deepEqual(smooth([0.5, 0.5, 0.5]), [0.5, 0.5, 0.5]);
  assert.deepEqual(smooth([0, 1, 0]), [0.25, 0.5, 0.25]);
  assert.deepEqual(smooth([1, null, 0]), [1, null, 0]);
});

test('the line that is highest at the end leads, then the one with the highest mean', () => {
  assert.deepEqual(leadersOf([[0.1, 0.1, 0.6], [0.8, 0.8, 0.3], [0.1, 0.1, 0.1]]), [0, 1]);
  assert.deepEqual(leadersOf([[0.1, 0.6, null], [0.9, 0.4, null]]), [0, 1]);
  assert.deepEqual(leadersOf([[null], [null]]), []);
});

test('a second line does not lead with 0 %', () => {
  assert.deepEqual(leadersOf([[0, 0], [1, 1], [0, 0]]), [1]);
  assert.deepEqual(leadersOf([[0.004, 0.004], [0.99, 0.99], [0.001, 0.001]]), [1]);
  assert.deepEqual(leadersOf([[0.006, 0.006], [0.99, 0.99], [0.001, 0.001]]), [1, 0]);
});

test('texts at the ends of lines keep their order and their distance, within the area', () => {
  const places = spread([50, 48, 99, 98], 15, 100);

  assert.deepEqual(places.map((place) => Math.round(place)), [63, 48, 100, 85]);
});

test('four faces are compared: those that were there for longest, and the followed one', () => {
  const faces = [1, 2, 3, 4, 5, 6].map((id) => ({ id, firstS: 0, lastS: id === 6 ? 9 : 20 + id }));

  assert.deepEqual(facesBetween(faces, 10, 40, null, 4), [2, 3, 4, 5]);
  assert.deepEqual(facesBetween(faces, 10, 40, 1, 4), [1, 3, 4, 5]);
});

test('the right edge is at the end of a point', () => {
  assert.equal(edgeAfter(10.2, 0.5), 10.5);
  assert.equal(edgeAfter(10.5, 0.5), 11);
  assert.equal(edgeBefore(10.2, 0.5), 10);
  assert.equal(edgeBefore(10.5, 0.5), 10.5);
});

/** @param {SessionLog} log @param {number} timeS @param {{id: number, label: string}[]} faces */
function addFrame(log, timeS, faces) {
  log.add(timeS, {
    seq: Math.round(timeS * 10), pts: timeS, fpsIn: 30, fpsOut: 30, dropped: 0, analysed: true, unanalysed: '', degradationLevel: 0,
    ms: { wait: 0, detect: 0, landmarks: 0, emotion: 0, draw: 0 },
    faces: faces.map(({ id, label }) => ({
      id, box: [0, 0, 100 * id, 100], label, unsure: '', probabilities: EMOTIONS.map((emotion) => (emotion === label ? 0.9 : 0.1 / 6)), pose_deg: null, blinks: 0,
    })),
  });
}

function twoFaces() {
  const log = new SessionLog();
  for (let timeS = 0; timeS < 3; timeS += 0.1) addFrame(log, timeS, [{ id: 1, label: timeS < 1 ? 'happy' : 'sad' }, ...(timeS < 2 ? [{ id: 2, label: 'neutral' }] : [])]);
  return log;
}

test('the table of one face has a row for each second with its label and probabilities', () => {
  const { head, rows } = tableOf({ log: twoFaces(), fromS: 0, toS: 2.9, faces: [1] });

  assert.deepEqual(head, ['Time', 'Label', 'Angry', 'Disgust', 'Fear', 'Happy', 'Sad', 'Surprise', 'Neutral']);
  assert.deepEqual(rows.map(([time, label]) => [time, label]), [['0:00', 'Happy'], ['0:01', 'Sad'], ['0:02', 'Sad']]);
  assert.equal(rows[0][5].replace(/\s/g, ''), '90%');
});

test('the table of several faces has a column of labels for each', () => {
  const { head, rows } = tableOf({ log: twoFaces(), fromS: 0, toS: 2.9, faces: [1, 2] });

  assert.deepEqual(head, ['Time', 'Face 1', 'Face 2']);
  assert.deepEqual(rows, [['0:00', 'Happy', 'Neutral'], ['0:01', 'Sad', 'Neutral'], ['0:02', 'Sad', 'No face']]);
});

test('the last row covers everything up to the end of the stretch, and nothing after it', () => {
  const log = new SessionLog();
  for (let frame = 0; frame < 20; frame += 1) addFrame(log, frame / 10, [{ id: 1, label: frame < 16 ? 'happy' : 'sad' }]);
  const lastHappy = (/** @type {number} */ toS) => tableOf({ log, fromS: 0, toS, faces: [1] }).rows.at(-1)?.[5].replace(/\s/g, '');

  assert.equal(lastHappy(1.5), '90%');
  assert.equal(lastHappy(1.95), '55%');
});

test('the table of a long stretch has a row for five seconds', () => {
  const { rows } = tableOf({ log: twoFaces(), fromS: 0, toS: 100, faces: [null] });

  assert.deepEqual([rows.length, rows[1][0]], [21, '0:05']);
});
