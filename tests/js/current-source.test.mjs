import assert from 'node:assert/strict';
import { test } from 'node:test';

import { CurrentSource } from '../../client/js/current-source.js';

/** Sources that open when the test says so. */
function studio() {
  const asked = [];
  const kept = [];
  const open = (wish) =>
    new Promise((resolve, reject) => {
      const source = { wish, closed: false, close: () => (source.closed = true) };
      asked.push({ source, ready: () => resolve(source), refuse: (error) => reject(error) });
    });
  const sources = new CurrentSource(open, ({ wish }) => kept.push(wish));
  return { sources, asked, kept };
}

const soon = () => new Promise((resolve) => setTimeout(resolve));

test('the one that was opened is the current one, and told', async () => {
  const { sources, asked, kept } = studio();

  const using = sources.use('640');
  assert.equal(sources.current, null);
  assert.equal(sources.wanted, true);
  asked[0].ready();

  assert.equal(await using, sources.current);
  assert.deepEqual(kept, ['640']);
});

test('of the wishes that come while one is opened, the last one wins', async () => {
  const { sources, asked, kept } = studio();
  const first = sources.use('640');

  const second = sources.use('320');
  const third = sources.use('1280');
  asked[0].ready();
  await soon();
  asked[1].ready();

  for (const opened of [await first, await second, await third]) assert.equal(opened.wish, '1280');
  assert.equal(asked.length, 2);
  assert.equal(asked[0].source.closed, true);
  assert.deepEqual(kept, ['1280']);
});

test('one camera is open at a time', async () => {
  const { sources, asked } = studio();
  sources.use('front');
  asked[0].ready();
  await soon();

  sources.use('rear');

  assert.equal(asked[0].source.closed, true);
  assert.equal(sources.current, null);
});

test('one that fails does not count where another was wished for meanwhile', async () => {
  const { sources, asked } = studio();
  const first = sources.use('a camera that is busy');
  sources.use('another');

  asked[0].refuse(new Error('busy'));
  await soon();
  asked[1].ready();

  assert.equal((await first).wish, 'another');
});

test('the last one that fails is told, and the next may be opened', async () => {
  const { sources, asked } = studio();
  const using = sources.use('busy');
  asked[0].refuse(new Error('busy'));

  await assert.rejects(using, /busy/);
  assert.equal(sources.wanted, false);

  const again = sources.use('free');
  asked[1].ready();
  assert.equal((await again).wish, 'free');
});

test('what is opened after the end is closed at once', async () => {
  const { sources, asked, kept } = studio();
  const using = sources.use('640');

  sources.close();
  asked[0].ready();

  assert.equal(await using, null);
  assert.equal(asked[0].source.closed, true);
  assert.deepEqual(kept, []);
});

test('stopped and started again while it opens, the new wish is opened', async () => {
  const { sources, asked } = studio();
  sources.use('640');
  sources.close();

  const again = sources.use('320');
  asked[0].ready();
  await soon();
  asked[1].ready();

  assert.equal((await again).wish, '320');
  assert.equal(asked[0].source.closed, true);
});

test('who asks for the last one gets it, also while it opens', async () => {
  const { sources, asked } = studio();
  assert.equal(await sources.last(), null);
  sources.use('640');

  const last = sources.last();
  asked[0].ready();

  assert.equal((await last).wish, '640');
  assert.equal(await sources.last(), sources.current);
});
