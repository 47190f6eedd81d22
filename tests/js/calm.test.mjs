import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Calm } from '../../client/js/panels/calm.js';

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
