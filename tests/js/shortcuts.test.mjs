/** Which key does what, and where it does nothing. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { SHORTCUTS, actionOf } from '../../client/js/panels/shortcuts.js';
import { SHORTCUTS as NAMES } from '../../client/js/texts/en.js';

const press = (key, differs = {}) => ({ key, altKey: false, ctrlKey: false, metaKey: false, repeat: false, isComposing: false, defaultPrevented: false, ...differs });
const nowhere = () => false;
/** Focus on a control that matches selectors with this name in them. */
const on = (name) => (selector) => selector.split(', ').some((part) => part.startsWith(name));

test('every shortcut has a name, and no key has two', () => {
  assert.deepEqual(SHORTCUTS.map(({ action }) => action).sort(), Object.keys(NAMES).sort());
  assert.equal(new Set(SHORTCUTS.map(({ key }) => key)).size, SHORTCUTS.length);
});

test('keys have their actions, with or without Shift', () => {
  assert.equal(actionOf(press(' '), nowhere), 'startStop');
  assert.equal(actionOf(press('w'), nowhere), 'word');
  assert.equal(actionOf(press('W'), nowhere), 'word');
  assert.equal(actionOf(press('?'), nowhere), 'help');
  assert.equal(actionOf(press('x'), nowhere), '');
});

for (const differs of [{ ctrlKey: true }, { metaKey: true }, { altKey: true }, { repeat: true }, { isComposing: true }, { defaultPrevented: true }]) {
  test(`a key with ${Object.keys(differs)} does nothing`, () => assert.equal(actionOf(press('s', differs), nowhere), ''));
}

test('no key does anything while a person types', () => {
  for (const field of ['input', 'textarea', 'select', '[contenteditable]']) assert.equal(actionOf(press('r'), on(field)), '');
});

test('the space bar presses the focused button; letters still work there', () => {
  assert.equal(actionOf(press(' '), on('button')), '');
  assert.equal(actionOf(press(' '), on('summary')), '');
  assert.equal(actionOf(press('r'), on('button')), 'record');
});
