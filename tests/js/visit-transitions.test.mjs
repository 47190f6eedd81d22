/** Every transition of the table can happen; any other is an error. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { PeerError } from '../../client/js/connection/errors.js';
import { BEGUN, COUNTING, OPENING, PAUSABLE, RUNNING, SHOWING, State, TRANSITIONS } from '../../client/js/visit/visit-states.js';
import { FULL, ended, harness, reach, reachAdmitted, reachConnectedWithoutSource } from './visit-harness.mjs';
import { settle } from './clock.mjs';

const stop = (h) => h.visit.stop();
const interrupt = (h) => h.peer().events.onFlow('interrupted');
const flow = (h) => h.peer().events.onFlow('connected');
const lose = (h) => h.lose('cut');
const loseForGood = (h) => h.lose(ended('time_over'));
const finish = (h) => h.source().finish();
const noFrame = (h) => {
  h.hasFrame = false;
};
/** The next try has begun; the server has not responded. */
const tryNow = async (h) => {
  h.visit.tryNow();
  await settle();
};
/** The connection is lost while the track of a muted source replaces the previous one. */
const loseWithMuted = async (h) => {
  await h.changeToMuted();
  await h.lose('cut');
};
/** STARTING or CONNECTING with a connection, whose new source is muted. */
const openMutedAndLose = async (h) => {
  h.peer().replacing = { promise: new Promise(() => {}) };
  h.source().paused = true;
  await h.openCamera();
  await h.lose('cut');
};

/** The cause of each transition: [cause], or [a special way to reach the first state, cause]. */
const CAUSES = {
  'idle > starting': [(h) => h.start()],
  'starting > connecting': [(h) => h.openCamera()],
  'starting > waiting': [reachAdmitted, (h) => h.openCamera()],
  'starting > interrupted': [reachAdmitted, interrupt],
  'starting > held': [reachAdmitted, openMutedAndLose],
  'starting > reconnecting': [reachAdmitted, lose],
  'starting > stopped': [stop],
  'starting > failed': [async (h) => {
    h.camera().reject(new PeerError('busy'));
    await settle();
  }],
  'queued > starting': [async (h) => {
    await tryNow(h);
    await h.admit();
  }],
  'queued > stopped': [stop],
  'queued > failed': [async (h) => {
    await tryNow(h);
    await h.reject('rejected');
  }],
  'connecting > queued': [(h) => h.reject(FULL())],
  'connecting > waiting': [(h) => h.admit()],
  'connecting > interrupted': [reachConnectedWithoutSource, interrupt],
  'connecting > held': [reachConnectedWithoutSource, openMutedAndLose],
  'connecting > reconnecting': [reachConnectedWithoutSource, lose],
  'connecting > stopped': [stop],
  'connecting > failed': [(h) => h.reject('serverAway')],
  'waiting > connected': [(h) => h.play()],
  'waiting > interrupted': [interrupt],
  'waiting > paused': [(h) => h.mute()],
  'waiting > held': [loseWithMuted],
  'waiting > reconnecting': [lose],
  'waiting > stopped': [stop],
  'waiting > finished': [finish],
  'waiting > lost': [loseForGood],
  'connected > waiting': [(h) => {
    noFrame(h);
    h.visit.videoPlays();
  }],
  'connected > stalled': [async (h) => {
    h.peer().hear();
    await h.pass(3500);
  }],
  'connected > interrupted': [interrupt],
  'connected > paused': [(h) => h.mute()],
  'connected > held': [loseWithMuted],
  'connected > reconnecting': [lose],
  'connected > stopped': [stop],
  'connected > finished': [finish],
  'connected > lost': [loseForGood],
  'stalled > waiting': [(h) => {
    noFrame(h);
    h.visit.videoPlays();
  }],
  'stalled > connected': [async (h) => {
    h.peer().hear({ seq: 2 });
    await h.pass(300);
  }],
  'stalled > interrupted': [interrupt],
  'stalled > paused': [(h) => h.mute()],
  'stalled > held': [loseWithMuted],
  'stalled > reconnecting': [lose],
  'stalled > stopped': [stop],
  'stalled > finished': [finish],
  'stalled > lost': [loseForGood],
  'interrupted > waiting': [(h) => {
    noFrame(h);
    flow(h);
  }],
  'interrupted > connected': [flow],
  'interrupted > paused': [(h) => {
    h.source().paused = true;
    flow(h);
  }],
  'interrupted > held': [async (h) => {
    await h.mute();
    await h.lose('cut');
  }],
  'interrupted > reconnecting': [lose],
  'interrupted > stopped': [stop],
  'interrupted > finished': [finish],
  'interrupted > lost': [loseForGood],
  'paused > waiting': [(h) => {
    noFrame(h);
    return h.unmute();
  }],
  'paused > connected': [(h) => h.unmute()],
  'paused > interrupted': [interrupt],
  'paused > held': [lose],
  'paused > reconnecting': [async (h) => {
    await h.change('320'); // being opened, so nothing is paused
    await h.lose('cut');
  }],
  'paused > stopped': [stop],
  'paused > finished': [finish],
  'paused > lost': [loseForGood],
  'held > reconnecting': [(h) => h.unmute()],
  'held > stopped': [stop],
  'held > finished': [finish],
  'held > lost': [(h) => h.source().end()],
  'reconnecting > waiting': [async (h) => {
    await tryNow(h);
    await h.admit();
  }],
  'reconnecting > interrupted': [async (h) => {
    await h.change('320');
    await tryNow(h);
    // Like `open`, the offer waits for the source.
    await h.openCamera();
    await h.change('1280');
    await h.admit();
    interrupt(h);
  }],
  'reconnecting > held': [async (h) => {
    await tryNow(h);
    await h.mute();
    await h.reject('serverAway');
  }],
  'reconnecting > stopped': [stop],
  'reconnecting > finished': [finish],
  'reconnecting > lost': [async (h) => {
    await tryNow(h);
    await h.reject('token');
  }],
  'stopped > idle': [(h) => h.visit.reset()],
  'stopped > starting': [(h) => h.start()],
  'finished > idle': [(h) => h.visit.reset()],
  'finished > starting': [(h) => h.start()],
  'failed > idle': [(h) => h.visit.reset()],
  'failed > starting': [(h) => h.start()],
  'lost > idle': [(h) => h.visit.reset()],
  'lost > starting': [(h) => h.start()],
};

