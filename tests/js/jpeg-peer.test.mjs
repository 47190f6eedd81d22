/** The peer of the compatibility mode and its base class without a browser: the socket is a fake. */

import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { JpegPeer } from '../../client/js/connection/jpeg-peer.js';
import { encodeHeader } from '../../client/js/connection/jpeg-flow.js';
import { settle } from './clock.mjs';

const REPORT = {
  v: 1, seq: 0, pts: 0, fps_in: 30, fps_out: 30, dropped: 0, faces: [], ms: { wait: 1, detect: 2, landmarks: 3, emotion: 4, draw: 5 },
};
const OPENED = { type: 'opened', session_id: 's1', resume: 'r1', secret: 'hush' };

class Socket {
  static OPEN = 1;
  readyState = 1;
  bufferedAmount = 0;
  sent = [];

  constructor(url) {
    Socket.newest = this;
    this.url = String(url);
  }

  send(message) {
    this.sent.push(typeof message === 'string' ? JSON.parse(message) : message);
  }

  close() {
    this.readyState = 3;
  }

  hear(message) {
    this.onmessage({ data: message instanceof ArrayBuffer ? message : JSON.stringify(message) });
  }
}

/** Tracks of the streams that the peer created, in order. */
let streamed;

/** The browser features that the peer uses and Node.js lacks. */
beforeEach(() => {
  streamed = [];
  delete globalThis.newFrame;
  const context = { fillRect: () => {}, drawImage: () => {}, getImageData: () => ({ data: new Uint8ClampedArray(4).map((_, i) => [18, 52, 86][i]) }) };
  const make = {
    canvas: () => ({ getContext: () => context, captureStream: () => ({ getTracks: () => [] }), toBlob: (take) => take(new Blob(['jpeg'])) }),
    video: () => ({ videoWidth: 640, videoHeight: 480, play: async () => {}, requestVideoFrameCallback: (take) => (globalThis.newFrame = take) }),
  };
  Object.assign(globalThis, {
    WebSocket: Socket,
    location: new URL('http://127.0.0.1:1/face/'),
    document: { createElement: (name) => make[name](), hidden: false },
    MediaStream: class {
      constructor(tracks) {
        streamed.push(...tracks);
      }
    },
    createImageBitmap: async () => ({ width: 1, height: 1, close: () => {} }),
    fetch: async () => ({ ok: true }),
  });
});

function heard() {
  const all = { video: 0, telemetry: [], control: [], lost: [], shown: [] };
  const events = {
    onVideo: () => (all.video += 1),
    onTelemetry: (telemetry) => all.telemetry.push(telemetry.seq),
    onControl: (message) => all.control.push(message.type),
    onFlow: () => {},
    onLost: (error) => all.lost.push(`${error.key} ${error.code}`.trim()),
    onShown: (frame) => all.shown.push(frame),
  };
  return { all, events };
}

const TRACK = { getSettings: () => ({ frameRate: 10 }), muted: false };
const STREAM = { getVideoTracks: () => [TRACK] };

async function opened(t, stream = STREAM) {
  const { all, events } = heard();
  const peer = new JpegPeer(events, 'http://127.0.0.1:1/face/', 'r0', 'secret', 8);
  const opening = peer.open(stream);
  const socket = Socket.newest;
  socket.onopen();
  socket.hear(OPENED);
  await opening;
  t.after(() => peer.close());
  return { peer, socket, all };
}

test('it opens the socket below the path of the page, with both tokens and the number of the first face, and then has a session', async (t) => {
  const { peer, socket } = await opened(t);

  assert.equal(socket.url, 'ws://127.0.0.1:1/face/pictures');
  assert.deepEqual(socket.sent, [{ type: 'open', token: 'secret', resume: 'r0', first_face_id: 8, record: false }]);
  assert.deepEqual([peer.sessionId, peer.resumeToken, peer.closed], ['s1', 'r1', false]);
});

test('a rejection becomes an error with its code and its retry time', async () => {
  const { events } = heard();
  const opening = new JpegPeer(events).open(null);
  Socket.newest.hear({ type: 'refused', status: 503, code: 'draining', title: 'x', detail: 'back soon', retry_after_s: 3 });

  await assert.rejects(opening, (error) => error.key === 'draining' && error.message === 'back soon' && error.retryMs === 3000);
});

for (const [what, answers, key] of [['answers HTTP', async () => ({}), 'noMedia'], ['is away', async () => Promise.reject(new Error('refused')), 'serverAway']]) {
  test(`a socket that closes before a reply, of a server that ${what}, is "${key}"`, async () => {
    globalThis.fetch = answers;
    const { events } = heard();
    const opening = new JpegPeer(events).open(null);
    Socket.newest.onclose();

    await assert.rejects(opening, (error) => error.key === key);
  });
}

