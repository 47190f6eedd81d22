import assert from 'node:assert/strict';
import { test } from 'node:test';

import { People, decodeLandmarks, faceAt } from '../../client/js/panels/people.js';

const face = (id, box = [0, 0, 10, 10], label = 'happy') => ({ id, box, label, unsure: '', probabilities: [0, 0, 0, 0.8, 0.2, 0, 0] });
const idsOf = (people) => people.list.map(({ face: { id } }) => id);
const packed = (bytes) => btoa(String.fromCharCode(...bytes));

test('people are listed by number, and keep their place while they are missed for a moment', () => {
  const people = new People();
  people.see([face(2), face(1)], 0, null);
  people.see([face(1)], 1900, null);
  assert.deepEqual(idsOf(people), [1, 2]);
  assert.deepEqual(people.list.map(({ isPresent }) => isPresent), [true, false]);

  people.see([face(1)], 2100, null);
  assert.deepEqual(idsOf(people), [1]);
});

test('the chosen face keeps its place however long it is away', () => {
  const people = new People();
  people.see([face(1), face(2)], 0, 2);

  people.see([face(1)], 60_000, 2);

  assert.deepEqual(idsOf(people), [1, 2]);
});

test('the past of a face is limited', () => {
  const people = new People();
  for (let i = 0; i < 500; i += 1) people.see([face(1)], i * 250, null);

  assert.equal(people.list[0].past.length, 120);
  assert.deepEqual(people.list[0].past[0], { label: 'happy', share: 0.8 });
});

test('landmarks are kept until the next message that has them', () => {
  const people = new People();
  people.see([face(1), face(2)], 0, null);
  people.addLandmarks([{ ...face(1), landmarks: packed(Array(136).fill(85)) }, face(2)]);
  people.see([face(1), face(2)], 250, null);

  assert.deepEqual(people.list[0].landmarks[0], [0.25, 0.25]);
  assert.equal(people.list[1].landmarks, null);
});

test('the bytes of landmarks span the box and a quarter more on every side', () => {
  const points = decodeLandmarks(packed(Array.from({ length: 136 }, (_, i) => (i % 2 ? 255 : 0))));

  assert.equal(points.length, 68);
  assert.deepEqual(points[67], [-0.25, 1.25]);
});

test('malformed landmarks are none', () => {
  assert.equal(decodeLandmarks('%'), null);
  assert.equal(decodeLandmarks(packed([1, 2, 3])), null);
});

const FRAME = { width: 640, height: 480 };

test('a press finds the face below it, in a wide element with bars at its sides', () => {
  const faces = [face(1, [0, 0, 100, 100]), face(2, [540, 380, 100, 100])];
  const element = { width: 1280, height: 480 };

  assert.equal(faceAt(faces, { x: 330, y: 10 }, element, FRAME, 'as it is').id, 1);
  assert.equal(faceAt(faces, { x: 950, y: 470 }, element, FRAME, 'as it is').id, 2);
  assert.equal(faceAt(faces, { x: 10, y: 10 }, element, FRAME, 'as it is'), null);
});

test('in a mirrored view the left of the screen is the right of the boxes', () => {
  const faces = [face(1, [0, 0, 100, 100]), face(2, [540, 0, 100, 100])];
  const element = { width: 320, height: 240 };

  assert.equal(faceAt(faces, { x: 10, y: 10 }, element, FRAME, 'mirrored').id, 2);
  assert.equal(faceAt(faces, { x: 310, y: 10 }, element, FRAME, 'mirrored').id, 1);
});

test('of overlapping faces the smaller one is found, and none without a frame', () => {
  const faces = [face(1, [0, 0, 400, 400]), face(2, [100, 100, 50, 50])];

  assert.equal(faceAt(faces, { x: 120, y: 120 }, FRAME, FRAME, 'as it is').id, 2);
  assert.equal(faceAt(faces, { x: 120, y: 120 }, FRAME, { width: 0, height: 0 }, 'as it is'), null);
});
