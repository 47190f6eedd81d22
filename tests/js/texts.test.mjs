import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { NOTICE, NOT_ANALYSED_REASONS, SESSIONS_NOTE, STAGE_LABELS, STATES, TEXT, UNSURE_REASONS, busySentence, describePose, eventSentence, held, stateName } from '../../client/js/texts/en.js';
import { STAGES, UNANALYSED_REASONS, UNSURE_REASONS as UNSURE_CODES } from '../../client/js/connection/telemetry.js';
import { clockTime } from '../../client/js/texts/format.js';
import { State } from '../../client/js/visit/visit-states.js';

const client = new URL('../../client/', import.meta.url);
const page = readFileSync(new URL('index.html', client), 'utf8');

for (const [, key] of page.matchAll(/data-(?:text|label|title)="(\w+)"/g)) {
  test(`${key} in index.html has a text`, () => assert.ok(TEXT[key]));
}

test('every stage of the server has a label, in order', () => {
  assert.deepEqual(Object.keys(STAGE_LABELS).filter((stage) => STAGES.includes(stage)), STAGES);
});

test('a server that keeps up is not reported as busy', () => {
  assert.equal(busySentence({ fpsIn: 30, fpsOut: 29, degradationLevel: 0, faces: [] }), '');
});

test('a busy server is described by its rate and by what it leaves out', () => {
  assert.equal(
    busySentence({ fpsIn: 30, fpsOut: 15, degradationLevel: 1, faces: [] }),
    'The server is busy: it analyses 15 of 30 frames a second and looks for new faces less often.',
  );
});

test('a face is described by its gaze, long closed eyes and yawns, and left is that of the video as it is shown', () => {
  assert.equal(describePose({ pose_deg: [2, 1, 0], gaze: 'camera', yawns: 1 }), 'Facing the camera, 1 yawn');
  assert.equal(describePose({ pose_deg: [2, 1, 0], gaze: 'left' }), 'Facing the camera, eyes to the left');
  assert.equal(describePose({ pose_deg: [2, 1, 0], gaze: 'left', yawns: 2 }, 'mirrored'), 'Facing the camera, eyes to the right, 2 yawns');
  // Neither narrow eyes nor a blink are closed eyes; the server knows the usual eyes of this person.
  assert.equal(describePose({ pose_deg: [2, 1, 0], eyes: 0.1 }), 'Facing the camera');
  assert.equal(describePose({ pose_deg: [2, 1, 0], eyes: 0.1, eyes_closed_s: 3.2 }), 'Facing the camera, eyes closed for 3 s');
});

test('a face is described by its pose, eyes and mouth', () => {
  assert.equal(describePose({ pose_deg: [2, 1, 0], eyes: 0.3, mouth: 0.1, blinks: 0 }), 'Facing the camera');
  assert.equal(describePose({ pose_deg: [2, -20, 0], eyes: 0.3, mouth: 0.5, blinks: 1 }), 'Looking down, mouth open, 1 blink');
  assert.equal(describePose({ pose_deg: [-30, 0, 0], eyes: 0.3, mouth: 0, blinks: 2 }), 'Turned towards the left of the video, 2 blinks');
  assert.equal(describePose({ pose_deg: [30, 20, 0] }), 'Turned towards the right of the video, looking up');
});

test('in a mirrored view, left and right of the video are exchanged', () => {
  assert.equal(describePose({ pose_deg: [30, 0, 0] }, 'mirrored'), 'Turned towards the left of the video');
  assert.equal(describePose({ pose_deg: [-30, 0, 0] }, 'mirrored'), 'Turned towards the right of the video');
});

test('that only two faces are followed is said only if there are more', () => {
  const busy = { fpsIn: 30, fpsOut: 30, degradationLevel: 3 };

  for (const faces of [[{}], [{}, {}]]) {
    assert.equal(busySentence({ ...busy, faces, notFollowed: 0 }), 'The server is busy: it classifies expressions less often.');
  }
  assert.equal(busySentence({ ...busy, faces: [{}, {}], notFollowed: 1 }), 'The server is busy: it follows two faces at most.');
});

test('a face without a pose is not described', () => assert.equal(describePose({ pose_deg: null }), ''));

