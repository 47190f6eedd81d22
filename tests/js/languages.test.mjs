import assert from 'node:assert/strict';
import { test } from 'node:test';

import { clockTime, decimal, milliseconds, percent, useNumbersOf } from '../../client/js/texts/format.js';
import { LANGUAGES, bestLanguage, speak } from '../../client/js/texts/languages.js';
import { T } from '../../client/js/texts/texts.js';
import * as en from '../../client/js/texts/en.js';

test('the choice of the person comes before the languages of the browser', () => {
  assert.equal(bestLanguage('en', ['fr', 'de']), 'en');
});

test('a region does not matter, and an unknown language is passed over', () => {
  assert.equal(bestLanguage(null, ['fr-CA', 'en-GB']), 'en');
  assert.equal(bestLanguage('xx', ['constructor', 'fr']), 'en');
});

test('a language that cannot be loaded is replaced by English', async (context) => {
  LANGUAGES.xx = { name: 'x', direction: 'rtl', load: () => Promise.reject(new Error('404')) };
  context.after(() => delete LANGUAGES.xx);
  const root = { lang: '', dir: '' };

  await speak('xx', root);

  assert.deepEqual(root, { lang: 'en', dir: 'ltr' });
  assert.equal(T, en);
});

test('numbers follow the language', (context) => {
  context.after(() => useNumbersOf('en'));
  assert.deepEqual([percent(0.974), milliseconds(1234.5), decimal(3.14159, 2)], ['97%', '1,235 ms', '3.14']);

  useNumbersOf('de');

  assert.deepEqual([percent(0.974), milliseconds(1234.5), decimal(3.14159, 2)], ['97\u00a0%', '1.235 ms', '3,14']);
});

test('a time of more than an hour shows the hours', () => {
  assert.deepEqual([clockTime(59.96, 1), clockTime(3599.6), clockTime(3725)], ['1:00.0', '1:00:00', '1:02:05']);
});

test('a part of a second has the decimal separator of the language', (context) => {
  context.after(() => useNumbersOf('en'));
  useNumbersOf('de');

  assert.deepEqual([clockTime(172.4, 1), clockTime(5.04, 1), clockTime(59.96, 1), clockTime(3725)], ['2:52,4', '0:05,0', '1:00,0', '1:02:05']);
});
