/** The page supports every browser in "browserslist" (package.json): a feature that one of them lacks is an error. */

import css from '@eslint/css';

import browsers from './lint/browsers.js';

/** ES2022 syntax that Safari supports since 16.4. */
const LATE_SYNTAX = [
  { selector: 'StaticBlock', message: 'static blocks: supported by Safari since 16.4' },
  { selector: 'Literal[regex.pattern=/\\(\\?<[=!]/]', message: 'lookbehind: supported by Safari since 16.4' },
];

/** Members of our own objects, the server's messages, C3 and Intl that share a name with a newer interface member. */
const OWN = ['aspectRatio', 'badge', 'bytes', 'chunks', 'draw', 'forget', 'format', 'hide', 'last', 'layers', 'lines', 'lost', 'move', 'ms', 'packets', 'pc', 'refill', 'resize', 'session', 'share', 'take', 'token', 'use', 'views'];

/** Optional styles: without them, lines break less well, a list is wider, or a font or cursor differs. */
const EMBELLISHMENTS = ['text-wrap', 'field-sizing', 'ui-monospace', 'cursor', 'forced-colors', 'forced-color-adjust'];

export default [
  {
    files: ['js/**/*.js'],
    plugins: { browsers },
    languageOptions: { ecmaVersion: 2022, sourceType: 'module' },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: { 'browsers/names': ['error', OWN], 'browsers/selectors': 'error', 'no-restricted-syntax': ['error', ...LATE_SYNTAX] },
  },
  // Shows the message for old browsers, so they must be able to parse it.
  { files: ['js/boot.js'], languageOptions: { ecmaVersion: 5, sourceType: 'script' } },
  {
    files: ['css/*.css'],
    language: 'css/css',
    plugins: { css, browsers },
    rules: { 'browsers/styles': ['error', EMBELLISHMENTS] },
  },
];
