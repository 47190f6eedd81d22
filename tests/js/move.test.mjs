/** A running visit that its server asks to move: the next connection is opened beside the present one. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { PeerError } from '../../client/js/connection/errors.js';
import { State, Transport } from '../../client/js/visit/visit-states.js';
import { Heard } from '../../client/js/visit/heard.js';
import { FULL, ended, harness, reach } from './visit-harness.mjs';
import { settle } from './clock.mjs';

/** Connected, and asked to move: the next offer is under way. */
async function asked(t, world) {
  const h = harness(t, world);
  await reach(h, State.CONNECTED);
  const [old] = h.peers;
  old.hear({ seq: 40, dropped: 3, faces: [{ id: 2 }] });
  old.notice('move');
  await h.pass(0);
  return { h, old, next: h.peers[1] };
}

/** The next connection is open, and its first frame is back. */
async function changeOver(h, next, change = {}) {
  next.admit();
  await settle();
  next.show();
  next.hear({ seq: 35, pts: 0, dropped: 2, faces: [{ id: 2 }], ...change });
}

test('a move opens the next connection while the present one goes on', async (t) => {
  const { h, old, next } = await asked(t);

  assert.equal(next.resume, 'token 1');
  assert.equal(next.firstFaceId, 3);
  assert.equal(next.opened.stream, h.source().stream);
  assert.equal(old.closed, false);
  assert.equal(h.visit.state, State.CONNECTED);
  assert.deepEqual(h.controls, [], 'the page says nothing about a session that goes on');
});

test('the next connection takes over once its first frame is back, and then the old one is closed', async (t) => {
  const { h, old, next } = await asked(t);

  next.admit();
  await settle();
  next.show();
  assert.deepEqual([old.closed, h.videos], [false, []]);
  assert.equal(h.session, 'session 1');
  next.hear({ seq: 35 });

  assert.equal(old.closed, true);
  assert.deepEqual(h.videos, ['video 2']);
  assert.equal(h.session, 'session 2');
  assert.deepEqual(h.heard, [40, 35]);
  assert.deepEqual(h.states.at(-1), State.CONNECTED);
  assert.deepEqual([h.interludes, h.moves], [0, 1]);
});

test('what the next connection says before it takes over is heard after that, in order', async (t) => {
  const { h, next } = await asked(t);

  next.events.onControl({ type: 'hello' });
  assert.deepEqual(h.controls, []);
  await changeOver(h, next);
  next.events.onControl({ type: 'layers' });

  assert.deepEqual(h.controls, ['hello', 'layers']);
});

test('requests go to the present connection, then to the next one', async (t) => {
  const { h, old, next } = await asked(t);

  h.visit.send({ type: 'marker' });
  await changeOver(h, next);
  h.visit.send({ type: 'layers' });

  assert.deepEqual([old.sent, next.sent], [[{ type: 'marker' }], [{ type: 'layers' }]]);
});

test('the visit says that it has moved, and how long the video was away', async (t) => {
  const { h, next } = await asked(t);
  await h.pass(200);

  await changeOver(h, next);
  await h.pass(100);
  h.visit.videoPlays();
  h.visit.videoPlays();

  assert.deepEqual(h.moved, [['resumed', 300]]);
});

test('in compatibility mode the first frame that is drawn ends the time without video', async (t) => {
  const { h, next } = await asked(t);

  await changeOver(h, next);
  await h.pass(40);
  next.events.onShown({ ptsS: 0, ms: {} });

  assert.deepEqual(h.moved, [['resumed', 40]]);
});

test('without a first frame, the time without video is not known', async (t) => {
  const { h, next } = await asked(t);

  await changeOver(h, next);
  await h.pass(6000);

  assert.deepEqual(h.moved, [['resumed', null]]);
});

test('a next server that does not know the session counts faces anew, and its drops are added', async (t) => {
  const { h, next } = await asked(t);

  next.forgotten = true;
  await changeOver(h, next, { seq: 0, dropped: 1, faces: [] });
  h.visit.videoPlays();

  assert.deepEqual(h.moved, [['new', 0]]);
  assert.equal(h.origin, 'new');
  assert.equal(h.visit.dropped, 4);
});

