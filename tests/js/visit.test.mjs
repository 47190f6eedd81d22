/** What a visit does on its way through its states. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { PeerError } from '../../client/js/errors.js';
import { State, Transport } from '../../client/js/visit-states.js';
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

test('consent that is withdrawn is asked for again at the next start, and nothing opens', async (t) => {
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

test('a second quick change of size wins, over the same connection', async (t) => {
  const h = harness(t);
  await reach(h, State.CONNECTED);

  await h.change('1280');
  await h.change('320');
  await h.openCamera(); // of 1280
  await h.openCamera();

  assert.deepEqual(h.cameras.map(({ source }) => [source.wish, source.closed]), [['640', true], ['1280', true], ['320', false]]);
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
  assert.equal(h.source().wish, '320');
});

test('a connection that is lost while another source opens comes back with that source', async (t) => {
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

test('a connection that is lost before the changed source is open is not taken for an open one', async (t) => {
  const h = harness(t);
  await reach(h, State.CONNECTING);
  await h.change('320');
  await h.admit();
  await h.lose('cut');

  await h.openCamera();

  assert.equal(h.visit.state, State.RECONNECTING);
});

test('a source that fails while it is changed ends the visit, one that another replaced does not', async (t) => {
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

test('stopped while it connects, everything is closed and a late answer changes nothing', async (t) => {
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

test('stopped while it connects, a late failure is no reason to fall back', async (t) => {
  const h = harness(t);
  await reach(h, State.CONNECTING);

  h.visit.stop();
  await h.refuse('noMedia');

  assert.equal(h.peers.length, 1);
  assert.equal(h.visit.state, State.STOPPED);
});

test('stopped while a try waits for another source, the connection is not opened', async (t) => {
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

test('a stop while nothing runs is nothing', (t) => {
  const h = harness(t);

  h.visit.stop();

  assert.deepEqual([h.states, h.happenings, h.releases], [[], [], 0]);
});

for (const key of ['noMedia', 'noWebrtc', 'offer', 'fault', 'noPort']) {
  test(`after "${key}" the page falls back, once`, async (t) => {
    const h = harness(t);
    await reach(h, State.CONNECTING);

    await h.refuse(key);
    assert.deepEqual(h.peers.map(({ transport }) => transport), [Transport.WEBRTC, Transport.JPEG]);
    await h.refuse(key);

    assert.equal(h.peers.length, 2);
    assert.equal(h.visit.state, State.FAILED);
    assert.deepEqual(h.happenings, ['began', `fellBack ${key}`, `failed ${key}`]);
  });
}

test('the fallback resumes the session that the server still keeps', async (t) => {
  const h = harness(t);
  await reach(h, State.CONNECTING);
  h.peer().resumeToken = 'of an answer without media';

  await h.refuse('noMedia');

  assert.equal(h.peer().resume, 'of an answer without media');
});

for (const error of ['token', 'tooMany', 'full', 'draining', 'rejected', 'serverAway']) {
  test(`"${error}" is no reason to fall back`, async (t) => {
    const h = harness(t);
    await reach(h, State.CONNECTING);

    await h.refuse(error);

    assert.equal(h.peers.length, 1);
  });
}

test('a server without a fallback is not fallen back to, and gets more time', async (t) => {
  const h = harness(t, { traits: { hasFallback: false, needsToken: false, hasRelays: false } });
  await reach(h, State.CONNECTING);
  assert.equal(h.peer().opened.connectMs, undefined);

  await h.refuse('noMedia');

  assert.equal(h.peers.length, 1);
  assert.equal(h.visit.state, State.FAILED);
});

test('with a fallback, WebRTC gets less time; the compatibility mode is not tried with less', async (t) => {
  const h = harness(t);
  await reach(h, State.CONNECTING);
  assert.equal(h.peer().opened.connectMs, 6000);

  await h.refuse('noMedia');

  assert.equal(h.peer().opened.connectMs, undefined);
});

test('a visit that fell back stays so when it reconnects; the next start tries WebRTC again', async (t) => {
  const h = harness(t);
  await reach(h, State.CONNECTING);
  await h.refuse('noMedia');
  await h.admit();
  await h.lose('cut');
  await h.pass(500);
  await h.admit();
  h.visit.stop();

  await reach(h, State.WAITING);

  assert.deepEqual(h.peers.map(({ transport }) => transport), ['webrtc', 'jpeg', 'jpeg', 'webrtc']);
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
  await h.refuse('noMedia');
  assert.deepEqual(h.peer().opened.iceServers, []);
  assert.equal(h.asked.iceServers, 1);
});

test('a required token is asked for before anything opens; without one nothing happens', async (t) => {
  const h = harness(t, { traits: { hasFallback: true, needsToken: true, hasRelays: true } });

  await h.start();

  assert.deepEqual(h.asked.token, ['']);
  assert.equal(h.asked.consent, 0);
  assert.equal(h.visit.state, State.IDLE);

  h.tokens = ['secret'];
  await h.start();
  await h.openCamera();
  assert.equal(h.visit.state, State.CONNECTING);

  // A token that is there is not asked for again.
  h.visit.stop();
  await h.start();
  assert.deepEqual(h.asked.token, ['', '']);
});

test('a rejected token is said and asked for again, then the visit starts anew', async (t) => {
  const h = harness(t, { token: 'wrong', tokens: ['right'] });
  await reach(h, State.CONNECTING);

  await h.refuse('token');

  assert.deepEqual(h.asked.token, ['token']);
  assert.deepEqual(h.states, [State.STARTING, State.CONNECTING, State.FAILED, State.STARTING]);
  assert.equal(h.said[2], 'token');
});

test('a person who enters no other token is left with the problem', async (t) => {
  const h = harness(t, { token: 'wrong' });
  await reach(h, State.CONNECTING);

  await h.refuse('token');

  assert.equal(h.visit.state, State.FAILED);
});

test('a token that is rejected when the page reconnects ends the visit', async (t) => {
  const h = harness(t);
  await reach(h, State.RECONNECTING);
  await h.pass(500);

  await h.refuse('token');

  assert.equal(h.visit.state, State.LOST);
  assert.deepEqual(h.asked.token, []);
});

for (const key of ['full', 'draining', 'tooMany']) {
  test(`after "${key}" with Retry-After the page waits with the camera off, and opens it when it is admitted`, async (t) => {
    const h = harness(t);
    await reach(h, State.CONNECTING);
    await h.refuse(Object.assign(FULL(), { key }));
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

    await h.refuse(key);

    assert.equal(h.visit.state, State.FAILED);
  });
}

test('a full server is asked 24 times at most', async (t) => {
  const h = harness(t);
  await reach(h, State.QUEUED);
  let tries = 0;

  while (h.visit.state === State.QUEUED && tries < 100) {
    tries += 1;
    h.visit.tryNow();
    await settle();
    await h.refuse(FULL());
  }

  assert.equal(tries, 24);
  assert.equal(h.visit.state, State.FAILED);
});

test('a page that waited and was admitted begins its tries anew', async (t) => {
  const h = harness(t);
  await reach(h, State.QUEUED);
  for (let i = 0; i < 3; i += 1) {
    h.visit.tryNow();
    await settle();
    await h.refuse(FULL());
  }
  h.visit.tryNow();
  await settle();
  await h.admit();
  await h.openCamera();

  await h.lose('cut');
  await h.pass(500);

  assert.equal(h.peers.length, 6);
});

test('a page that waited and is denied the camera leaves the session it was given', async (t) => {
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

test('"try now" is nothing where nothing is counted down', async (t) => {
  const h = harness(t);
  await reach(h, State.CONNECTED);

  h.visit.tryNow();
  await settle();

  assert.equal(h.peers.length, 1);
});

test('a lost connection is tried again later each time, and resumes the session that was lost', async (t) => {
  const h = harness(t);
  await reach(h, State.CONNECTED);

  await h.lose('cut');
  for (const waitMs of [500, 1000, 2000]) {
    const before = h.peers.length;
    await h.pass(waitMs - 50);
    assert.equal(h.peers.length, before);
    await h.pass(50);
    assert.equal(h.peer().resume, 'token 1');
    await h.refuse('serverAway');
  }

  assert.equal(h.visit.state, State.RECONNECTING);
  assert.deepEqual(h.happenings, ['began', 'lost cut']);
});

test('a connection that is back is noted, and the camera stayed open', async (t) => {
  const h = harness(t);
  await reach(h, State.RECONNECTING);

  await h.pass(500);
  await h.admit();

  assert.deepEqual(h.happenings, ['began', 'lost cut', 'back']);
  assert.equal(h.source().closed, false);
  assert.equal(h.interludes, 1);
  assert.equal(h.releases, 0);
});

test('after 24 tries in a row a person has to start again', async (t) => {
  const h = harness(t);
  await reach(h, State.RECONNECTING);
  let tries = 0;

  while (h.visit.state === State.RECONNECTING && tries < 100) {
    tries += 1;
    h.visit.tryNow();
    await settle();
    await h.refuse('serverAway');
  }

  assert.equal(tries, 24);
  assert.equal(h.visit.state, State.LOST);
});

test('a connection that lasted makes the next try a quick one again', async (t) => {
  const h = harness(t);
  await reach(h, State.RECONNECTING);
  h.visit.tryNow();
  await settle();
  await h.refuse('serverAway'); // the next wait would be 1 s
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

test('a fault in the server is tried again when the page reconnects', async (t) => {
  const h = harness(t, { traits: { hasFallback: false, needsToken: false, hasRelays: false } });
  await reach(h, State.RECONNECTING);
  await h.pass(500);

  await h.refuse('fault');

  assert.equal(h.visit.state, State.RECONNECTING);
});

test('a server that is stopping gets three seconds', async (t) => {
  const h = harness(t);
  await reach(h, State.CONNECTED);
  await h.lose(ended('stopping'));

  await h.pass(2900);
  assert.equal(h.peers.length, 1);
  await h.pass(200);
  assert.equal(h.peers.length, 2);
});

test('a visit that never connected has failed, one that did has ended', async (t) => {
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
  assert.equal(h.looks, 4); // all before the pause
});

test('before the first report no ping is sent', async (t) => {
  const h = harness(t);
  await reach(h, State.CONNECTED);
  await h.mute();

  await h.pass(2000);

  assert.equal(h.peer().pings, 0);
});

test('lost while paused, the page waits for the camera and then resumes the session', async (t) => {
  const h = harness(t);
  await reach(h, State.HELD);
  await h.pass(20_000);
  assert.equal(h.peers.length, 1);
  // Nobody else counts its frames now.
  assert.equal(h.source().looked.at(-1), null);

  await h.unmute();
  await h.pass(500);

  assert.equal(h.peer().resume, 'token 1');
  assert.deepEqual(h.happenings, ['began', 'paused', 'lost cut', 'resumed']);
});

test('silence of the server is checked, and a hidden tab waits with that', async (t) => {
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

test('a first frame that played before the first report counts', async (t) => {
  const h = harness(t);
  await reach(h, State.WAITING);
  h.hasFrame = true;
  h.peer().hear();

  await h.pass(250);

  assert.equal(h.visit.state, State.CONNECTED);
});

test('a black frame of a connection that never opened is not taken for video', async (t) => {
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

test('dropped frames are counted over all connections, also if the server counts on', async (t) => {
  const h = harness(t);
  await reach(h, State.CONNECTED);
  h.peer().hear({ dropped: 4 });
  await h.lose('cut');
  assert.equal(h.visit.dropped, 4);
  await h.pass(500);
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

test('requests go to the connection, and nowhere without one', async (t) => {
  const h = harness(t);
  h.visit.send({ type: 'layers' });
  await reach(h, State.CONNECTED);

  h.visit.send({ type: 'view' });

  assert.deepEqual(h.peer().sent, [{ type: 'view' }]);
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
