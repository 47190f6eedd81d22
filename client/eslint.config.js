/** The page runs in every browser of "browserslist" in package.json: what one of them lacks is a fault here. */

import css from '@eslint/css';

import browsers from './lint/browsers.js';

/** Syntax of ES2022 that came to Safari with 16.4. */
const LATE_SYNTAX = [
  { selector: 'StaticBlock', message: 'static blocks: Safari has them since 16.4' },
  { selector: 'Literal[regex.pattern=/\\(\\?<[=!]/]', message: 'lookbehind: Safari has it since 16.4' },
];

/** Members of our own objects, of the server's messages and of C3, whose names interfaces have that came later. */
const OWN = ['aspectRatio', 'bytes', 'check', 'destroy', 'hide', 'last', 'layers', 'lost', 'ms', 'packets', 'resize', 'share', 'take', 'token', 'use', 'views'];

/** What a browser may lack: it breaks lines less well, draws a wider list, or has another fixed font or cursor. */
const EMBELLISHMENTS = ['text-wrap', 'field-sizing', 'ui-monospace', 'cursor', 'forced-colors', 'forced-color-adjust'];

export default [
  {
    files: ['js/*.js'],
    plugins: { browsers },
    languageOptions: { ecmaVersion: 2022, sourceType: 'module' },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: { 'browsers/names': ['error', OWN], 'browsers/selectors': 'error', 'no-restricted-syntax': ['error', ...LATE_SYNTAX] },
  },
  // It tells people that their browser is too old, so that browser must read it.
  { files: ['js/boot.js'], languageOptions: { ecmaVersion: 5, sourceType: 'script' } },
  {
    files: ['css/*.css'],
    language: 'css/css',
    plugins: { css, browsers },
    rules: { 'browsers/styles': ['error', EMBELLISHMENTS] },
  },
];