test('each reason why a frame is not analysed has a sentence', () => {
  const schema = JSON.parse(readFileSync(new URL('../../docs/telemetry.schema.json', import.meta.url), 'utf8'));
  const codes = schema.properties.unanalysed.enum.filter(Boolean).sort();

  assert.deepEqual([...UNANALYSED_REASONS].sort(), codes);
  assert.deepEqual(Object.keys(NOT_ANALYSED_REASONS).sort(), codes);
});

test('each reason why a face has no label has a sentence', () => {
  const schema = JSON.parse(readFileSync(new URL('../../docs/telemetry.schema.json', import.meta.url), 'utf8'));
  const codes = schema.$defs.FaceMessage.properties.unsure.examples.filter(Boolean).sort();

  assert.deepEqual([...UNSURE_CODES].sort(), codes);
  assert.deepEqual(Object.keys(UNSURE_REASONS).sort(), codes);
});

test('times are minutes and seconds', () => {
  assert.equal(clockTime(0), '0:00');
  assert.equal(clockTime(65.24, 1), '1:05.2');
  assert.equal(clockTime(59.96, 1), '1:00.0');
});

test('the notice names the button that records as the button does, and says where a recording goes', () => {
  assert.ok(NOTICE.includes(`“${TEXT.record}”`));
  assert.match(NOTICE, /saved to your downloads/);
});

test('how long numbers are kept is said in the list and after Stop', () => {
  assert.match(SESSIONS_NOTE, / until you delete them or the browser needs the space\.$/);
  assert.match(held({ lengthS: 5, faces: 1 }, 'browser'), / In this browser until you delete them or it needs the space\.$/);
});

test('an event becomes a sentence', () => {
  assert.equal(eventSentence({ timeS: 0, kind: 'changed', detail: '3 happy' }), 'Face 3: Happy');
  assert.equal(eventSentence({ timeS: 0, kind: 'lost', detail: 'The connection was lost' }), 'Connection lost: The connection was lost');
  assert.equal(eventSentence({ timeS: 0, kind: 'failed', detail: 'The camera is blocked' }), 'Not started: The camera is blocked');
  assert.equal(eventSentence({ timeS: 0, kind: 'fellBack', detail: 'This browser has no WebRTC' }), 'Compatibility mode: This browser has no WebRTC');
  assert.equal(eventSentence({ timeS: 0, kind: 'ended', detail: 'The camera was disconnected' }), 'Ended: The camera was disconnected');
});

test('every event of a visit has a sentence', () => {
  const states = readFileSync(new URL('js/visit/visit-states.js', client), 'utf8');
  const [, kinds] = /@typedef \{('began'[^}]*)\} Happening/.exec(states);

  for (const [, kind] of kinds.matchAll(/'(\w+)'/g)) assert.notEqual(eventSentence({ timeS: 0, kind, detail: 'x' }), kind);
});

test('every state has a text', () => {
  for (const state of Object.values(State)) assert.ok(STATES[state], state);
});

test('the state of a clip does not mention a camera that is not used', () => {
  for (const state of [State.IDLE, State.STARTING, State.CONNECTING, State.WAITING, State.STOPPED]) assert.doesNotMatch(stateName(state, 'clip'), /camera/);
  assert.equal(stateName(State.STARTING, 'clip'), 'Opening the video file');
  assert.equal(stateName(State.STARTING, 'camera'), 'Opening the camera');
  assert.equal(stateName(State.CONNECTED, 'clip'), 'Analysing the file');
  assert.equal(stateName(State.STALLED, 'clip'), STATES[State.STALLED]);
});

test('one person who left and returned is not counted as several', () => {
  assert.match(held({ lengthS: 5, faces: 4, atOnce: 1 }, 'page'), /, 1 face at a time, 4 numbers\./);
  assert.match(held({ lengthS: 5, faces: 5, atOnce: 2 }, 'page'), /, up to 2 faces at a time, 5 numbers\./);
  assert.match(held({ lengthS: 5, faces: 2, atOnce: 2 }, 'page'), /, 2 faces\./);
  assert.match(held({ lengthS: 5, faces: 1, atOnce: 1 }, 'page'), /, 1 face\./);
  // Of an older page.
  assert.match(held({ lengthS: 5, faces: 4 }, 'page'), /, 4 face numbers\./);
});
