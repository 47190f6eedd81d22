/** The WebRTC peer without a browser: its peer connection is a fake. */

import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { Peer } from '../../client/js/connection/peer.js';
import { fakeClock, settle } from './clock.mjs';

const ANSWER = { sdp: 'v=0 answer', type: 'answer', session_id: 's1', resume: 'r1', secret: 'hush', recorded: true, resumed: true };
const CANDIDATE = 'candidate:1 1 udp 2113937151 192.0.2.1 50000 typ host';
const TRACK = { kind: 'video' };
const STREAM = { getVideoTracks: () => [TRACK] };

class Connection extends EventTarget {
  connectionState = 'new';
  iceGatheringState = 'gathering';
  localDescription = null;
  channels = {};
  closed = false;

  constructor(options) {
    super();
    this.options = options;
    Connection.newest = this;
  }

  addTransceiver(track, init) {
    this.sender = { track, init, replaceTrack: async (next) => (this.sender.track = next) };
  }

  getSenders() {
    return [this.sender];
  }

  createDataChannel(label, options) {
    this.channels[label] = { readyState: 'open', options, sent: [], send: (text) => this.channels[label].sent.push(JSON.parse(text)) };
    return this.channels[label];
  }

  async setLocalDescription() {
    this.localDescription = { sdp: 'v=0 offer', type: 'offer' };
  }

  async setRemoteDescription(answer) {
    this.answer = answer;
  }

  /** Rejects after close(), as Firefox before 151 does. */
  async getStats() {
    if (this.closed) throw new DOMException('Peer connection is closed', 'InvalidStateError');
    return new Map();
  }

  close() {
    this.closed = true;
  }

  /** Gathering is complete. @param {string} [candidate] the only one; none: no candidate was found */
  gathered(candidate) {
    if (candidate) this.dispatchEvent(Object.assign(new Event('icecandidate'), { candidate: { candidate } }));
    this.iceGatheringState = 'complete';
    this.onicegatheringstatechange?.();
  }

  become(state) {
    this.connectionState = state;
    this.onconnectionstatechange?.();
  }
}

let requests;
let beacons;
let respond;

beforeEach(() => {
  requests = [];
  beacons = [];
  respond = async () => Response.json(ANSWER);
  globalThis.RTCPeerConnection = Connection;
  globalThis.MediaStream = class {
    constructor(tracks) {
      this.tracks = tracks;
    }
  };
  globalThis.fetch = async (url, options = {}) => {
    requests.push({ url, ...options });
    return respond(url);
  };
  Object.defineProperty(globalThis, 'navigator', { configurable: true, value: { sendBeacon: (url, body) => beacons.push([url, body]) } });
});

function peerOf(resume = '', token = '', firstFaceId = 1, recordDays = null) {
  const heard = { video: [], telemetry: [], control: [], flow: [], lost: [] };
  const events = {
    onVideo: (stream) => heard.video.push(stream),
    onTelemetry: ({ seq }) => heard.telemetry.push(seq),
    onControl: ({ type }) => heard.control.push(type),
    onFlow: (flow) => heard.flow.push(flow),
    onLost: (error) => heard.lost.push(`${error.key} ${error.code}`.trim()),
  };
  return { heard, peer: new Peer(events, 'http://127.0.0.1:1/face/', resume, token, firstFaceId, recordDays) };
}

async function opened(...given) {
  const made = peerOf(...given);
  const opening = made.peer.open(STREAM);
  await settle();
  const pc = Connection.newest;
  pc.gathered(CANDIDATE);
  await settle();
  pc.become('connected');
  await opening;
  return { ...made, pc };
}

test('the offer carries token, resume token and the number of the first face, and the answer names the session', async () => {
  const { peer, pc } = await opened('r0', 'secret', 8);

  const [offer] = requests;
  assert.equal(offer.url, 'http://127.0.0.1:1/face/offer');
  assert.equal(offer.headers.Authorization, 'Bearer secret');
  assert.deepEqual(JSON.parse(offer.body), { sdp: 'v=0 offer', type: 'offer', resume: 'r0', first_face_id: 8, record: false });
  assert.deepEqual(pc.answer, { sdp: ANSWER.sdp, type: 'answer' });
  assert.deepEqual([peer.sessionId, peer.resumeToken], ['s1', 'r1']);
  assert.equal(pc.sender.track, TRACK);
});

test('a server may keep the results only if the person agrees and for the days that the person has read, and its answer says whether it does', async () => {
  const { peer } = await opened('', '', 1, 7);
  await opened('', '', 1, 0);

  const [bounded, unbounded] = requests.map(({ body }) => JSON.parse(body));
  assert.deepEqual([bounded.record, bounded.record_days], [true, 7]);
  assert.deepEqual([unbounded.record, 'record_days' in unbounded], [true, false]);
  assert.equal(peer.recorded, true);
  assert.equal(peer.resumed, true);
});

test('without tokens, no token is sent', async () => {
  await opened();

  assert.equal('Authorization' in requests[0].headers, false);
  assert.deepEqual(Object.keys(JSON.parse(requests[0].body)), ['sdp', 'type', 'first_face_id', 'record']);
});

