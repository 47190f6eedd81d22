/** What a person pastes as a token, and the token in it. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { cleanToken } from '../../client/js/connection/pasted-token.js';

for (const [pasted, token] of [
  ['secret', 'secret'],
  ['  secret\n', 'secret'],
  ['secret\u200b', 'secret'],
  ['\ufeff\u2066secret\u2069', 'secret'],
  ['„secret“', 'secret'],
  ['“secret”', 'secret'],
  ['"secret"', 'secret'],
  ["'", "'"],
  ['se"cret', 'se"cret'],
  [' \u200b ', ''],
]) {
  test(`the token in ${JSON.stringify(pasted)} is ${JSON.stringify(token)}`, () => assert.equal(cleanToken(pasted), token));
}
