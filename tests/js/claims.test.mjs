import assert from 'node:assert/strict';
import { test } from 'node:test';

import { claimed, hold } from '../../client/js/storage/claims.js';

/** One lock at a time, as navigator.locks gives them. */
function fakeLocks() {
  const held = [];
  let queue = Promise.resolve();
  return {
    request: (name, work) => (queue = queue.then(async () => {
      held.push({ name });
      await work();
      held.pop();
    })),
    query: async () => ({ held: [...held] }),
  };
}

test('a claim that is given back before it is held is not held afterwards', async (t) => {
  const locks = fakeLocks();
  Object.defineProperty(globalThis, 'navigator', { value: { locks }, configurable: true });
  t.after(() => delete globalThis.navigator);
  const release = hold('one');
  await new Promise(setImmediate);
  assert.deepEqual([...(await claimed())], ['one']);
  const early = hold('two');
  early();

  release();
  release();
  await new Promise(setImmediate);

  assert.deepEqual([...(await claimed())], []);
});
