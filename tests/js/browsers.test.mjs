/** The lint rules report features that a supported browser lacks, and nothing else. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';

import { MDN, lacking, parseBrowsers } from '../../client/lint/support.js';

const CLIENT = new URL('../../client/', import.meta.url);
const load = createRequire(new URL('package.json', CLIENT));
const { ESLint } = load('eslint');
const eslint = new ESLint({ cwd: fileURLToPath(CLIENT) });
const read = (path) => readFileSync(new URL(path, CLIENT), 'utf-8');

/** @param {string} text @param {string} filePath @returns {Promise<string[]>} */
async function faults(text, filePath = 'js/any.js') {
  const [{ messages }] = await eslint.lintText(text, { filePath: fileURLToPath(new URL(filePath, CLIENT)) });
  return messages.map(({ message }) => message);
}

for (const [what, text, said] of [
  ['a static method', 'fetch(url, { signal: AbortSignal.timeout(5) });', /^timeout: Safari has it since 16, the page supports 15.4/],
  ['a selector', "choice.matches(':open, :focus');", /^:open: Chrome has it since 133/],
  ['a selector that only some browsers have', "document.querySelector(`label:has(${x})`);", /^:has: Firefox has it since 121/],
  ['a method of an array', 'export const sorted = list.toSorted();', /^toSorted: Chrome has it since 110/],
  ['a method of an element', 'video.requestVideoFrameCallback(draw);', /^requestVideoFrameCallback: Firefox has it since 132/],
  ['a property of an element', 'element.popover = "auto";', /^popover: /],
  ['a class', 'export const canvas = new OffscreenCanvas(1, 1);', /^OffscreenCanvas: Safari has it since 1[67]/],
  ['a class of one browser', 'new MediaStreamTrackProcessor({ track });', /^MediaStreamTrackProcessor: /],
  ['a method of the language', 'export const groups = Object.groupBy(list, key);', /^groupBy: /],
  ['syntax of Safari 16.4', 'export class A { static { go(); } }', /^static blocks/],
  ['a regular expression of Safari 16.4', 'export const found = /(?<=a)b/;', /^lookbehind/],
  ['syntax of ES2023 and later', 'import config from "./a.json" with { type: "json" };', /^Parsing error/],
]) {
  test(`${what} that a supported browser lacks is reported`, async () => {
    const found = await faults(text);

    assert.equal(found.length, 1, found.join('\n'));
    assert.match(found[0], said);
  });
}

for (const [what, text, said] of [
  ['a selector', 'a:open { color: red; }', /^:open: /],
  ['a parent by its child', 'a:has(b) { color: red; }', /^:has: /],
  ['a nested rule', 'a { & b { color: red; } }', /^&: /],
  ['a function', 'a { color: color-mix(in srgb, red, blue); }', /^color-mix\(\): /],
  ['an at-rule', '@scope (a) { b { color: red; } }', /^@scope: /],
  ['a container query', '@container (width > 1px) { b { color: red; } }', /^@container: /],
  ['a property', 'a { view-transition-name: b; }', /^view-transition-name: /],
]) {
  test(`${what} in a style sheet that a supported browser lacks is reported`, async () => {
    const found = await faults(text, 'css/any.css');

    assert.match(found.join('\n'), said);
  });
}

for (const text of [
  'export const signal = AbortSignal.timeout?.(5);',
  'if (AbortSignal.timeout) go(AbortSignal.timeout(5));',
  'export const canvas = globalThis.OffscreenCanvas ? new OffscreenCanvas(1, 1) : null;',
  "if ('jitterBufferTarget' in receiver) receiver.jitterBufferTarget = 0;",
  'export const hasCallback = Boolean(video.requestVideoFrameCallback);',
  'export const last = list.findLast(Boolean);',
  'export const signal = new AbortController().signal;',
]) {
  test(`${text} is accepted`, async () => {
    assert.deepEqual(await faults(text), []);
  });
}

test('boot.js is ES5, so that old browsers can parse it', async () => {
  assert.match((await faults('const a = 1;', 'js/boot.js')).join(), /^Parsing error/);
});

test('the page\'s scripts and style sheets pass', async () => {
  const found = (await eslint.lintFiles(['js', 'css'])).flatMap(({ filePath, messages }) => messages.map(({ message }) => `${filePath}: ${message}`));

  assert.deepEqual(found, []);
});

test('all supported browsers have every element and attribute of the page', () => {
  const { elements, global_attributes: everywhere } = MDN.html;
  const tags = [...read('index.html').matchAll(/<([a-z]\w*)([^>]*)>/g)].filter(([, tag]) => tag in elements);
  const lacks = tags.flatMap(([, tag, attributes]) => [
    lacking(elements[tag]) && `${tag}: ${lacking(elements[tag])}`,
    ...[...attributes.matchAll(/([a-z-]+)(?==|\s|$)/g)].map(([, name]) => {
      // Only Safari on iOS needs it; without it, it plays full screen.
      const lack = name === 'playsinline' ? '' : lacking(elements[tag][name] ?? everywhere[name]);
      return lack && `${tag} ${name}: ${lack}`;
    }),
  ]);

  assert.ok(tags.length > 50);
  assert.deepEqual(lacks.filter(Boolean), []);
});

test('every list of supported browsers is the same', () => {
  const oldest = Object.fromEntries(parseBrowsers(load('./package.json').browserslist).map(([name, version]) => [name, version.join('.')]));
  const words = `Chrome or Edge ${oldest.chrome}, Firefox ${oldest.firefox}, Safari ${oldest.safari}`;

  assert.deepEqual([oldest.edge, oldest.safari_ios, oldest.firefox_android], [oldest.chrome, oldest.safari, oldest.firefox]);
  for (const path of ['js/boot.js', '../README.md', '../docs/page.md']) assert.ok(read(path).includes(words), `${path}: expected "${words}"`);
});
