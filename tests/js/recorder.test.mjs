import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { Recorder, recordedType } from '../../client/js/session/recorder.js';

const WEBM = { type: 'video/webm', extension: 'webm', isSizeFree: true };
const MP4 = { type: 'video/mp4', extension: 'mp4', isSizeFree: false };

/** The browser's recorders, in the order in which they were made. */
let made = [];
let fails = false;
class FakeRecorder {
  state = 'inactive';
  constructor(stream, options) {
    Object.assign(this, { stream, options });
    made.push(this);
  }
  static isTypeSupported = (type) => type === MP4.type;
  start() {
    if (fails) throw new Error('its tracks have ended');
    this.state = 'recording';
  }
  /** As in browsers: the last piece and the end come later. */
  stop() {
    this.state = 'inactive';
    queueMicrotask(() => this.onstop());
  }
  deliver(text = 'piece') {
    this.ondataavailable({ data: new Blob([text]) });
  }
}

beforeEach(() => {
  made = [];
  fails = false;
  globalThis.window = globalThis;
  globalThis.MediaRecorder = FakeRecorder;
});

/** A recording, and what it reported. */
function recording(type = WEBM) {
  const at = { parts: [], edges: [], waits: 0, continued: [] };
  at.recorder = new Recorder('first', type, {
    onPiece: ({ part, blob }) => blob.size && at.parts.push(part),
    onPart: (edge, part) => at.edges.push(`${edge} ${part}`),
    onWait: () => (at.waits += 1),
    onContinue: (part) => at.continued.push(part),
  });
  return at;
}
const ending = (recorder) => Promise.race([recorder.close().then(() => 'ended'), new Promise((resolve) => setImmediate(resolve, 'hangs'))]);

test('the type is the first that the browser records, or its own choice', () => {
  assert.equal(recordedType().type, 'video/mp4');
  FakeRecorder.isTypeSupported = () => false;

  assert.equal(recordedType().type, '');
  assert.ok(Recorder.possible);
});

test('a recording that goes on with another stream begins another part', async () => {
  const at = recording();
  made[0].deliver();
  made[0].deliver('');
  at.recorder.interrupt();
  assert.equal(at.recorder.isWaiting, true);
  at.recorder.resume('second');
  at.recorder.resume('second');
  made[1].deliver();
  made[1].deliver();

  assert.deepEqual(at.parts, [1, 2, 2]);
  assert.deepEqual(at.continued, [2]);
  assert.equal(at.waits, 1);
  assert.ok(at.recorder.lengthS > 0);
  assert.equal(await ending(at.recorder), 'ended');
  at.recorder.resume('third');
  assert.equal(made.length, 2);
});

test('tracks that end by themselves leave the recording waiting', async () => {
  const at = recording();
  made[0].stop();
  await new Promise(setImmediate);

  assert.equal(at.recorder.isWaiting, true);
  assert.equal(at.waits, 1);
});

test('another size is another part only where a file cannot go on, and only once it has settled', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  recording(WEBM).recorder.resize();
  const { recorder } = recording(MP4);
  recorder.resize();
  recorder.resize();
  t.mock.timers.tick(200);
  assert.equal(made.length, 2);

  t.mock.timers.tick(1000);

  assert.equal(made.length, 3);
  assert.equal(recorder.isWaiting, false);
});

test('a part that cannot begin leaves the recording waiting, and it still ends', { timeout: 5000 }, async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const at = recording(MP4);
  fails = true;

  at.recorder.resize();
  t.mock.timers.tick(1000);

  assert.equal(made.length, 2);
  assert.equal(at.recorder.isWaiting, true);
  assert.equal(at.waits, 1);
  assert.equal(await ending(at.recorder), 'ended');
});

test('each part begins and ends once, whatever ends it', async () => {
  const at = recording(MP4);
  at.recorder.resize();
  await new Promise((resolve) => setTimeout(resolve, 350));
  at.recorder.interrupt();
  at.recorder.resume('second');
  made[2].stop();
  await ending(at.recorder);
  await ending(at.recorder);

  assert.deepEqual(at.edges, ['start 1', 'end 1', 'start 2', 'end 2', 'start 3', 'end 3']);
});

test('a part whose tracks end by themselves ends once', async () => {
  const at = recording();
  made[0].stop();
  await new Promise((resolve) => setImmediate(resolve));
  await ending(at.recorder);

  assert.deepEqual(at.edges, ['start 1', 'end 1']);
});
