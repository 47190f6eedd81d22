/** The colours of emotions and faces: distinct for everyone, visible on both grounds, and the same in page, report and video. */

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';

import { EMOTIONS } from '../../client/js/connection/telemetry.js';
import { faceColour } from '../../client/js/panels/face-colours.js';
import { toReport } from '../../client/js/session/report.js';
import { SessionLog } from '../../client/js/session/session-log.js';

/** @param {string} path */
const read = (path) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

/** Severity 1.0 of Machado, Oliveira and Fernandes (2009), "A Physiologically-based Model for Simulation of Color Vision Deficiency", for linear sRGB. */
const VISION = {
  common: [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
  protanopia: [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
  deuteranopia: [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
};
/** In OKLab, where about 0.02 is just noticeable side by side. The page's first colours came as close as 0.02. */
const LEAST = { common: 0.11, protanopia: 0.09, deuteranopia: 0.09 };

/** @param {string} css @returns {{light: Record<string, string>, dark: Record<string, string>}} custom properties by theme */
function themes(css) {
  const [light, dark] = css.split(/@media ?(?:screen and )?\(prefers-color-scheme: ?dark\)/);
  /** @param {string} text */
  const properties = (text) => Object.fromEntries([...text.matchAll(/--([\w-]+): ?(#[0-9a-f]{3,6})\b/g)].map(([, name, value]) => [name, value]));
  return { light: properties(light), dark: { ...properties(light), ...properties(dark ?? '') } };
}

/** @param {string} hex @returns {number[]} linear sRGB, 0..1 */
function linear(hex) {
  const full = hex.length === 4 ? hex.replace(/[0-9a-f]/g, '$&$&') : hex;
  return [1, 3, 5].map((at) => {
    const value = Number.parseInt(full.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
}

/** @param {number[][]} matrix @param {number[]} vector */
const times = (matrix, vector) => matrix.map((row) => row.reduce((sum, factor, i) => sum + factor * vector[i], 0));

/** Ottosson's OKLab. @param {number[]} rgb linear */
function oklab(rgb) {
  const cones = times([[0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566], [0.0883024619, 0.2817188376, 0.6299787005]], rgb);
  return times([[0.2104542553, 0.793617785, -0.0040720468], [1.9779984951, -2.428592205, 0.4505937099], [0.0259040371, 0.7827717662, -0.808675766]], cones.map(Math.cbrt));
}

/** @param {string} a @param {string} b @param {number[][]} matrix */
function distance(a, b, matrix) {
  const [p, q] = [a, b].map((hex) => oklab(times(matrix, linear(hex)).map((value) => Math.min(1, Math.max(0, value)))));
  return Math.hypot(...p.map((value, i) => value - q[i]));
}

/** @param {string} a @param {string} b as WCAG defines it */
function contrast(a, b) {
  const [low, high] = [a, b].map((hex) => times([[0.2126, 0.7152, 0.0722]], linear(hex))[0] + 0.05).sort((x, y) => x - y);
  return high / low;
}

const others = readdirSync(new URL('../../client/css/', import.meta.url)).filter((name) => name.endsWith('.css') && name !== 'colours.css');
const CSS = { colours: themes(read('client/css/colours.css')), grounds: themes('') };
for (const name of others) {
  const { light, dark } = themes(read(`client/css/${name}`));
  Object.assign(CSS.grounds.light, light);
  Object.assign(CSS.grounds.dark, dark);
}

test('the colours of emotions and faces are defined in one file', () => {
  const elsewhere = Object.keys(CSS.grounds.light).filter((name) => name in CSS.colours.light);
  assert.deepEqual(elsewhere, []);
});

for (const theme of /** @type {const} */ (['light', 'dark'])) {
  const colours = CSS.colours[theme];
  for (const [vision, matrix] of Object.entries(VISION)) {
    test(`${theme}: all pairs of emotions are distinct with ${vision} vision`, () => {
      const close = EMOTIONS.flatMap((a, i) => EMOTIONS.slice(i + 1).map((b) => ({ a, b, apart: distance(colours[a], colours[b], matrix) }))).filter(
        ({ apart }) => apart < LEAST[vision],
      );
      assert.deepEqual(close, []);
    });
  }

  test(`${theme}: each emotion has a contrast of 3:1 to both grounds, and its letters 4.5:1`, () => {
    for (const emotion of EMOTIONS) {
      for (const ground of ['ground', 'panel']) assert.ok(contrast(colours[emotion], CSS.grounds[theme][ground]) >= 3, `${emotion} on ${ground}`);
      assert.ok(contrast(colours[emotion], colours[`on-${emotion}`]) >= 4.5, `letters on ${emotion}`);
    }
  });

  test(`${theme}: no face has the colour of an emotion, and its number is readable`, () => {
    for (const id of [1, 2, 3, 4, 5, 6, 7, 8]) {
      const face = colours[`face-${id}`];
      for (const emotion of EMOTIONS) assert.ok(distance(face, colours[emotion], VISION.common) > 0.05, `face ${id} and ${emotion}`);
      assert.ok(contrast(face, colours['on-face']) >= 4.5);
    }
  });
}

test('the eight colours of faces repeat, and are those of the video', () => {
  assert.equal(faceColour(1), 'var(--face-1)');
  assert.equal(faceColour(8), 'var(--face-8)');
  assert.equal(faceColour(9), 'var(--face-1)');
  const drawn = read('facestream/analysis/drawing/overlay.py').split('FACE_COLOURS = (')[1].split('\n)')[0];
  const hex = [...drawn.matchAll(/from_rgb\((\d+), (\d+), (\d+)\)/g)].map(([, ...rgb]) => `#${rgb.map((value) => Number(value).toString(16).padStart(2, '0')).join('')}`);
  assert.deepEqual(hex, [1, 2, 3, 4, 5, 6, 7, 8].map((id) => CSS.colours.light[`face-${id}`]));
});

test('the report has the colours of the page', () => {
  const report = themes(toReport(new SessionLog(), { at: '', notice: '' }));
  for (const theme of /** @type {const} */ (['light', 'dark'])) {
    for (const name of EMOTIONS.flatMap((emotion) => [emotion, `on-${emotion}`])) assert.equal(report[theme][name], CSS.colours[theme][name], `${name}, ${theme}`);
  }
});
