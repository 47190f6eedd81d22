import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Trickle, fragmentOf, isUseful } from '../../client/js/connection/trickle.js';
import { fakeClock } from './clock.mjs';

const PUBLIC = 'candidate:1 1 udp 1677729535 203.0.113.7 50000 typ srflx raddr 0.0.0.0 rport 0 generation 0';
const OFFER = 'v=0\r\nm=video 9 X 96\r\na=ice-ufrag:ab+c\r\na=ice-pwd:word\r\na=mid:0\r\n';

for (const [name, text] of [
  ['the end', ''],
  ['a hidden name', 'candidate:1 1 udp 2113937151 3e1c-7.local 50000 typ host'],
  ['TCP', 'candidate:1 1 tcp 1518280447 192.0.2.1 9 typ host tcptype active'],
]) {
  test(`${name} is not sent`, () => assert.equal(isUseful(text), false));
}

test('an address is sent', () => assert.equal(isUseful(PUBLIC), true));

test('a fragment names the ICE user and the section of its candidates', () => {
  const lines = fragmentOf(OFFER, [PUBLIC]).split('\r\n');

  assert.deepEqual(lines, [
    'a=ice-ufrag:ab+c', 'a=ice-pwd:word', 'm=video 9 UDP/TLS/RTP/SAVPF 0', 'a=mid:0', `a=${PUBLIC}`, '',
  ]);
});

function connection() {
  const pc = new EventTarget();
  pc.localDescription = { sdp: OFFER };
  pc.iceGatheringState = 'gathering';
  pc.find = (candidate) => pc.dispatchEvent(Object.assign(new Event('icecandidate'), { candidate: { candidate } }));
  return pc;
}

test('candidates found after the offer are sent in one request, with the secret of the session', async (t) => {
  const requests = [];
  t.mock.method(globalThis, 'fetch', async (url, options) => requests.push({ url, ...options }));
  const pass = fakeClock(t);
  const pc = connection();
  const trickle = new Trickle(pc);
  pc.find(PUBLIC);
  trickle.offerMade();

  pc.find(PUBLIC.replace('50000', '50001'));
  trickle.begin('/sessions/7', 'hush');
  pc.find(PUBLIC.replace('50000', '50002'));
  await pass(60);

  assert.equal(requests.length, 1);
  assert.equal(requests[0].method, 'PATCH');
  assert.equal(requests[0].headers['X-Session-Secret'], 'hush');
  assert.deepEqual(requests[0].body.match(/5000\d/g), ['50001', '50002']);
});

test('gathering that ends without any candidate is detected', () => {
  const pc = connection();
  const trickle = new Trickle(pc);
  assert.equal(trickle.foundNothing, false);

  pc.iceGatheringState = 'complete';
  assert.equal(trickle.foundNothing, true);

  pc.find('candidate:1 1 udp 2113937151 3e1c-7.local 50000 typ host');
  assert.equal(trickle.foundNothing, false);
});