test('an offer can be made before there is a track', async () => {
  const { peer } = peerOf();
  peer.open(null).catch(() => {});
  await settle();

  assert.equal(Connection.newest.sender.track, 'video');
  peer.close();
});

for (const [status, body, key] of [
  [503, { code: 'no_media_port', title: 'x', detail: 'all taken' }, 'noPort'],
  [503, { code: 'server_full', title: 'The server has no port for media', detail: '1 of 1' }, 'full'],
  [503, 'no JSON', 'full'],
  [401, { code: 'token_wrong' }, 'token'],
]) {
  test(`a rejected offer (${status} ${body.code ?? 'without a code'}) is "${key}", and the connection is closed`, async () => {
    respond = async () => new Response(typeof body === 'string' ? body : JSON.stringify(body), { status, headers: { 'Retry-After': '4' } });
    const { peer } = peerOf();
    const opening = peer.open(STREAM);
    await settle();
    Connection.newest.gathered(CANDIDATE);

    await assert.rejects(opening, (error) => error.key === key && error.retryMs === 4000);
    assert.equal(Connection.newest.closed, true);
    assert.deepEqual(beacons, []);
  });
}

test('a server that cannot be reached is "serverAway"', async () => {
  respond = async () => Promise.reject(new TypeError('failed to fetch'));
  const { peer } = peerOf();
  const opening = peer.open(STREAM);
  await settle();
  Connection.newest.gathered(CANDIDATE);

  await assert.rejects(opening, (error) => error.key === 'serverAway');
});

for (const [what, RTCPeerConnection] of [
  ['no WebRTC', undefined],
  ['a class that throws', class { constructor() { throw new Error('switched off'); } }],
  ['a class that does nothing', class {}],
  ['no offer', class extends Connection { setLocalDescription = async () => Promise.reject(new Error('no codec')); }],
]) {
  test(`a browser with ${what} is "noWebrtc", without a request`, async () => {
    globalThis.RTCPeerConnection = RTCPeerConnection;

    await assert.rejects(peerOf().peer.open(STREAM), (error) => error.key === 'noWebrtc');
    assert.deepEqual(requests, []);
  });
}

test('an answer that the browser cannot use is "noWebrtc", and the page says goodbye', async () => {
  globalThis.RTCPeerConnection = class extends Connection {
    setRemoteDescription = async () => Promise.reject(new Error('no codec'));
  };
  const opening = peerOf().peer.open(STREAM);
  await settle();
  Connection.newest.gathered(CANDIDATE);

  await assert.rejects(opening, (error) => error.key === 'noWebrtc' && error.message === 'no codec');
  assert.deepEqual(beacons, [['http://127.0.0.1:1/face/sessions/s1/bye', 'hush']]);
});

test('a browser that finds no candidate at all is "noMedia", without an offer', async () => {
  const opening = peerOf().peer.open(STREAM);
  await settle();
  Connection.newest.gathered();

  await assert.rejects(opening, (error) => error.key === 'noMedia');
  assert.deepEqual(requests, []);
});

test('ICE that fails is "noMedia", and so is media that does not flow in time', async (t) => {
  const pass = fakeClock(t);
  const { peer } = peerOf();
  const failing = peer.open(STREAM);
  await settle();
  Connection.newest.gathered(CANDIDATE);
  await settle();
  Connection.newest.become('failed');
  await assert.rejects(failing, (error) => error.key === 'noMedia');

  const late = peerOf().peer.open(STREAM, 6000);
  const rejected = assert.rejects(late, (error) => error.key === 'noMedia');
  await settle();
  Connection.newest.gathered(CANDIDATE);
  await settle();
  await pass(6000);
  await rejected;
});

test('the offer does not wait long for candidates', async (t) => {
  const pass = fakeClock(t);
  peerOf().peer.open(STREAM).catch(() => {});
  await settle();

  await pass(100);

  assert.equal(requests.length, 1);
  Connection.newest.become('failed');
});

test('closed before open(), it opens nothing; closed before the answer, it says goodbye', async () => {
  const early = peerOf().peer;
  early.close();
  await assert.rejects(early.open(STREAM), (error) => error.key === 'closed');
  assert.deepEqual(beacons, []);

  const { peer } = peerOf();
  const opening = peer.open(STREAM);
  await settle();
  respond = async () => {
    peer.close();
    return Response.json(ANSWER);
  };
  Connection.newest.gathered(CANDIDATE);
  await assert.rejects(opening, (error) => error.key === 'closed');
  assert.equal(beacons.length, 1);
});

test('closed while candidates are gathered, it makes no offer', async () => {
  const { peer } = peerOf();
  const opening = peer.open(STREAM);
  await settle();
  peer.close();
  Connection.newest.gathered(CANDIDATE);

  await assert.rejects(opening, (error) => error.key === 'closed');
  assert.deepEqual(requests, []);
});

