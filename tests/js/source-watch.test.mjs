import assert from 'node:assert/strict';
import { test } from 'node:test';

import { SourceWatch } from '../../client/js/source/source-watch.js';

/** A track as in browsers: `muted` changes together with its events. */
class Track extends EventTarget {
  constructor(muted = false) {
    super();
    this.muted = muted;
  }

  /** @param {'mute' | 'unmute'} what */
  say(what) {
    this.muted = what === 'mute';
    this.dispatchEvent(new Event(what));
  }
}

function watched(muted = false) {
  const track = new Track(muted);
  const changes = [];
  const watch = new SourceWatch(track, () => changes.push(watch.paused));
  /** Checks once a second; each argument is the frame count at one check. */
  let ms = 0;
  const look = (...counts) => counts.forEach((frames) => watch.look(frames, (ms += 1000)));
  return { track, watch, changes, look };
}

test('a camera that mutes is paused until it unmutes, and each change is reported once', () => {
  const { track, watch, changes } = watched();

  track.say('mute');
  track.say('mute');
  assert.equal(watch.paused, true);

  track.say('unmute');
  assert.deepEqual(changes, [true, false]);
});

test('black frames of a muted camera do not end the pause', () => {
  const { track, watch, look } = watched();
  look(10, 20);

  track.say('mute');
  look(30, 40, 50, 60);

  assert.equal(watch.paused, true);
});

test('a frame that is counted after the camera muted does not end the pause', () => {
  const { track, watch, look } = watched();
  look(10, 20);

  track.say('mute');
  track.muted = false; // as the track of a canvas reports
  look(25, 25, 25, 25);

  assert.equal(watch.paused, true);
});

test('a camera that resumes without an event is not paused', () => {
  const { track, changes, look } = watched();
  track.say('mute');

  track.muted = false;
  look(10, 20, 30);

  assert.deepEqual(changes, [true, false]);
});

test('a track that stops delivering without an event is paused until it delivers frames again', () => {
  const { watch, changes, look } = watched();

  look(10, 20);
  assert.equal(watch.quiet, false);
  look(20);
  assert.equal(watch.quiet, true);
  assert.equal(watch.paused, false);
  look(20);
  assert.equal(watch.paused, true);

  look(30, 40);
  assert.deepEqual(changes, [true, false]);
});

test('a counter that restarts from another number does not count as new frames', () => {
  const { watch, look } = watched();
  look(500, 500, 500);

  look(0, 0, 0);

  assert.equal(watch.paused, true);
});

test('an unknown frame count does not pause the camera', () => {
  const { watch, look } = watched();

  look(10, null, null, null, 10, null, 10);

  assert.equal(watch.paused, false);
});

test('a late check does not pause the camera', () => {
  const { watch } = watched();
  watch.look(10, 0);

  watch.look(10, 5000);

  assert.equal(watch.paused, false);
});

test('a camera that is opened muted is paused from the start', () => assert.equal(watched(true).watch.paused, true));

test('a camera that is opened muted but delivers frames is not paused', () => {
  const { watch, look } = watched(true);

  look(1, 2, 3);

  assert.equal(watch.paused, false);
});

test('a closed watch reports no changes', () => {
  const { track, watch, changes, look } = watched();

  watch.close();
  track.say('mute');
  look(1, 1, 1, 1);

  assert.deepEqual(changes, []);
});
