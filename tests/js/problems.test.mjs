import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';

import { PeerError, rejection } from '../../client/js/connection/errors.js';
import { COMPATIBILITY, ENDINGS, INVITATIONS, PROBLEMS, REJECTIONS } from '../../client/js/texts/en.js';
import { sentence } from '../../client/js/texts/format.js';
import { endingOf, fallbackOf, messageOf, problemOf } from '../../client/js/texts/problems.js';
import { MOVE_CODE } from '../../client/js/connection/base-peer.js';
import { FALLBACK_KEYS, isTemporary } from '../../client/js/visit/retry.js';
import { State } from '../../client/js/visit/visit-states.js';

const folder = new URL('../../client/js/', import.meta.url);
const scripts = readdirSync(folder, { recursive: true })
  .filter((name) => name.endsWith('.js'))
  .map((name) => readFileSync(new URL(name, folder), 'utf8'));
const full = rejection(503, { code: 'server_full', detail: '1 of 1 sessions' }, 4.2);

for (const [, key] of scripts.join().matchAll(/PeerError\('(\w+)'/g)) {
  test(`the problem ${key} has a title and a next step`, () => {
    assert.ok(PROBLEMS[key].title);
    assert.match(problemOf(new PeerError(key, 'the reason')).text, /[.!]$/);
  });
}

test('every key of a rejection has a text', () => {
  for (const code of ['token_required', 'rate_limited', 'server_full', 'draining', 'no_media_port', 'bad_offer', '']) {
    assert.ok(Object.hasOwn(PROBLEMS, rejection(403, { code }).key), code);
  }
});

for (const code of Object.keys(ENDINGS)) {
  test(`the ending ${code} has a title and a next step`, () => {
    assert.ok(ENDINGS[code].title);
    const textOf = (detail) => problemOf(Object.assign(new PeerError('ended', detail), { code })).text;
    assert.match(textOf('the reason'), /[.!]$/);
    assert.doesNotMatch(textOf(''), /^ |^\.|  /);
  });
}

test('every code of a rejection with its own text is one of the server', () => {
  const docs = readFileSync(new URL('../../docs/telemetry.md', import.meta.url), 'utf8');

  for (const code of Object.keys(REJECTIONS)) assert.ok(docs.includes(`\`${code}\``), code);
});

test('an unknown code has no ending', () => {
  for (const code of ['', 'tomorrow', 'constructor', undefined]) assert.equal(endingOf(code), null);
});

test('every notice code in docs/telemetry.md has a text on the page', () => {
  const docs = readFileSync(new URL('../../docs/telemetry.md', import.meta.url), 'utf8');
  const table = docs.split(/^\| `code`[^|]*\| reason for the end of the session \|$/m)[1].split('\n\n')[0];
  const codes = [...table.matchAll(/^\| `(\w+)` \|/gm)].map(([, code]) => code);

  assert.ok(codes.length > 5);
  // After it the session goes on, and the page says only that it has moved.
  assert.deepEqual(codes.filter((code) => !(code in ENDINGS)), [MOVE_CODE]);
});

test('every reason to fall back has a text', () => {
  assert.deepEqual(Object.keys(COMPATIBILITY).sort(), [...FALLBACK_KEYS].sort());
  for (const key of FALLBACK_KEYS) {
    const { title, text } = fallbackOf(new PeerError(key));

    assert.equal(title, COMPATIBILITY[key]);
    assert.ok(text.startsWith(`${COMPATIBILITY[key]}, so the page sends`));
  }
});

test('an error without a text is "unknown"', () => {
  assert.deepEqual(problemOf(new PeerError('constructor', 'x is not a function')), { key: 'unknown', title: 'Unexpected error', text: 'X is not a function. Start again.' });
});

test('the code of an ended session takes precedence over its key', () => {
  assert.equal(problemOf(Object.assign(new PeerError('ended', 'in words'), { code: 'time_over' })).title, ENDINGS.time_over.title);
});

test('a state without an error has its own message; states with video have none', () => {
  assert.deepEqual(messageOf(State.IDLE, null, 'camera'), { key: '', ...INVITATIONS[State.IDLE] });
  for (const state of [State.CONNECTED, State.STALLED, State.INTERRUPTED]) assert.deepEqual(messageOf(state, null, 'camera'), { key: '', title: '', text: '' });
});

for (const [code, detail, text] of [
  ['frame_too_large', 'frame of 4000x3000; expected at most 1920x1080', 'Frame of 4000x3000; expected at most 1920x1080. Choose a smaller size and start again.'],
  ['frame_too_large', 'a JPEG of 700000 bytes; expected at most 600000', 'A JPEG of 700000 bytes; expected at most 600000. Choose a smaller size and start again.'],
  ['bad_frame', 'a JPEG cannot be decoded; expected a complete one', 'A JPEG cannot be decoded; expected a complete one. Choose another size or camera, and start again.'],
]) {
  test(`the advice after "${detail}" appears once`, () => {
    assert.equal(problemOf(Object.assign(new PeerError('ended', detail), { code })).text, text);
  });
}

for (const [status, code] of [[401, 'token_required'], [401, 'token_wrong'], [401, 'token_expired'], [429, 'too_many_sessions_for_address'], [429, 'rate_limited'], [503, 'server_full'], [503, 'draining'], [503, 'no_media_port'], [400, 'bad_offer'], [403, 'origin_not_allowed'], [500, 'server_fault'], [418, 'a_word_of_tomorrow'], [503, 'constructor'], [503, undefined]]) {
  test(`after ${status} ${code}, the page speaks to the person and keeps the server's sentence aside`, () => {
    const { title, text, detail } = problemOf(rejection(status, { code, detail: 'expected more udp_ports' }));

    assert.ok(title);
    assert.match(text, /^[A-Z].*\.$/);
    assert.doesNotMatch(`${title} ${text}`, /udp_ports/);
    assert.equal(detail, 'Expected more udp_ports.');
  });
}

test('only a rejection has a sentence of the server', () => {
  assert.equal(problemOf(new PeerError('cut')).detail, undefined);
  assert.equal(messageOf(State.QUEUED, full, 'camera').detail, '1 of 1 sessions.');
});

test('a token that is wrong or expired is named as such', () => {
  for (const [code, text] of [['token_wrong', /not valid/], ['token_expired', /expired/], ['token_required', /^Enter the token/]]) {
    assert.match(problemOf(rejection(401, { code })).text, text);
  }
});

test('the code of a rejection is not the code of a notice', () => {
  assert.equal(problemOf(rejection(503, { code: 'replaced' })).title, PROBLEMS.full.title);
});

test('the page does not claim that nothing is stored, because it keeps the measurements itself', () => {
  for (const source of ['camera', 'clip']) {
    assert.match(messageOf(State.IDLE, null, source).text, /The server stores neither/);
    assert.match(messageOf(State.STOPPED, null, source).text, /The measurements are under “Sessions”\./);
  }
});

test('on a server that records sessions, the page says that the results are kept, before and after a session', () => {
  for (const source of ['camera', 'clip']) {
    for (const state of [State.IDLE, State.STOPPED, State.FINISHED]) {
      const { text } = messageOf(state, null, source, 'listed', 'results');
      assert.match(text, /The server keeps the results/);
      assert.doesNotMatch(text, /neither|nothing\./);
    }
    assert.match(messageOf(State.STOPPED, null, source, 'listed', 'results').text, /The measurements are under “Sessions”\.$/);
    assert.deepEqual(messageOf(State.PAUSED, null, source, 'listed', 'results'), messageOf(State.PAUSED, null, source));
  }
});

test('what the page says of measurements after the end is true', () => {
  for (const state of [State.STOPPED, State.FINISHED]) {
    assert.match(messageOf(state, null, 'clip', 'elsewhere').text, /nothing\. The measurements are under “Sessions” on the full page\.$/);
    assert.match(messageOf(state, null, 'clip', 'deleted').text, /nothing\. The measurements are deleted\.$/);
    assert.match(messageOf(state, null, 'clip', 'unsaid').text, /has stored nothing\.$/);
  }
});

test('the messages of a clip do not mention a camera', () => {
  for (const state of [State.STARTING, State.CONNECTING, State.STOPPED]) {
    const [camera, clip] = ['camera', 'clip'].map((source) => messageOf(state, null, source));

    assert.match(`${camera.title} ${camera.text}`, /camera/);
    assert.match(`${clip.title} ${clip.text}`, /video file/);
    assert.doesNotMatch(`${clip.title} ${clip.text}`, /camera/);
  }
  assert.deepEqual(messageOf(State.WAITING, null, 'clip'), messageOf(State.WAITING, null, 'camera'));
});

test('a waiting page says whether the camera stays off', () => {
  assert.equal(messageOf(State.QUEUED, full, 'camera').text, 'It cannot serve more people at the moment. The page tries again by itself; the camera stays off until then.');
  assert.equal(messageOf(State.QUEUED, full, 'clip').text, 'It cannot serve more people at the moment. The page tries again by itself.');
});

test('while the page reconnects, it does not advise to start again', () => {
  for (const source of ['camera', 'clip']) {
    const { title, text } = messageOf(State.RECONNECTING, new PeerError('cut'), source);

    assert.equal(title, PROBLEMS.cut.title);
    assert.doesNotMatch(text, /start again/i);
    assert.equal(/camera/.test(text), source === 'camera');
  }
  assert.doesNotMatch(messageOf(State.RECONNECTING, Object.assign(new PeerError('ended'), { code: 'silence' }), 'clip').text, /start again/i);
});

/** Every error after which the page reconnects, with a detail as the server may send it. */
const temporary = [
  ...Object.keys(PROBLEMS).filter((key) => isTemporary({ key }, 0)).map((key) => new PeerError(key, 'in words')),
  ...Object.keys(ENDINGS).filter((code) => isTemporary({ key: 'ended', code }, 0)).map((code) => Object.assign(new PeerError('ended', 'in words'), { code })),
];

for (const error of temporary) {
  test(`while the page reconnects, ${error.code || error.key} is shown without advice`, () => {
    const { text } = messageOf(State.RECONNECTING, error, 'clip');

    assert.doesNotMatch(text, /start again|In words/i);
    assert.match(text, /^([A-Z][^.]*\. )?Nothing is sent in the meantime\. The chart goes on when the connection is back; if the server has restarted, counters begin again\.$/);
  });
}

test('the page reconnects after keys and after codes', () => {
  assert.ok(temporary.some(({ key }) => key === 'noPort') && temporary.some(({ code }) => code === 'silence'));
});

test('the reason of a rejection is shown while the page reconnects', () => {
  assert.match(messageOf(State.RECONNECTING, full, 'clip').text, /^It cannot serve more people at the moment\. Nothing is sent/);
});

test('a connection lost during a pause is shown as a pause', () => {
  assert.deepEqual(messageOf(State.HELD, new PeerError('cut'), 'camera'), { key: 'cut', ...INVITATIONS[State.HELD] });
});

test('a failed visit says when to try again, if the server does', () => {
  assert.equal(messageOf(State.FAILED, full, 'camera').text, 'It cannot serve more people at the moment. Start again in 5 s.');
  assert.equal(messageOf(State.FAILED, new PeerError('full'), 'camera').text, 'It cannot serve more people at the moment. Start again later.');
});

test('a detail becomes a sentence', () => {
  assert.equal(sentence('16 of 16 places taken; try again soon'), '16 of 16 places taken; try again soon.');
  assert.equal(sentence('the server is stopping'), 'The server is stopping.');
  assert.equal(sentence(''), '');
});
