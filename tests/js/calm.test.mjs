import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Calm, Pace } from '../../client/js/panels/calm.js';

test('a change that comes after a calm time is shown at once', () => {
  const calm = new Calm();
  assert.ok(calm.mayShow('happy', 0));
  assert.ok(!calm.mayShow('happy', 200));
  assert.ok(calm.mayShow('happy', 260));

  assert.ok(calm.mayShow('sad', 300));
});

test('words that change with each frame are shown four times a second', () => {
  const calm = new Calm();
  const read = [];
  for (let i = 0; i < 60; i += 1) {
    const word = i % 2 ? 'happy' : 'sad';
    if (calm.mayShow(word, (i * 1000) / 30) && read.at(-1) !== word) read.push(word);
  }

  assert.ok(read.length >= 6 && read.length <= 8, `${read.length} changes in two seconds`);
});

test('numbers of the same words are renewed four times a second', () => {
  const calm = new Calm();
  const shown = Array.from({ length: 60 }, (_, i) => calm.mayShow('happy', (i * 1000) / 30));

  assert.ok(shown.filter(Boolean).length <= 8);
});

test('after a reset anything is shown at once', () => {
  const calm = new Calm();
  calm.mayShow('happy', 0);
  calm.reset();

  assert.ok(calm.mayShow('sad', 1));
});

/** @param {[number, string][]} shown times in milliseconds, and the label from then on @param {Pace} pace @returns {[number, string][]} what is announced, asked 30 times a second for 20 s */
function announced(shown, pace = new Pace()) {
  const said = [];
  for (let nowMs = 0; nowMs < 20_000; nowMs += 1000 / 30) {
    const [, label] = shown.filter(([fromMs]) => fromMs <= nowMs).at(-1);
    if (pace.mayAnnounce(label, nowMs)) said.push([Math.round(nowMs / 1000), label]);
  }
  return said;
}

test('a label is announced once, and the next one when it changes', () => {
  assert.deepEqual(announced([[0, 'happy'], [9000, 'sad']]), [[0, 'happy'], [9, 'sad']]);
});

test('a change soon after an announcement waits until five seconds have passed', () => {
  assert.deepEqual(announced([[0, 'happy'], [1000, 'sad']]), [[0, 'happy'], [5, 'sad']]);
});

test('a change that is over by then is not announced', () => {
  assert.deepEqual(announced([[0, 'happy'], [1000, 'sad'], [3000, 'happy']]), [[0, 'happy']]);
});

test('labels that change all the time are announced every five seconds', () => {
  const shown = Array.from({ length: 200 }, (_, i) => [i * 100, `label ${i}`]);
  const times = announced(shown).map(([s]) => s);

  assert.deepEqual(times, [0, 5, 10, 15]);
});

test('nothing is announced while no label is likely, nor the same label after that', () => {
  assert.deepEqual(announced([[0, ''], [6000, 'happy'], [8000, ''], [15_000, 'happy']]), [[6, 'happy']]);
});

test('after a reset the same label is announced again, but not at once', () => {
  const pace = new Pace();
  assert.ok(pace.mayAnnounce('happy', 0));
  pace.reset();

  assert.ok(!pace.mayAnnounce('happy', 4900));
  assert.ok(pace.mayAnnounce('happy', 5000));
});
