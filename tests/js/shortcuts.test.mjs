/** Which key does what, and where it does nothing. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { SHORTCUTS, actionOf, bindShortcuts } from '../../client/js/panels/shortcuts.js';
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

globalThis.Element ??= class {};

/** A page that hears keys; `press` says which actions they had and whether the browser's own was prevented. */
function bound() {
  const page = new EventTarget();
  page.querySelector = () => page.dialog ?? null;
  const done = [];
  const ignoreTyping = bindShortcuts(page, { marker: () => done.push('marker'), startStop: () => done.push('startStop') });
  const typed = (text, atMs = performance.now()) => [...text].map((letter) => {
    const event = Object.assign(new Event('keydown', { cancelable: true }), { key: letter, altKey: false, ctrlKey: false, metaKey: false, repeat: false, isComposing: false });
    Object.defineProperty(event, 'timeStamp', { value: atMs });
    page.dispatchEvent(event);
    return event.defaultPrevented;
  });
  return { page, done, typed, ignoreTyping };
}

test('a key does its action once, unless a dialog asks or nothing has that action', () => {
  const { page, done, typed } = bound();

  assert.deepEqual(typed('m r'), [true, true, false]);
  page.dialog = {};
  typed('m');

  assert.deepEqual(done, ['marker', 'startStop']);
});

test('a note that is typed blindly has no action until the person pauses', () => {
  const { done, typed, ignoreTyping } = bound();
  const nowMs = performance.now();
  ignoreTyping();

  assert.deepEqual(typed('m at', nowMs + 2500), [true, true, true, true]);
  typed('m', nowMs + 5000);
  assert.deepEqual(done, []);
  typed('m', nowMs + 8500);

  assert.deepEqual(done, ['marker']);
});
