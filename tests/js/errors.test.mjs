import assert from 'node:assert/strict';
import { test } from 'node:test';

import { PeerError, asPeerError, loss, rejection } from '../../client/js/connection/errors.js';

for (const [status, code, key] of [
  [401, 'token_required', 'token'],
  [401, 'token_wrong', 'token'],
  [401, 'token_expired', 'token'],
  [429, 'too_many_sessions_for_address', 'tooMany'],
  [429, 'rate_limited', 'tooMany'],
  [503, 'server_full', 'full'],
  [503, 'draining', 'draining'],
  [503, 'no_media_port', 'noPort'],
  [400, 'bad_offer', 'offer'],
  [413, 'offer_too_large', 'offer'],
  [500, 'server_fault', 'fault'],
]) {
  test(`a rejection with the code ${code} is "${key}"`, () => assert.equal(rejection(status, { code, detail: 'in words' }).key, key));
}

for (const [status, key] of [[400, 'offer'], [401, 'token'], [403, 'rejected'], [404, 'rejected'], [413, 'offer'], [429, 'tooMany'], [500, 'fault'], [503, 'full']]) {
  test(`a rejection with status ${status} and no known code is "${key}"`, () => {
    for (const code of [undefined, '', 'a_word_of_tomorrow', 'constructor', 7]) assert.equal(rejection(status, { code }).key, key);
  });
}

test('title and detail do not affect the key', () => {
  assert.equal(rejection(503, { title: 'The server has no port for media', detail: 'no_media_port' }).key, 'full');
});

test('a rejection carries the detail, or the status if there is none', () => {
  assert.equal(rejection(503, { detail: '1 of 1 sessions' }).message, '1 of 1 sessions');
  assert.equal(rejection(503, {}).message, 'HTTP 503');
});

test('a rejection carries the code of its problem, if it is a word', () => {
  assert.deepEqual([rejection(429, { code: 'rate_limited' }).code, rejection(429, { code: 'rate_limited' }).isRejection], ['rate_limited', true]);
  assert.deepEqual([rejection(429, { code: 7 }).code, new PeerError('cut').isRejection], ['', false]);
});

test('a rejection has the retry time that the server sends', () => {
  assert.equal(rejection(503, {}, 7).retryMs, 7000);
  for (const unknown of [Number.NaN, 0, undefined]) assert.equal(rejection(503, {}, unknown).retryMs, 0);
});

test('a notice takes precedence over the closed channel', () => {
  const notice = { type: 'notice', detail: 'nothing received for 8 s', code: 'silence' };

  assert.deepEqual([loss('cut', notice).key, loss('cut', notice).code, loss('cut', notice).message], ['ended', 'silence', 'nothing received for 8 s']);
  assert.deepEqual([loss('cut', null).key, loss('cut', null).code], ['cut', '']);
});

test('any thrown value becomes an error with a key', () => {
  const known = new PeerError('cut');

  assert.equal(asPeerError(known), known);
  assert.deepEqual([asPeerError(new TypeError('x')).key, asPeerError(new TypeError('x')).message], ['unknown', 'x']);
  assert.equal(asPeerError('text').message, 'text');
});
