import assert from 'node:assert/strict';
import { test } from 'node:test';

import { SourceWatch } from '../../client/js/source-watch.js';

/** A track as browsers have it, whose `muted` goes with its events. */
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
  const told = [];
  const watch = new SourceWatch(track, () => told.push(watch.paused));
  /** Looks once a second, at so many frames each time. */
  let ms = 0;
  const look = (...counts) => counts.forEach((frames) => watch.look(frames, (ms += 1000)));
  return { track, watch, told, look };
}

test('a camera that mutes is paused until it unmutes, and each is told once', () => {
  const { track, watch, told } = watched();

  track.say('mute');
  track.say('mute');
  assert.equal(watch.paused, true);

  track.say('unmute');
  assert.deepEqual(told, [true, false]);
});

test('black frames of a muted camera do not end the pause', () => {
  const { track, watch, look } = watched();
  look(10, 20);

  track.say('mute');
  look(30, 40, 50, 60);

  assert.equal(watch.paused, true);
});

test('a frame that was under way when it muted does not end the pause', () => {
  const { track, watch, look } = watched();
  look(10, 20);

  track.say('mute');
  track.muted = false; // as a track behind a canvas says of itself
  look(25, 25, 25, 25);

  assert.equal(watch.paused, true);
});

test('a camera that goes on without telling is not paused', () => {
  const { track, told, look } = watched();
  track.say('mute');

  track.muted = false;
  look(10, 20, 30);

  assert.deepEqual(told, [true, false]);
});

test('a track that stops delivering without a word is paused, and goes on with its frames', () => {
  const { watch, told, look } = watched();

  look(10, 20);
  assert.equal(watch.quiet, false);
  look(20);
  assert.equal(watch.quiet, true);
  assert.equal(watch.paused, false);
  look(20);
  assert.equal(watch.paused, true);

  look(30, 40);
  assert.deepEqual(told, [true, false]);
});

test('a counter that begins elsewhere is no sign of life', () => {
  const { watch, look } = watched();
  look(500, 500, 500);

  look(0, 0, 0);

  assert.equal(watch.paused, true);
});

test('nobody who counts says nothing of the camera', () => {
  const { watch, look } = watched();

  look(10, null, null, null, 10, null, 10);

  assert.equal(watch.paused, false);
});

test('looks that come late are not taken for a camera that stopped', () => {
  const { watch } = watched();
  watch.look(10, 0);

  watch.look(10, 5000);

  assert.equal(watch.paused, false);
});

test('a camera that is opened muted is paused from the start', () => assert.equal(watched(true).watch.paused, true));

test('a camera that says it is muted from the start, and gives frames, is not', () => {
  const { watch, look } = watched(true);

  look(1, 2, 3);

  assert.equal(watch.paused, false);
});

test('what was closed tells nothing', () => {
  const { track, watch, told, look } = watched();

  watch.close();
  track.say('mute');
  look(1, 1, 1, 1);

  assert.deepEqual(told, []);
});
