import assert from 'node:assert/strict';
import { test } from 'node:test';

import { RingBuffer, sliceMeans } from '../../client/js/session/ring-buffer.js';

const rows = (buffer) => [...buffer].map((row) => row[0]);

test('rows come out oldest first', () => {
  const buffer = new RingBuffer(3, 1);
  [1, 2].forEach((value) => buffer.push([value]));

  assert.deepEqual(rows(buffer), [1, 2]);
});

test('a full buffer drops its oldest row', () => {
  const buffer = new RingBuffer(3, 1);
  for (let i = 0; i < 1000; i += 1) buffer.push([i]);

  assert.deepEqual(rows(buffer), [997, 998, 999]);
});

test('a cleared buffer is empty and can be used again', () => {
  const buffer = new RingBuffer(3, 1);
  buffer.push([1]);
  buffer.clear();

  assert.deepEqual(rows(buffer), []);
  buffer.push([5]);
  assert.deepEqual(rows(buffer), [5]);
});

test('a slice is the mean of its rows, or null without rows', () => {
  const given = [[1, 10], [1.5, 20], [3.2, 5]].map((row) => Float64Array.from(row));

  assert.deepEqual(sliceMeans(given, 3.9, 4, 4), [[null, 15, null, 5]]);
});

test('an unknown value is a gap, even beside a known one', () => {
  const given = [[0.5, Number.NaN, 1], [1.5, 2, 3]].map((row) => Float64Array.from(row));

  assert.deepEqual(sliceMeans(given, 1.9, 2, 2), [[null, 2], [1, 3]]);
});

test('rows older than the window are left out', () => {
  assert.deepEqual(sliceMeans([Float64Array.from([1, 7])], 100, 10, 5), []);
});

test('points do not move between two redraws within a slice', () => {
  const given = [[10.1, 1], [10.6, 2]].map((row) => Float64Array.from(row));

  assert.deepEqual(sliceMeans(given, 11.1, 2, 4), sliceMeans(given, 11.3, 2, 4));
});

const timed = (rows) => rows.map((row) => Float64Array.from(row));

test('a short gap without rows is bridged by a straight line', () => {
  assert.deepEqual(sliceMeans(timed([[0.5, 1], [3.5, 4]]), 3.9, 4, 4, 2), [[1, 2, 3, 4]]);
});

test('a longer gap is not bridged', () => {
  assert.deepEqual(sliceMeans(timed([[0.5, 1], [3.5, 4]]), 3.9, 4, 4, 1), [[1, null, null, 4]]);
});

test('a row without a face is a gap, however short', () => {
  assert.deepEqual(sliceMeans(timed([[0.5, 1], [1.5, Number.NaN], [2.5, 3]]), 2.9, 3, 3, 2), [[1, null, 3]]);
});