test('the count of dropped frames goes on and never falls, although the old session went on after its state was passed on', async (t) => {
  const { h, next } = await asked(t);

  await changeOver(h, next);
  assert.equal(h.visit.dropped, 3);
  next.hear({ seq: 36, dropped: 4 });

  assert.equal(h.visit.dropped, 5);
});

test('a rejected move loses nothing, and is tried again after Retry-After', async (t) => {
  const { h, old, next } = await asked(t);

  next.reject(FULL());
  await settle();
  await h.pass(4900);
  assert.deepEqual([h.peers.length, old.closed, h.visit.state], [2, false, State.STALLED]);
  old.hear({ seq: 41 });
  await h.pass(200);

  assert.equal(h.peers.length, 3);
  assert.equal(h.peer().resume, 'token 1');
  await changeOver(h, h.peer());
  assert.equal(old.closed, true);
  assert.equal(h.session, 'session 3');
});

test('a move that only a person could help is not tried again, and the session goes on', async (t) => {
  const { h, old, next } = await asked(t);

  next.reject('token');
  await h.pass(30_000);

  assert.deepEqual([h.peers.length, old.closed], [2, false]);
  assert.deepEqual(h.happenings, ['began']);
});

test('a second request during a move opens no other connection; one after it does', async (t) => {
  const { h, old, next } = await asked(t);

  old.notice('move');
  await h.pass(0);
  assert.equal(h.peers.length, 2);
  await changeOver(h, next);
  h.visit.videoPlays();
  next.notice('move');
  await h.pass(0);

  assert.equal(h.peer().resume, 'token 2');
  await changeOver(h, h.peer());
  h.visit.videoPlays();
  assert.equal(h.moved.length, 2);
});

test('a next connection without a frame takes over after three seconds', async (t) => {
  const { h, old, next } = await asked(t);

  next.admit();
  await settle();
  await h.pass(2900);
  assert.equal(old.closed, false);
  await h.pass(200);

  assert.deepEqual([old.closed, h.session], [true, 'session 2']);
});

for (const how of ['moved', 'replaced']) {
  test(`a server that ends the old session while the next one opens (${how}) interrupts nothing`, async (t) => {
    const { h, old, next } = await asked(t);

    old.lose(how === 'moved' ? 'closed' : ended('replaced'));
    await settle();
    assert.equal(h.visit.state, State.CONNECTED);
    await changeOver(h, next);
    h.visit.videoPlays();

    assert.equal(h.visit.state, State.CONNECTED);
    assert.deepEqual(h.happenings, ['began']);
    assert.equal(h.moved.length, 1);
  });
}

test('if the old session ends and the next one fails, the page reconnects the ordinary way with the newest token', async (t) => {
  const { h, old, next } = await asked(t);

  old.lose(ended('replaced'));
  next.resumeToken = 'token 2'; // its offer was answered
  next.reject('noMedia');
  await settle();
  assert.deepEqual([h.visit.state, h.happenings.at(-1)], [State.RECONNECTING, 'lost closed']);
  await h.pass(500);

  assert.equal(h.peer().resume, 'token 2');
});

test('if the old session ends before a try, the page reconnects at once', async (t) => {
  const { h, old, next } = await asked(t);
  next.reject(FULL());
  await settle();

  old.lose(ended('stopping'));
  await settle();
  assert.equal(h.visit.state, State.RECONNECTING);
  await h.pass(500);

  assert.equal(h.peer().resume, 'token 1');
  await h.pass(30_000);
  assert.equal(h.peers.length, 3, 'the move has ended');
});

test('a next connection that is lost before its first frame is tried again', async (t) => {
  const { h, old, next } = await asked(t);

  next.admit();
  await settle();
  next.lose('cut');
  await h.pass(500);

  assert.equal(old.closed, false);
  assert.equal(h.peers.length, 3);
  assert.equal(h.peer().resume, 'token 2');
});

test('stopped in the middle of a move, both connections are closed, and a late answer changes nothing', async (t) => {
  const { h, old, next } = await asked(t);

  h.visit.stop();
  assert.deepEqual([old.closed, next.closed], [true, true]);
  next.admit();
  await h.pass(10_000);

  assert.equal(h.visit.state, State.STOPPED);
  assert.deepEqual([h.peers.length, h.session], [2, 'session 1']);
});

