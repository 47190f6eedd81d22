/** The link that the server creates for an admin, without a server; and the sentence for each reason why there is none. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { afterEach, test } from 'node:test';

import { PeerError, rejection } from '../../client/js/connection/errors.js';
import { isOwnMachine, requestLink, requestQr, useElsewhere } from '../../client/js/connection/shared-link.js';
import * as de from '../../client/js/texts/de.js';
import * as en from '../../client/js/texts/en.js';
import { shareProblemOf } from '../../client/js/texts/problems.js';

const SERVER = 'https://faces.example.org/face';
const ANSWER = { token: 't', expires_in_s: 7200, link: `${SERVER}/#token=t`, qr_svg: '<svg/>' };
const { fetch } = globalThis;

/** @param {number} status @param {unknown} body @returns {[string, RequestInit][]} the requests from now on */
function answering(status, body) {
  const requests = [];
  globalThis.fetch = async (...request) => {
    requests.push(request);
    return new Response(typeof body === 'string' ? body : JSON.stringify(body), { status });
  };
  return requests;
}

afterEach(() => {
  globalThis.fetch = fetch;
});

test('the admin token is in a header, not in the address or the body', async () => {
  const requests = answering(201, ANSWER);

  const shared = await requestLink(SERVER, 'secret', { lifetimeH: 8, subject: 'workshop', address: `${SERVER}/` });

  assert.deepEqual(shared, { link: `${SERVER}/#token=t`, qrSvg: '<svg/>', expiresInS: 7200 });
  const [[address, { method, headers, body }]] = requests;
  assert.deepEqual([address, method, headers.Authorization], [`${SERVER}/tokens`, 'POST', 'Bearer secret']);
  assert.deepEqual(JSON.parse(body), { lifetime_h: 8, subject: 'workshop', url: `${SERVER}/` });
});

test('without a name the server uses its own', async () => {
  const requests = answering(201, ANSWER);

  await requestLink(SERVER, 'secret', { lifetimeH: 1, subject: '', address: `${SERVER}/` });

  assert.deepEqual(JSON.parse(requests[0][1].body), { lifetime_h: 1, url: `${SERVER}/` });
});

for (const [status, body, code] of [[401, { code: 'token_wrong' }, 'token_wrong'], [404, 'a page of a proxy', ''], [502, '', '']]) {
  test(`a response ${status} with ${JSON.stringify(body)} is a rejection`, async () => {
    answering(status, body);

    await assert.rejects(requestLink(SERVER, 'wrong', { lifetimeH: 1, subject: '', address: `${SERVER}/` }), { isRejection: true, code });
  });
}

test('a response without a link is an error', async () => {
  for (const body of ['', 'null', { token: 't', expires_in_s: 60 }]) {
    answering(201, body);

    await assert.rejects(requestLink(SERVER, 'secret', { lifetimeH: 1, subject: '', address: `${SERVER}/` }), PeerError);
  }
});

test('a token that no header can carry is sent as a wrong one', async () => {
  const requests = answering(401, { code: 'token_wrong' });

  await assert.rejects(requestLink(SERVER, 'schlüssel 😀', { lifetimeH: 1, subject: '', address: `${SERVER}/` }), { code: 'token_wrong' });
  assert.equal(requests[0][1].headers.Authorization, 'Bearer schl?ssel ??');
});

test('a QR code is asked for with the address in the body and the token of the page in a header', async () => {
  const requests = answering(200, { qr_svg: '<svg/>' });

  assert.equal(await requestQr(SERVER, 'peer', 'http://192.0.2.7:8080/'), '<svg/>');
  const [[address, { method, headers, body }]] = requests;
  assert.deepEqual([address, method, headers.Authorization, JSON.parse(body)], [`${SERVER}/qr`, 'POST', 'Bearer peer', { url: 'http://192.0.2.7:8080/' }]);
  answering(200, {});
  await assert.rejects(requestQr(SERVER, '', 'http://192.0.2.7:8080/'), PeerError);
});

test('a server that does not answer is away', async () => {
  globalThis.fetch = async () => {
    throw new TypeError('Failed to fetch');
  };

  await assert.rejects(requestLink(SERVER, 'secret', { lifetimeH: 1, subject: '', address: `${SERVER}/` }), (error) => shareProblemOf(error).text === en.SHARE_PROBLEMS.away);
});

test('each code is one of the server, and each has a sentence of its own', () => {
  const docs = readFileSync(new URL('../../docs/openapi.yaml', import.meta.url), 'utf8');
  for (const { SHARE_PROBLEMS } of [en, de]) {
    for (const [code, text] of Object.entries(SHARE_PROBLEMS)) {
      if (!['away', 'other'].includes(code)) assert.match(docs, new RegExp(`^ +- ${code}$`, 'm'));
      assert.match(text, /^[A-Z].*\.$/);
    }
  }
});

for (const [status, code] of [[401, 'token_required'], [401, 'token_wrong'], [401, 'token_expired'], [403, 'not_an_admin'], [404, 'no_admins'], [404, 'no_token_key'], [400, 'bad_token_request']]) {
  test(`after ${code} the person learns what to do, and the server's sentence is kept aside`, () => {
    const { text, detail } = shareProblemOf(rejection(status, { code, detail: 'expected an admin_tokens_file' }));

    assert.equal(text, en.SHARE_PROBLEMS[code]);
    assert.equal(detail, 'Expected an admin_tokens_file.');
  });
}

test('a code of tomorrow has the general sentence', () => {
  for (const code of ['a_word_of_tomorrow', 'constructor', undefined]) assert.equal(shareProblemOf(rejection(418, { code })).text, en.SHARE_PROBLEMS.other);
});

test('addresses that mean another machine elsewhere are known', () => {
  for (const own of ['http://localhost:8080', 'http://a.localhost', 'http://127.0.0.1', 'http://127.1', 'http://[::1]:8080']) assert.ok(isOwnMachine(new URL(own).hostname), own);
  for (const other of ['http://192.168.0.2', 'https://localhost.example.org', 'https://faces.example.org', 'http://[fe80::1]', 'http://127.0.0.1.example.org']) {
    assert.ok(!isOwnMachine(new URL(other).hostname), other);
  }
});

test('on another machine an address is of no use, without a camera, or as good as here', () => {
  assert.equal(useElsewhere('https://localhost:8080/'), 'own machine');
  assert.equal(useElsewhere('http://192.0.2.7:8080/'), 'no camera');
  assert.equal(useElsewhere('http://faces.example.org/face/'), 'no camera');
  assert.equal(useElsewhere('https://192.0.2.7:8080/'), 'full');
});
