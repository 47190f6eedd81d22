/** The actions of a visit in each state: sources, connections, retries, tokens. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { PeerError } from '../../client/js/connection/errors.js';
import { State, Transport } from '../../client/js/visit/visit-states.js';
import { FULL, ended, harness, reach, reachAdmitted } from './visit-harness.mjs';
import { settle } from './clock.mjs';

test('a start asks for consent, opens the source, then connects with it', async (t) => {
  const h = harness(t);
  await h.start();
  assert.equal(h.asked.consent, 1);
  assert.equal(h.peers.length, 0);

  await h.openCamera();
  await h.admit();

  assert.equal(h.peer().opened.stream, h.source().stream);
  assert.equal(h.session, 'session 1');
  assert.deepEqual(h.states, [State.STARTING, State.CONNECTING, State.WAITING]);
  assert.deepEqual(h.happenings, ['began']);
});

test('without consent no source is opened', async (t) => {
  const h = harness(t, { consents: false });

  await h.start();

  assert.equal(h.cameras.length, 0);
  assert.equal(h.visit.state, State.IDLE);
});

test('consent that is withdrawn is required again at the next start, and nothing opens', async (t) => {
  const h = harness(t);
  await reach(h, State.STOPPED);
  h.consents = false;

  await h.start();

  assert.equal(h.asked.consent, 2);
  assert.equal(h.cameras.length, 1);
  assert.equal(h.visit.state, State.STOPPED);
});

test('two quick starts open one source', async (t) => {
  const h = harness(t);

  h.visit.start();
  h.visit.start();
  await settle();

  assert.equal(h.cameras.length, 1);
});

test('of two quick changes of size the second wins, over the same connection', async (t) => {
  const h = harness(t);
  await reach(h, State.CONNECTED);

  await h.change('1280');
  await h.change('320');
  await h.openCamera(); // of 1280
  await h.openCamera();

  assert.deepEqual(h.cameras.map(({ source }) => [source.options, source.closed]), [['640', true], ['1280', true], ['320', false]]);
  assert.deepEqual([...new Set(h.peer().tracks)], ['track of 320']);
  assert.equal(h.peers.length, 1);
  assert.equal(h.visit.state, State.CONNECTED);
});

test('a change while the page connects is sent once the connection is open', async (t) => {
  const h = harness(t);
  await reach(h, State.CONNECTING);

  await h.change('320');
  await h.openCamera();
  await h.admit();

  assert.equal(h.peer().opened.stream.getVideoTracks()[0], 'track of 640');
  assert.equal(h.peer().tracks.at(-1), 'track of 320');
});

test('a change while nothing runs opens nothing', async (t) => {
  const h = harness(t);

  await h.change('320');
  assert.equal(h.cameras.length, 0);

  await h.start();
  assert.equal(h.source().options, '320');
});

test('a connection lost while another source opens is restored with that source', async (t) => {
  const h = harness(t);
  await reach(h, State.CONNECTED);
  await h.change('320');

  await h.lose('cut');
  assert.equal(h.visit.state, State.RECONNECTING);
  await h.openCamera();
  assert.equal(h.visit.state, State.RECONNECTING);
  await h.pass(500);
  await h.admit();

  assert.equal(h.peers.length, 2);
  assert.equal(h.peer().opened.stream.getVideoTracks()[0], 'track of 320');
  assert.equal(h.visit.state, State.WAITING);
});

test('a connection lost before the new source is open does not count as open', async (t) => {
  const h = harness(t);
  await reach(h, State.CONNECTING);
  await h.change('320');
  await h.admit();
  await h.lose('cut');

  await h.openCamera();

  assert.equal(h.visit.state, State.RECONNECTING);
});

test('a source that fails to open ends the visit, unless another has replaced it', async (t) => {
  const h = harness(t);
  await reach(h, State.CONNECTED);
  await h.change('1280');
  await h.change('320');
  h.cameras.at(-1).reject(new Error('busy'));
  await settle();
  assert.equal(h.visit.state, State.CONNECTED);

  await h.openCamera();
  await h.change('640');
  h.camera().reject(new Error('busy'));
  await settle();

  assert.equal(h.visit.state, State.LOST);
  assert.equal(h.said.at(-1), 'unknown');
});

test('stopped while it connects, everything is closed and a late answer is ignored', async (t) => {
  const h = harness(t);
  await reach(h, State.CONNECTING);
  const peer = h.peer();

  h.visit.stop();
  peer.admit();
  await settle();

  assert.equal(peer.closed, true);
  assert.equal(h.source().closed, true);
  assert.equal(h.visit.state, State.STOPPED);
  assert.equal(h.session, undefined);
  assert.deepEqual(h.happenings, ['began', 'stopped']);
});

test('stopped while it connects, it does not fall back after a late failure', async (t) => {
  const h = harness(t);
  await reach(h, State.CONNECTING);

  h.visit.stop();
  await h.reject('noMedia');

  assert.equal(h.peers.length, 1);
  assert.equal(h.visit.state, State.STOPPED);
});

test('stopped while a retry waits for another source, no connection is opened', async (t) => {
  const h = harness(t);
  await reach(h, State.RECONNECTING);
  await h.change('320');
  h.visit.tryNow();
  await settle();

  h.visit.stop();
  await h.openCamera();

  assert.equal(h.peers.length, 2);
  assert.equal(h.peer().opened, undefined);
});

test('stopped while the source opens, it is closed as soon as it is open', async (t) => {
  const h = harness(t);
  await h.start();

  h.visit.stop();
  await h.openCamera();

  assert.equal(h.source().closed, true);
  assert.equal(h.peers.length, 0);
  assert.equal(h.visit.state, State.STOPPED);
});

test('stopped while it counts down, it does not try again', async (t) => {
  for (const state of [State.QUEUED, State.RECONNECTING]) {
    await t.test(state, async (inner) => {
      const h = harness(inner);
      await reach(h, state);

      h.visit.stop();
      await h.pass(20_000);

      assert.equal(h.peers.length, 1);
      assert.equal(h.visit.state, State.STOPPED);
    });
  }
});

test('stop() does nothing while nothing runs', (t) => {
  const h = harness(t);

  h.visit.stop();

  assert.deepEqual([h.states, h.happenings, h.releases], [[], [], 0]);
});

for (const key of ['noMedia', 'noWebrtc', 'offer', 'fault', 'noPort']) {
  test(`after "${key}" the page falls back, once`, async (t) => {
    const h = harness(t);
    await reach(h, State.CONNECTING);

    await h.reject(key);
    assert.deepEqual(h.peers.map(({ transport }) => transport), [Transport.WEBRTC, Transport.JPEG]);
    await h.reject(key);

    assert.equal(h.peers.length, 2);
    assert.equal(h.visit.state, State.FAILED);
    assert.deepEqual(h.happenings, ['began', `fellBack ${key}`, `failed ${key}`]);
  });
}

test('the fallback resumes the session that the server still keeps', async (t) => {
  const h = harness(t);
  await reach(h, State.CONNECTING);
  h.peer().resumeToken = 'of an answer without media';

  await h.reject('noMedia');

  assert.equal(h.peer().resume, 'of an answer without media');
});

test('without network the error is offline, until there is one', async (t) => {
  const h = harness(t);
  h.offline = true;
  await reach(h, State.CONNECTING);
  await h.reject('serverAway');
  assert.deepEqual([h.visit.state, h.said.at(-1)], [State.FAILED, 'offline']);

  h.visit.comeOnline();

  assert.equal(h.visit.state, State.IDLE);
});

test('a network that comes back does not hide another problem', async (t) => {
  const h = harness(t);
  await reach(h, State.CONNECTING);
  await h.reject('serverAway');

  h.visit.comeOnline();

  assert.equal(h.visit.state, State.FAILED);
});

for (const error of ['token', 'tooMany', 'full', 'draining', 'rejected', 'serverAway']) {
  test(`the page does not fall back after "${error}"`, async (t) => {
    const h = harness(t);
    await reach(h, State.CONNECTING);

    await h.reject(error);

    assert.equal(h.peers.length, 1);
  });
}

test('without a fallback on the server, WebRTC gets more time and the page does not fall back', async (t) => {
  const h = harness(t, { traits: { hasFallback: false, needsToken: false, hasRelays: false } });
  await reach(h, State.CONNECTING);
  assert.equal(h.peer().opened.connectMs, undefined);

  await h.reject('noMedia');

  assert.equal(h.peers.length, 1);
  assert.equal(h.visit.state, State.FAILED);
});

test('with a fallback, WebRTC gets less time; the compatibility mode gets its own limit', async (t) => {
  const h = harness(t);
  await reach(h, State.CONNECTING);
  assert.equal(h.peer().opened.connectMs, 6000);

  await h.reject('noMedia');

  assert.equal(h.peer().opened.connectMs, undefined);
});

test('a visit that fell back reconnects in compatibility mode; the next start tries WebRTC again', async (t) => {
  const h = harness(t);
  await reach(h, State.CONNECTING);
  await h.reject('noMedia');
  await h.admit();
  await h.lose('cut');
  await h.pass(500);
  await h.admit();
  h.visit.stop();

  await reach(h, State.WAITING);

  assert.deepEqual(h.peers.map(({ transport }) => transport), ['webrtc', 'jpeg', 'jpeg', 'webrtc']);
});

test('where the camera can never open, nobody is asked to agree, for a token, or for the camera', async (t) => {
  const h = harness(t, { obstacle: new PeerError('insecure'), traits: { hasFallback: true, needsToken: true, hasRelays: false } });

  await h.start();

  assert.deepEqual([h.asked.consent, h.asked.token, h.cameras.length], [0, [], 0]);
  assert.equal(h.said.at(-1), 'insecure');
  assert.equal(h.visit.state, State.IDLE);
});

test('without WebRTC and fallback, no camera is opened', async (t) => {
  const h = harness(t, { hasWebrtc: false, traits: { hasFallback: false, needsToken: false, hasRelays: false } });

  await h.start();

  assert.equal(h.cameras.length, 0);
  assert.deepEqual(h.said, ['', 'noWebrtc']);
  assert.equal(h.visit.state, State.FAILED);
});

test('credentials of relays are fetched for each WebRTC connection, and only if there are any', async (t) => {
  const h = harness(t, { traits: { hasFallback: true, needsToken: false, hasRelays: true } });
  await reach(h, State.CONNECTING);
  assert.deepEqual(h.peer().opened.iceServers, [{ urls: ['turn:a'] }]);
  await h.reject('noMedia');
  assert.deepEqual(h.peer().opened.iceServers, []);
  assert.equal(h.asked.iceServers, 1);
});

test('the page asks for a required token before it opens anything; without one, nothing happens', async (t) => {
  const h = harness(t, { traits: { hasFallback: true, needsToken: true, hasRelays: true } });

  await h.start();

  assert.deepEqual(h.asked.token, ['']);
  assert.equal(h.asked.consent, 0);
  assert.equal(h.visit.state, State.IDLE);

  h.tokens = ['secret'];
  await h.start();
  await h.openCamera();
  assert.equal(h.visit.state, State.CONNECTING);

  // The page does not ask again for a token that it has.
  h.visit.stop();
  await h.start();
  assert.deepEqual(h.asked.token, ['', '']);
});

test('a wrong token is found out before the camera opens, until a right one is entered', async (t) => {
  const h = harness(t, { traits: { hasFallback: true, needsToken: true, hasRelays: false }, token: 'old', wrongTokens: ['old', 'typo'], tokens: ['typo', 'right'] });

  await h.start();

  assert.deepEqual(h.asked.token, ['token', 'token']);
  assert.equal(h.token, 'right');
  assert.deepEqual(h.states, [State.STARTING]);
  assert.equal(h.cameras.length, 1);
});

test('without another token nothing opens, and two quick starts ask once', async (t) => {
  const h = harness(t, { traits: { hasFallback: true, needsToken: true, hasRelays: false }, token: 'old', wrongTokens: ['old'] });

  await Promise.all([h.start(), h.start()]);

  assert.deepEqual(h.asked.token, ['token']);
  assert.equal(h.cameras.length, 0);
  assert.equal(h.visit.state, State.IDLE);
});

test('a server that needs no token is not asked about one', async (t) => {
  const h = harness(t, { token: 'of another server' });

  await h.start();

  assert.equal(h.asked.checks, 0);
});

test('after a rejected token the page asks for another one and starts again', async (t) => {
  const h = harness(t, { token: 'wrong', tokens: ['right'] });
  await reach(h, State.CONNECTING);

  await h.reject('token');

  assert.deepEqual(h.asked.token, ['token']);
  assert.deepEqual(h.states, [State.STARTING, State.CONNECTING, State.FAILED, State.STARTING]);
  assert.equal(h.said[2], 'token');
});

test('without another token the problem stays on the page', async (t) => {
  const h = harness(t, { token: 'wrong' });
  await reach(h, State.CONNECTING);

  await h.reject('token');

  assert.equal(h.visit.state, State.FAILED);
});

test('a token that is rejected when the page reconnects ends the visit', async (t) => {
  const h = harness(t);
  await reach(h, State.RECONNECTING);
  await h.pass(500);

  await h.reject('token');

  assert.equal(h.visit.state, State.LOST);
  assert.deepEqual(h.asked.token, []);
});

for (const key of ['full', 'draining', 'tooMany']) {
  test(`after "${key}" with Retry-After the page waits with the camera off, and opens it when it is admitted`, async (t) => {
    const h = harness(t);
    await reach(h, State.CONNECTING);
    await h.reject(Object.assign(FULL(), { key }));
    assert.equal(h.source().closed, true);
    assert.equal(h.countdowns[0], 5);

    await h.pass(4900);
    assert.equal(h.peers.length, 1);
    await h.pass(200);
    assert.equal(h.countdowns.at(-1), 0);
    assert.equal(h.peer().opened.stream, null);
    assert.equal(h.cameras.length, 1);
    await h.admit();
    assert.equal(h.cameras.length, 2);
    await h.openCamera();

    assert.deepEqual(h.peer().tracks, ['track of 640']);
    assert.deepEqual(h.states.slice(2), [State.QUEUED, State.STARTING, State.WAITING]);
    assert.deepEqual(h.happenings, ['began', `queued ${key}`]);
  });

  test(`after "${key}" without Retry-After the page does not wait`, async (t) => {
    const h = harness(t);
    await reach(h, State.CONNECTING);

    await h.reject(key);

    assert.equal(h.visit.state, State.FAILED);
  });
}

test('after the token question a full server is waited for', async (t) => {
  const h = harness(t, { traits: { hasFallback: true, needsToken: true, hasRelays: false }, tokens: ['right'] });
  await reach(h, State.CONNECTING);

  await h.reject(FULL());

  assert.equal(h.visit.state, State.QUEUED);
});

test('a server that rejects the token of the offer, and is full for the next one, is waited for', async (t) => {
  const h = harness(t, { token: 'old', tokens: ['right'] });
  await reach(h, State.CONNECTING);
  await h.reject('token');
  await h.openCamera();

  await h.reject(FULL());

  assert.equal(h.visit.state, State.QUEUED);
});

test('a server that is full in compatibility mode is waited for, and asked again in that mode', async (t) => {
  const h = harness(t);
  await reach(h, State.CONNECTING);
  await h.reject('noMedia');
  await h.reject(FULL());
  assert.equal(h.visit.state, State.QUEUED);

  await h.pass(5100);

  assert.deepEqual(h.peers.map(({ transport }) => transport), ['webrtc', 'jpeg', 'jpeg']);
  assert.equal(h.visit.state, State.QUEUED);
});

test('a server that is full again is waited for again', async (t) => {
  const h = harness(t);
  await reach(h, State.CONNECTING);
  await h.reject(FULL());
  await h.pass(5100);

  await h.reject(FULL());

  assert.equal(h.visit.state, State.QUEUED);
  assert.deepEqual(h.happenings, ['began', 'queued full']);
});

test('a token that expired while the page waited is asked for again', async (t) => {
  const h = harness(t, { tokens: ['new'] });
  await reach(h, State.CONNECTING);
  await h.reject(FULL());
  await h.pass(5100);

  await h.reject('token');

  assert.deepEqual(h.asked.token, ['token']);
  assert.deepEqual(h.states.slice(-2), [State.FAILED, State.STARTING]);
});

test('a full server gets 24 tries at most', async (t) => {
  const h = harness(t);
  await reach(h, State.QUEUED);
  let tries = 0;

  while (h.visit.state === State.QUEUED && tries < 100) {
    tries += 1;
    h.visit.tryNow();
    await settle();
    await h.reject(FULL());
  }

  assert.equal(tries, 24);
  assert.equal(h.visit.state, State.FAILED);
});

test('admission after a wait resets the count of tries', async (t) => {
  const h = harness(t);
  await reach(h, State.QUEUED);
  for (let i = 0; i < 3; i += 1) {
    h.visit.tryNow();
    await settle();
    await h.reject(FULL());
  }
  h.visit.tryNow();
  await settle();
  await h.admit();
  await h.openCamera();

  await h.lose('cut');
  await h.pass(500);

  assert.equal(h.peers.length, 6);
});

test('a page that waited and is denied the camera ends its new session', async (t) => {
  const h = harness(t);
  await reachAdmitted(h);

  h.camera().reject(new Error('denied'));
  await settle();

  assert.equal(h.peer().closed, true);
  assert.equal(h.visit.state, State.FAILED);
});

test('"try now" pressed twice opens one connection', async (t) => {
  const h = harness(t);
  await reach(h, State.RECONNECTING);

  h.visit.tryNow();
  h.visit.tryNow();
  await settle();

  assert.equal(h.peers.length, 2);
});

test('"try now" does nothing without a countdown', async (t) => {
  const h = harness(t);
  await reach(h, State.CONNECTED);

  h.visit.tryNow();
  await settle();

  assert.equal(h.peers.length, 1);
});

test('a lost connection is retried with growing delays and resumes the lost session', async (t) => {
  const h = harness(t);
  await reach(h, State.CONNECTED);

  await h.lose('cut');
  for (const waitMs of [500, 1000, 2000]) {
    const before = h.peers.length;
    await h.pass(waitMs - 50);
    assert.equal(h.peers.length, before);
    await h.pass(50);
    assert.equal(h.peer().resume, 'token 1');
    await h.reject('serverAway');
  }

  assert.equal(h.visit.state, State.RECONNECTING);
  assert.deepEqual(h.happenings, ['began', 'lost cut']);
});

test('a restored connection is reported, and the camera stays open', async (t) => {
  const h = harness(t);
  await reach(h, State.RECONNECTING);

  await h.pass(500);
  await h.admit();

  assert.deepEqual(h.happenings, ['began', 'lost cut', 'back']);
  assert.equal(h.source().closed, false);
  assert.equal(h.interludes, 1);
  assert.equal(h.releases, 0);
});

test('after 24 tries in a row the visit ends', async (t) => {
  const h = harness(t);
  await reach(h, State.RECONNECTING);
  let tries = 0;

  while (h.visit.state === State.RECONNECTING && tries < 100) {
    tries += 1;
    h.visit.tryNow();
    await settle();
    await h.reject('serverAway');
  }

  assert.equal(tries, 24);
  assert.equal(h.visit.state, State.LOST);
});

test('a connection that lasted resets the retry delay', async (t) => {
  const h = harness(t);
  await reach(h, State.RECONNECTING);
  h.visit.tryNow();
  await settle();
  await h.reject('serverAway'); // the next wait would be 1 s
  await h.pass(1000);
  await h.admit();
  h.play();
  h.peer().hear({ pts: 6 });
  await h.pass(1000);

  await h.lose('cut');
  await h.pass(500);

  assert.equal(h.peers.length, 4);
});

for (const [code, state] of [['stopping', 'reconnecting'], ['silence', 'reconnecting'], ['setup_timeout', 'reconnecting'], ['replaced', 'lost'], ['ended', 'lost'], ['', 'lost']]) {
  test(`a session that ended with the code "${code}" is ${state}`, async (t) => {
    const h = harness(t);
    await reach(h, State.CONNECTED);

    await h.lose(ended(code));

    assert.equal(h.visit.state, state);
  });
}

test('a server fault is retried while the page reconnects', async (t) => {
  const h = harness(t, { traits: { hasFallback: false, needsToken: false, hasRelays: false } });
  await reach(h, State.RECONNECTING);
  await h.pass(500);

  await h.reject('fault');

  assert.equal(h.visit.state, State.RECONNECTING);
});

test('after "stopping" the page waits for three seconds', async (t) => {
  const h = harness(t);
  await reach(h, State.CONNECTED);
  await h.lose(ended('stopping'));

  await h.pass(2900);
  assert.equal(h.peers.length, 1);
  await h.pass(200);
  assert.equal(h.peers.length, 2);
});

test('an error before the first connection is FAILED, after it LOST', async (t) => {
  const blocked = harness(t);
  await reach(blocked, State.STARTING);
  blocked.camera().reject(new PeerError('denied'));
  await settle();
  assert.deepEqual(blocked.happenings, ['began', 'failed denied']);

  const over = harness(t);
  await reach(over, State.CONNECTED);
  await over.lose(ended('time_over'));
  assert.deepEqual(over.happenings, ['began', 'ended time_over']);
});

test('a camera that ends by itself ends the visit', async (t) => {
  const h = harness(t);
  await reach(h, State.CONNECTED);

  h.source().end();

  assert.equal(h.visit.state, State.LOST);
  assert.equal(h.peer().closed, true);
  assert.deepEqual(h.happenings.at(-1), 'ended cameraEnded');
});

test('while the camera is paused, pings keep the session open', async (t) => {
  const h = harness(t);
  await reach(h, State.CONNECTED);
  h.peer().hear();
  await h.pass(1000);
  assert.equal(h.peer().pings, 0);

  await h.mute();
  await h.pass(2000);

  assert.equal(h.peer().pings, 2);
  assert.deepEqual(h.source().looked, [7, 7, 7]);
  assert.equal(h.looks, 4); // before the pause
});

test('no ping is sent before the first report', async (t) => {
  const h = harness(t);
  await reach(h, State.CONNECTED);
  await h.mute();

  await h.pass(2000);

  assert.equal(h.peer().pings, 0);
});

test('after a loss while paused, the page waits for the camera and then resumes the session', async (t) => {
  const h = harness(t);
  await reach(h, State.HELD);
  await h.pass(20_000);
  assert.equal(h.peers.length, 1);
  // Without a connection, only the source counts its frames.
  assert.equal(h.source().looked.at(-1), null);

  await h.unmute();
  await h.pass(500);

  assert.equal(h.peer().resume, 'token 1');
  assert.deepEqual(h.happenings, ['began', 'paused', 'lost cut', 'resumed']);
});

test('a camera that resumes was said to be paused, also where the pause began without a connection', async (t) => {
  const h = harness(t);
  await reach(h, State.CONNECTED);
  await h.changeToMuted();
  await h.lose('cut');
  assert.equal(h.visit.state, State.HELD);
  await h.unmute();

  assert.deepEqual(h.happenings.filter((kind) => kind === 'paused' || kind === 'resumed'), ['paused', 'resumed']);
});

test('a pause is said once although the connection is interrupted in it, and its end also during the interruption', async (t) => {
  const h = harness(t);
  await reach(h, State.CONNECTED);
  await h.mute();
  h.peer().events.onFlow('interrupted');
  h.peer().events.onFlow('connected');
  assert.equal(h.visit.state, State.PAUSED);
  h.peer().events.onFlow('interrupted');
  await h.unmute();
  h.peer().events.onFlow('connected');

  assert.deepEqual(h.happenings.filter((kind) => kind === 'paused' || kind === 'resumed'), ['paused', 'resumed']);
  assert.equal(h.visit.state, State.CONNECTED);
});

test('the page checks a silent server, but not while the tab is hidden', async (t) => {
  const h = harness(t);
  await reach(h, State.CONNECTED);
  h.peer().hear();
  h.hidden = true;
  await h.pass(5000);
  assert.equal(h.visit.state, State.CONNECTED);

  h.hidden = false;
  await h.pass(250);

  assert.equal(h.visit.state, State.STALLED);
  assert.equal(h.peer().checks, 1);
});

test('a first frame that plays before the first report counts', async (t) => {
  const h = harness(t);
  await reach(h, State.WAITING);
  h.hasFrame = true;
  h.peer().hear();

  await h.pass(250);

  assert.equal(h.visit.state, State.CONNECTED);
});

test('a black frame of a connection that never opened does not count as video', async (t) => {
  const h = harness(t);
  await reach(h, State.CONNECTING);

  h.play();

  assert.equal(h.visit.state, State.CONNECTING);
});

test('a report that a newer one has overtaken is ignored', async (t) => {
  const h = harness(t);
  await reach(h, State.CONNECTED);

  for (const seq of [3, 5, 4, 6]) h.peer().hear({ seq });

  assert.deepEqual(h.heard, [3, 5, 6]);
});

test('dropped frames are counted over all connections, even if the server resumes its count', async (t) => {
  const h = harness(t);
  await reach(h, State.CONNECTED);
  h.peer().hear({ dropped: 4 });
  await h.lose('cut');
  assert.equal(h.visit.dropped, 4);
  await h.pass(500);
  h.peer().forgotten = true;
  await h.admit();

  h.peer().hear({ dropped: 1 }); // a new session
  assert.equal(h.visit.dropped, 5);
  h.play();
  await h.lose('cut');
  await h.pass(1000);
  await h.admit();
  h.peer().hear({ dropped: 7 }); // the server resumed the count

  assert.equal(h.visit.dropped, 7);
});

test('a server that does not continue the session is said to count faces anew', async (t) => {
  const h = harness(t);
  await reach(h, State.RECONNECTING);
  await h.pass(500);
  h.peer().forgotten = true;
  await h.admit();

  assert.equal(h.happenings.at(-1), 'backAnew');
  assert.equal(h.origin, 'new');
});

test('a try that was admitted before it failed has the session, so the next one resumes its', async (t) => {
  const h = harness(t, { traits: { hasFallback: false, needsToken: false, hasRelays: false } });
  await reach(h, State.RECONNECTING);
  await h.pass(500);
  assert.equal(h.peer().resume, 'token 1');
  h.peer().resumeToken = 'token 2'; // its offer was answered
  await h.reject('noMedia');
  await h.pass(1000);

  assert.equal(h.peer().resume, 'token 2');
});

test('after a loss, a session that cannot be resumed numbers its faces on; a new visit begins at 1', async (t) => {
  const h = harness(t);
  await reach(h, State.CONNECTED);
  assert.equal(h.peer().firstFaceId, 1);
  h.peer().hear({ faces: [{ id: 3 }, { id: 7 }] });
  h.peer().hear({ seq: 2, faces: [{ id: 3 }] });
  await h.lose('cut');
  await h.pass(500);

  assert.equal(h.peer().firstFaceId, 8);
  h.visit.stop();
  await h.start();
  await h.openCamera();
  assert.equal(h.peer().firstFaceId, 1);
});

test('requests go to the connection; without one, they are dropped', async (t) => {
  const h = harness(t);
  h.visit.send({ type: 'layers' });
  await reach(h, State.CONNECTED);

  h.visit.send({ type: 'view' });

  assert.deepEqual(h.peer().sent, [{ type: 'view' }]);
});

test('names and neutral faces go only to a server that keeps the session', async (t) => {
  const h = harness(t);
  h.visit.sendToRecord({ type: 'face_name' });
  await reach(h, State.CONNECTED);
  h.visit.sendToRecord({ type: 'face_name' });
  h.peer().recorded = true;
  h.visit.sendToRecord({ type: 'neutral' });

  assert.deepEqual(h.peer().sent, [{ type: 'neutral' }]);
});

test('rates are reported once a second, but not while the page reconnects', async (t) => {
  const h = harness(t);
  await reach(h, State.CONNECTED);
  await h.pass(2000);
  assert.equal(h.rates, 2);

  await h.lose('cut');
  await h.pass(1000);

  assert.equal(h.visit.state, State.RECONNECTING);
  assert.equal(h.peer().closed, false); // the next try has begun
  assert.equal(h.rates, 2);
});
