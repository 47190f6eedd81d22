import assert from 'node:assert/strict';
import { test } from 'node:test';

import { CurrentSource } from '../../client/js/source/current-source.js';

/** Sources that the test opens by `ready` or fails by `reject`. */
function studio() {
  const asked = [];
  const kept = [];
  const open = (options) =>
    new Promise((resolve, reject) => {
      const source = { options, closed: false, close: () => (source.closed = true) };
      asked.push({ source, ready: () => resolve(source), reject: (error) => reject(error) });
    });
  const sources = new CurrentSource(open, ({ options }) => kept.push(options));
  return { sources, asked, kept };
}

const soon = () => new Promise((resolve) => setTimeout(resolve));

test('an opened source becomes the current one and is reported', async () => {
  const { sources, asked, kept } = studio();

  const using = sources.use('640');
  assert.equal(sources.current, null);
  assert.equal(sources.wanted, true);
  asked[0].ready();

  assert.equal(await using, sources.current);
  assert.deepEqual(kept, ['640']);
});

test('of several requests while a source opens, the last one wins', async () => {
  const { sources, asked, kept } = studio();
  const first = sources.use('640');

  const second = sources.use('320');
  const third = sources.use('1280');
  asked[0].ready();
  await soon();
  asked[1].ready();

  for (const opened of [await first, await second, await third]) assert.equal(opened.options, '1280');
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

test('a failure is ignored if another source was requested in the meantime', async () => {
  const { sources, asked } = studio();
  const first = sources.use('a camera that is busy');
  sources.use('another');

  asked[0].reject(new Error('busy'));
  await soon();
  asked[1].ready();

  assert.equal((await first).options, 'another');
});

test('a failure of the last request is reported, and another source can be opened', async () => {
  const { sources, asked } = studio();
  const using = sources.use('busy');
  asked[0].reject(new Error('busy'));

  await assert.rejects(using, /busy/);
  assert.equal(sources.wanted, false);

  const again = sources.use('free');
  asked[1].ready();
  assert.equal((await again).options, 'free');
});

test('a source that opens after close() is closed at once', async () => {
  const { sources, asked, kept } = studio();
  const using = sources.use('640');

  sources.close();
  asked[0].ready();

  assert.equal(await using, null);
  assert.equal(asked[0].source.closed, true);
  assert.deepEqual(kept, []);
});

test('stopped and started again while it opens, the new source is opened', async () => {
  const { sources, asked } = studio();
  sources.use('640');
  sources.close();

  const again = sources.use('320');
  asked[0].ready();
  await soon();
  asked[1].ready();

  assert.equal((await again).options, '320');
  assert.equal(asked[0].source.closed, true);
});

test('last() returns the last source, even while it opens', async () => {
  const { sources, asked } = studio();
  assert.equal(await sources.last(), null);
  sources.use('640');

  const last = sources.last();
  asked[0].ready();

  assert.equal((await last).options, '640');
  assert.equal(await sources.last(), sources.current);
});
