/** Deleting what the server keeps of a session, without a server; and the sentence for each reason why it cannot. */

import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';

import { asPeerError } from '../../client/js/connection/errors.js';
import { deleteRecord } from '../../client/js/connection/server-record.js';
import { recordProblemOf } from '../../client/js/panels/record-panel.js';

const OWNED = { sessionId: 'a/b', secret: 's' };
const { fetch } = globalThis;

/** @param {number} status @param {unknown} [body] @returns {[string, RequestInit][]} the requests from now on */
function answering(status, body) {
  const requests = [];
  globalThis.fetch = async (...request) => {
    requests.push(request);
    return new Response(status === 204 ? null : JSON.stringify(body), { status });
  };
  return requests;
}

afterEach(() => {
  globalThis.fetch = fetch;
});

test('the secret is in a header, not in the address', async () => {
  const requests = answering(204);

  assert.equal(await deleteRecord('https://x/face', OWNED), 'deleted');

  const [[address, { method, headers }]] = requests;
  assert.deepEqual([address, method, headers], ['https://x/face/sessions/a%2Fb/record', 'DELETE', { 'X-Session-Secret': 's' }]);
});

test('a server that has nothing of the session is no error', async () => {
  answering(404, { code: 'no_record', detail: 'there is no record' });

  assert.equal(await deleteRecord('', OWNED), 'nothing');
});

for (const [status, body, words] of [
  [503, { code: 'record_in_use', detail: 'x' }, /at the moment/],
  [403, { code: 'not_your_session', detail: 'x' }, /does not accept/],
  [404, { detail: 'no such page' }, /the server says: No such page\./],
]) {
  test(`the page says why nothing was deleted: ${status} ${body.code ?? ''}`, async () => {
    answering(status, body);

    await assert.rejects(deleteRecord('', OWNED), (error) => words.test(recordProblemOf(asPeerError(error))));
  });
}

test('a server that is away has deleted nothing', async () => {
  globalThis.fetch = () => Promise.reject(new TypeError('Failed to fetch'));

  await assert.rejects(deleteRecord('', OWNED), (error) => /cannot be reached/.test(recordProblemOf(asPeerError(error))));
});