test('video, reports and messages become events; anything else is ignored', async () => {
  const { heard, pc } = await opened();
  const receiver = { jitterBufferTarget: null };
  pc.ontrack({ track: TRACK, receiver });
  pc.channels.telemetry.onmessage({ data: '{"v":2}' });
  pc.channels.telemetry.onmessage({ data: '{"v":1,"seq":3,"pts":0,"fps_in":1,"fps_out":1,"dropped":0,"faces":[],"ms":{"wait":0,"detect":0,"landmarks":0,"emotion":0,"draw":0}}' });
  pc.channels.control.onmessage({ data: '{' });
  pc.channels.control.onmessage({ data: '{"type":"hello"}' });

  assert.equal(receiver.jitterBufferTarget, 0);
  assert.deepEqual(heard.video[0].tracks, [TRACK]);
  assert.deepEqual([heard.telemetry, heard.control], [[3], ['hello']]);
});

test('a message that is delivered after the connection was closed is ignored', async () => {
  const { peer, heard } = await opened();
  const { telemetry } = Connection.newest.channels;

  peer.close();
  telemetry.onmessage({ data: '{"v":1,"seq":3,"pts":0,"fps_in":1,"fps_out":1,"dropped":0,"faces":[],"ms":{"wait":0,"detect":0,"landmarks":0,"emotion":0,"draw":0}}' });

  assert.deepEqual(heard.telemetry, []);
});

test('requests go over the channel "control" while it is open', async () => {
  const { peer, pc } = await opened();
  peer.ping();
  pc.channels.control.readyState = 'closed';
  peer.send({ type: 'layers' });

  assert.deepEqual(pc.channels.control.sent, [{ type: 'ping', id: 0 }]);
});

test('a closed channel ends the session; a notice before it gives the reason', async () => {
  const plain = await opened();
  plain.pc.channels.control.onclose();
  assert.deepEqual(plain.heard.lost, ['closed']);

  const noticed = await opened();
  noticed.pc.channels.control.onmessage({ data: '{"type":"notice","code":"stopping","detail":"in words"}' });
  noticed.pc.channels.control.onclose();
  noticed.pc.become('closed');
  assert.deepEqual(noticed.heard.lost, ['ended stopping']);

  // It asks this peer to connect again; the session goes on.
  const moving = await opened();
  moving.pc.channels.control.onmessage({ data: '{"type":"notice","code":"move","detail":"in words"}' });
  moving.pc.channels.control.onclose();
  assert.deepEqual(moving.heard.lost, ['closed']);
});

test('ICE "disconnected" is an interruption; after six seconds it is a loss', async (t) => {
  const pass = fakeClock(t);
  const { heard, pc } = await opened();

  pc.become('disconnected');
  await pass(5000);
  pc.become('connected');
  await pass(5000);
  assert.deepEqual([heard.flow, heard.lost], [['interrupted', 'connected'], []]);

  pc.become('disconnected');
  await pass(6000);
  assert.deepEqual(heard.lost, ['cut']);
});

test('ICE "failed" is a loss without a goodbye; close() then says goodbye once', async () => {
  const { peer, heard, pc } = await opened();
  pc.become('failed');
  assert.deepEqual([heard.lost, beacons], [['cut'], []]);

  peer.close();
  peer.close();

  assert.equal(beacons.length, 1);
});

test('replaceTrack() changes the track of an open connection, but not of a closed one', async () => {
  const { peer, pc } = await opened();
  await peer.replaceTrack('another');
  peer.close();
  await peer.replaceTrack('a third');

  assert.equal(pc.sender.track, 'another');
});

test('rates cover the time between two calls; the first call and a closed peer give none', async () => {
  const { peer } = await opened();
  assert.equal(await peer.rates(), null);
  assert.equal((await peer.rates()).shownFps, 0);
  peer.close();
  assert.equal(await peer.rates(), null);
  assert.equal(await peerOf().peer.rates(), null);
});

test('a server that is asked whether it has the session gets a fragment without candidates', async () => {
  const { peer, heard } = await opened();
  requests.length = 0;
  respond = async () => new Response(null, { status: 204 });

  await peer.check();

  const [{ url, method, headers, body }] = requests;
  assert.match(url, /\/sessions\/s1$/);
  assert.deepEqual([method, headers['X-Session-Secret'], /candidate/.test(body)], ['PATCH', 'hush', false]);
  assert.deepEqual(heard.lost, []);
  peer.close();
});

for (const [what, answer, lost] of [
  ['no such session', async () => new Response('', { status: 404 }), ['cut']],
  ['a gateway whose node is gone', async () => new Response('', { status: 503 }), ['cut']],
  ['no answer', () => Promise.reject(new TypeError('refused')), ['cut']],
  ['another error', async () => new Response('', { status: 400 }), []],
]) {
  test(`${what}: the session is ${lost.length ? 'lost' : 'there'}`, async () => {
    const { peer, heard } = await opened();
    respond = answer;

    await peer.check();

    assert.deepEqual(heard.lost, lost);
    peer.close();
  });
}

test('without a secret, the address is asked', async () => {
  respond = async () => Response.json({ ...ANSWER, secret: undefined });
  const { peer, heard } = await opened();
  respond = () => Promise.reject(new TypeError('refused'));

  await peer.check();

  assert.match(requests.at(-1).url, /\/healthz$/);
  assert.deepEqual(heard.lost, ['cut']);
});