const TABLE = Object.entries(TRANSITIONS).flatMap(([from, tos]) => tos.map((to) => [from, to]));

for (const [from, to] of TABLE) {
  test(`${from} > ${to}`, async (t) => {
    const causes = CAUSES[`${from} > ${to}`];
    assert.ok(causes, 'expected a cause in CAUSES');
    const h = harness(t);
    await (causes.length > 1 ? causes[0](h) : reach(h, from));
    assert.equal(h.visit.state, from);
    const before = h.states.length;

    await causes.at(-1)(h);

    assert.deepEqual(h.states.slice(before), [to]);
    assert.equal(h.visit.state, to);
  });
}

test('there is one cause for each transition of the table', () => {
  assert.deepEqual(Object.keys(CAUSES).sort(), TABLE.map(([from, to]) => `${from} > ${to}`).sort());
});

test('every state has its transitions, and the table names only states', () => {
  const states = Object.values(State);

  assert.deepEqual(Object.keys(TRANSITIONS).sort(), [...states].sort());
  for (const group of [BEGUN, COUNTING, OPENING, PAUSABLE, RUNNING, SHOWING, ...Object.values(TRANSITIONS)]) {
    assert.deepEqual(group.filter((state) => !states.includes(state)), []);
  }
  assert.ok(Object.isFrozen(State) && Object.isFrozen(TRANSITIONS));
});

test('running states can be stopped, and begun ones can be lost', () => {
  for (const [from, tos] of Object.entries(TRANSITIONS)) {
    assert.equal(tos.includes(State.STOPPED), RUNNING.includes(from), from);
    assert.equal(tos.includes(State.LOST), BEGUN.includes(from), from);
  }
});

test('a transition that is not in the table is an error', async (t) => {
  const h = harness(t);
  await reach(h, State.QUEUED);

  // There is no connection that could be interrupted.
  assert.throws(() => interrupt(h), /no transition from queued to interrupted/);
  assert.equal(h.visit.state, State.QUEUED);
});
