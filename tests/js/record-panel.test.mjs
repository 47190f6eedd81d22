/** The sign and the line about what the server keeps, with elements that only hold texts. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { PeerError } from '../../client/js/connection/errors.js';
import { RecordPanel } from '../../client/js/panels/record-panel.js';
import { T } from '../../client/js/texts/texts.js';

globalThis.HTMLElement = class {
  hidden = true;
  textContent = '';
  addEventListener(_type, listener) {
    this.press = listener;
  }
};
globalThis.HTMLButtonElement = class extends globalThis.HTMLElement {};

/** A panel whose session runs; `answers` are what the server says to each request, in order. */
function running(answers = [], wanted = true) {
  const sign = new HTMLButtonElement();
  const [line, p, button] = [new HTMLElement(), new HTMLElement(), new HTMLButtonElement()];
  line.querySelector = (selector) => (selector === 'p' ? p : button);
  const heard = { said: [], asked: [], removed: [], kept: [] };
  const panel = new RecordPanel({ sign, line }, {
    ask: async (text) => (heard.asked.push(text), wanted),
    remove: async ({ sessionId }) => {
      heard.removed.push(sessionId);
      const answer = answers.shift();
      if (answer instanceof Error) throw answer;
      return answer;
    },
    say: (text) => heard.said.push(text),
    onChange: (kept) => heard.kept.push(kept),
  });
  panel.begin();
  return { panel, sign, line, p, button, heard };
}

const admitted = (sessionId, recorded = true) => ({ sessionId, secret: 's', recorded });

test('only a session that the server keeps has a sign, and a line after its end', () => {
  const { panel, sign, line, p } = running();
  panel.admit(null);
  panel.admit(admitted('a', false));
  assert.equal(sign.hidden, true);

  panel.admit(admitted('b'));
  assert.deepEqual([sign.hidden, line.hidden], [false, true]);
  panel.end();

  assert.deepEqual([sign.hidden, line.hidden, p.textContent], [true, false, T.RECORD_KEPT]);
});

test('all records of the session are deleted, the newest first', async () => {
  const { panel, sign, heard } = running(['deleted', 'nothing']);
  panel.admit(admitted('a'));
  panel.admit(admitted('b'));

  await sign.press();

  assert.deepEqual(heard, { said: [T.RECORD_DELETED.running], asked: [T.ASK_DELETE_RECORD.running], removed: ['b', 'a'], kept: ['results', 'deleted'] });
  assert.deepEqual([sign.hidden, panel.isDeleted], [true, true]);
  panel.begin();
  assert.equal(panel.isDeleted, false);
});

test('nothing is deleted without a yes', async () => {
  const { panel, sign, heard } = running([], false);
  panel.admit(admitted('a'));

  await sign.press();

  assert.deepEqual([heard.removed, heard.said, sign.hidden], [[], [], false]);
});

test('a server that has nothing is said to have nothing', async () => {
  const { panel, button, heard } = running(['nothing']);
  panel.admit(admitted('a'));
  panel.end();

  await button.press();

  assert.deepEqual([heard.asked, heard.said], [[T.ASK_DELETE_RECORD.ended], [T.NO_RECORD]]);
});

test('after a failure the line stays, and a second press tries again', async () => {
  const { panel, line, button, heard } = running([new PeerError('serverAway'), 'deleted']);
  panel.admit(admitted('a'));
  panel.end();

  await button.press();
  assert.deepEqual([heard.said, line.hidden], [[T.RECORD_PROBLEMS.serverAway], false]);
  await button.press();

  assert.deepEqual([heard.said[1], line.hidden], [T.RECORD_DELETED.ended, true]);
});
