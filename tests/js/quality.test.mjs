/** The light of the quality: what it finds first, and how calmly it changes. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Steady, UNKNOWN, judge } from '../../client/js/session/quality.js';
import { qualitySentence } from '../../client/js/texts/en.js';

const FACE = { id: 1, box: [0, 0, 100, 100], label: 'happy', unsure: '', probabilities: [0, 0, 0, 1, 0, 0, 0] };
const LINE = { lossShare: 0, rttMs: 20 };
/** A report with one face, which differs from the usual one as said. */
const report = (face = {}, differs = {}) => ({ fpsIn: 30, fpsOut: 30, analysed: true, faces: [{ ...FACE, ...face }], ...differs });

const CASES = [
  ['a usual report', report(), LINE, 'good', 'good'],
  ['a dark face', report({ hints: ['dark'] }), LINE, 'dark', 'poor'],
  ['a face that is blurred because it is dark', report({ hints: ['blurred', 'dark'] }), LINE, 'dark', 'poor'],
  ['a hint that this page does not know', report({ hints: ['foggy'] }), LINE, 'good', 'good'],
  ['a small face of a server without hints', report({ label: 'unsure', unsure: 'small' }), LINE, 'far', 'poor'],
  ['two expressions that are about equally likely', report({ label: 'unsure', unsure: 'close' }), LINE, 'good', 'good'],
  ['no face', report({}, { faces: [] }), LINE, 'noFace', 'poor'],
  ['no analysis', report({}, { analysed: false }), LINE, 'unanalysed', 'poor'],
  ['half of the frames', report({}, { fpsOut: 15 }), LINE, 'busy', 'slow'],
  ['half of the frames of a dark face', report({ hints: ['dark'] }, { fpsOut: 15 }), LINE, 'dark', 'poor'],
  ['faces that a busy server does not follow', report({}, { degradationLevel: 3, notFollowed: 3 }), LINE, 'few', 'slow'],
  ['two faces of a busy server', report({}, { degradationLevel: 3 }), LINE, 'good', 'good'],
  ['lost packets', report(), { lossShare: 0.1, rttMs: 20 }, 'loss', 'poor'],
  ['a long round trip', report(), { lossShare: 0, rttMs: 900 }, 'late', 'slow'],
  ['an unknown round trip', report(), { lossShare: 0, rttMs: null }, 'good', 'good'],
];
for (const [what, telemetry, line, key, grade] of CASES) {
  test(`${what}: ${key}, ${grade}`, () => {
    const found = judge(telemetry, line);

    assert.equal(found.key, key);
    assert.equal(found.grade, grade);
    assert.notEqual(qualitySentence(found.key, found.every), qualitySentence('', 0));
  });
}

test('a small second face is not judged', () => {
  const second = { ...FACE, id: 2, box: [0, 0, 20, 20], hints: ['far'] };

  assert.equal(judge({ ...report(), faces: [FACE, second] }, LINE).key, 'good');
});

test('the sentence says how many frames are analysed', () => {
  const sentence = (fpsOut) => {
    const { key, every } = judge(report({}, { fpsOut }), LINE);
    return qualitySentence(key, every);
  };

  assert.equal(sentence(24), 'Server busy: not every frame is analysed');
  assert.equal(sentence(15), 'Server busy: every second frame is analysed');
  assert.equal(sentence(3), 'Server busy: one of 10 frames is analysed');
});

const GOOD = judge(report(), LINE);
const DARK = judge(report({ hints: ['dark'] }), LINE);
const FAR = judge(report({ hints: ['far'] }), LINE);

/** What is shown when the findings come a quarter of a second apart. */
function shownOf(...findings) {
  const steady = new Steady();
  return findings.map((found, i) => steady.take(found, i * 250));
}
const times = (count, found) => Array.from({ length: count }, () => found);

test('nothing is said in the first two seconds', () => {
  const shown = shownOf(...times(9, GOOD));

  assert.deepEqual(shown.slice(0, 8), times(8, UNKNOWN));
  assert.equal(shown[8], GOOD);
});

test('a finding that lasts less than two seconds is not shown', () => {
  const shown = shownOf(...times(10, GOOD), ...times(7, DARK), ...times(10, GOOD));

  assert.ok(shown.slice(8).every((found) => found.key === 'good'));
});

test('a finding that lasts two seconds is shown, and stays for two seconds', () => {
  const shown = shownOf(...times(10, GOOD), ...times(9, DARK), ...times(9, GOOD)).map(({ key }) => key);

  assert.equal(shown[10 + 6], 'good');
  assert.equal(shown[10 + 7], 'dark');
  assert.equal(shown[19 + 6], 'dark');
  assert.equal(shown[19 + 7], 'good');
});

test('two disturbances that alternate are not taken for a good quality', () => {
  const shown = shownOf(...times(10, GOOD), ...Array.from({ length: 20 }, (_, i) => (i % 2 ? DARK : FAR)));

  assert.notEqual(shown.at(-1).key, 'good');
});

test('after a reset nothing is known', () => {
  const steady = new Steady();
  for (let i = 0; i < 10; i++) steady.take(GOOD, i * 250);
  steady.reset();

  assert.equal(steady.take(DARK, 2500), UNKNOWN);
});