test('frames are sent with their header and come back with their latency', async (t) => {
  const { socket, all } = await opened(t);
  await settle();
  globalThis.newFrame(performance.now());
  await settle();
  const frame = socket.sent.at(-1);
  assert.equal(frame.size, 8 + 4);

  socket.hear(REPORT);
  const header = await frame.slice(0, 8).arrayBuffer();
  socket.hear(new Uint8Array([...new Uint8Array(header), 1, 2]).buffer);
  await settle();

  assert.deepEqual(all.telemetry, [0]);
  assert.equal(all.video, 1);
  assert.deepEqual(Object.keys(all.shown[0].ms), ['camera', 'network', 'encode', 'display']);
});

test('a frame that the page did not send is shown, but has no latency', async (t) => {
  const { socket, all } = await opened(t);

  socket.hear(new Uint8Array([...new Uint8Array(encodeHeader(77)), 1]).buffer);
  await settle();

  assert.deepEqual([all.video, all.shown], [1, []]);
});

test('no frame is sent while the socket has a backlog', async (t) => {
  const { socket } = await opened(t);
  await settle();
  socket.bufferedAmount = 1;

  globalThis.newFrame(performance.now());
  await settle();

  assert.equal(socket.sent.length, 1);
});

test('the code of a notice is the reason for the end of the session', async (t) => {
  const { peer, socket, all } = await opened(t);
  socket.hear({ type: 'notice', code: 'silence', detail: 'in words' });

  socket.onclose({ code: 1001 });

  assert.deepEqual(all.control, ['notice']);
  assert.deepEqual(all.lost, ['ended silence']);
  assert.equal(peer.closed, true);
  assert.equal(peer.resumeToken, 'r1');
});

for (const [code, key] of [[1006, 'cut'], [1000, 'closed']]) {
  test(`without a notice, close code ${code} is "${key}", reported once and without a goodbye`, async (t) => {
    const { socket, all } = await opened(t);

    socket.onclose({ code });
    socket.onclose({ code });

    assert.deepEqual(all.lost, [key]);
    assert.ok(!socket.sent.some(({ type }) => type === 'bye'));
  });
}

test('close() says goodbye and reports no loss', async (t) => {
  const { peer, socket, all } = await opened(t);

  peer.close();
  socket.onclose({ code: 1000 });

  assert.deepEqual(socket.sent.at(-1), { type: 'bye' });
  assert.deepEqual(all.lost, []);
});

test('a check of a server that does not respond is a loss', async (t) => {
  const { peer, all } = await opened(t);
  await peer.check();
  assert.deepEqual(all.lost, []);

  globalThis.fetch = async () => Promise.reject(new Error('refused'));
  await peer.check();

  assert.deepEqual(all.lost, ['cut']);
});

test('an unanswered ping is a loss if nothing else arrives; an answered one measures the round trip', async (t) => {
  let nowMs = 1000;
  t.mock.method(performance, 'now', () => nowMs);
  const { peer, socket, all } = await opened(t, null);
  peer.ping();
  nowMs += 40;
  socket.hear({ type: 'pong', id: 1 });
  assert.equal((await peer.rates()).rttMs, 40);

  nowMs += 10;
  peer.ping();
  nowMs += 7000;
  peer.ping();

  assert.deepEqual(all.lost, ['cut']);
});

test('rates cover the time since the last call; a closed peer has none', async (t) => {
  let nowMs = 0;
  t.mock.method(performance, 'now', () => nowMs);
  const { peer, socket } = await opened(t, null);
  nowMs = 2000;
  for (const timeMs of [1, 2]) socket.hear(new Uint8Array([...new Uint8Array(encodeHeader(timeMs)), ...new Uint8Array(992)]).buffer);
  await settle();

  const rates = await peer.rates();
  assert.deepEqual([rates.codec, rates.kbps], ['JPEG', 8]);
  assert.deepEqual(rates.ms, {}); // not measured here

  peer.close();
  assert.equal(await peer.rates(), null);
});

for (const [what, stream] of [['none', null], ['another', { getVideoTracks: () => [{ ...TRACK }] }]]) {
  test(`a track that replaces ${what} before the session opens is sent`, async () => {
    const { events } = heard();
    const peer = new JpegPeer(events);
    const opening = peer.open(stream);
    await peer.replaceTrack(TRACK);
    Socket.newest.hear(OPENED);
    await opening;
    await settle();

    assert.equal(typeof globalThis.newFrame, 'function');
    assert.equal(streamed.length, 1);
    assert.equal(streamed[0], TRACK);
    peer.close();
  });
}