test('a visit that is stopped before the first frame of the next connection says nothing about it', async (t) => {
  const { h, next } = await asked(t);
  await changeOver(h, next);

  h.visit.stop();
  await h.pass(10_000);

  assert.deepEqual(h.moved, []);
});

test('a source that is changed in the middle of a move is sent over the next connection', async (t) => {
  const { h, old, next } = await asked(t);

  await h.change('320');
  await h.openCamera();
  await changeOver(h, next);

  assert.deepEqual([old.tracks, next.tracks], [['track of 320'], ['track of 320']]);
});

test('a source that opens after the move is sent over the next connection', async (t) => {
  const { h, next } = await asked(t);

  await h.change('320');
  await changeOver(h, next);
  await h.openCamera();

  assert.deepEqual(next.tracks, ['track of 320']);
});

test('a source that fails in the middle of a move ends the visit and both connections', async (t) => {
  const { h, old, next } = await asked(t);

  h.source().end();

  assert.deepEqual([h.visit.state, old.closed, next.closed], [State.LOST, true, true]);
});

test('while the camera is paused, a move waits for it', async (t) => {
  const h = harness(t);
  await reach(h, State.PAUSED);
  h.peer().notice('move');
  await h.pass(10_000);
  assert.equal(h.peers.length, 1);

  await h.unmute();
  await h.pass(500);

  assert.equal(h.peers.length, 2);
});

test('a camera that pauses in the middle of a move ends with a paused visit on the next connection', async (t) => {
  const { h, old, next } = await asked(t);

  await h.mute();
  next.admit();
  await settle();

  assert.deepEqual([h.visit.state, old.closed, h.session], [State.PAUSED, true, 'session 2']);
  assert.equal(h.happenings.filter((kind) => kind === 'paused').length, 1);
});

test('a server that stops while the camera is paused leaves the page to wait for the camera', async (t) => {
  const h = harness(t);
  await reach(h, State.PAUSED);
  h.peer().notice('move');
  await h.lose(ended('stopping'));

  assert.equal(h.visit.state, State.HELD);
  await h.unmute();
  await h.pass(500);
  assert.equal(h.peer().resume, 'token 1');
});

test('an interrupted connection is replaced by the next one', async (t) => {
  const { h, old, next } = await asked(t);

  old.events.onFlow('interrupted');
  await changeOver(h, next);

  assert.equal(h.visit.state, State.CONNECTED);
});

test('a request to move that comes while the page connects waits until it is connected', async (t) => {
  const h = harness(t);
  await reach(h, State.CONNECTING);
  h.peer().notice('move');
  await h.pass(2000);
  assert.equal(h.peers.length, 1);

  await h.admit();
  await h.pass(500);

  assert.equal(h.peers.length, 2);
});

test('a visit in compatibility mode moves in that mode', async (t) => {
  const h = harness(t);
  await reach(h, State.CONNECTING);
  await h.reject('noMedia');
  await h.admit();
  h.play();
  h.peer().notice('move');
  await h.pass(0);

  assert.equal(h.peer().transport, Transport.JPEG);
  assert.equal(h.peer().resume, 'token 2');
});

test('a file that is analysed once goes on over the next connection as soon as it is open', async (t) => {
  const { h, old, next } = await asked(t);
  const run = {};
  h.source().clipRun = run;

  next.admit();
  await settle();

  assert.equal(next.run, run);
  assert.equal(old.closed, true);
});

test('an error that is unknown ends the move only', async (t) => {
  const { h, old, next } = await asked(t);

  next.reject(new PeerError('unknown'));
  await h.pass(5000);

  assert.deepEqual([h.peers.length, old.closed], [2, false]);
});

test('drops that a file counts itself are not counted twice', () => {
  const heard = new Heard();
  heard.begin();
  const report = (seq, dropped) => ({ seq, dropped, faces: [] });
  heard.add(report(0, 2), 0, 'new');
  heard.endConnection();
  heard.add(report(1, 2), 1, 'new');

  assert.equal(heard.dropped, 2);
});
