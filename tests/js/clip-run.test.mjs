/** Each frame of a file settles once: analysed, or missed after many tries. Its report is passed on in the order of the file. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ClipRun } from '../../client/js/source/clip-run.js';

const JPEG = Promise.resolve(null);
const TIMES_S = [0, 0.04, 0.08, 0.12, 0.16];

function report(change = {}) {
  return { seq: 7, pts: 1, dropped: 9, analysed: true, unanalysed: '', faces: [], ...change };
}

/** A run with these frames, and what it passes on. */
function runOf(times = TIMES_S) {
  const heard = { reports: [], ready: 0, changes: 0 };
  const run = new ClipRun(() => (heard.changes += 1));
  const listener = { onReady: () => (heard.ready += 1), onReport: (passed) => heard.reports.push(passed) };
  run.attach(listener);
  for (const timeS of times) run.add(timeS, JPEG);
  return { run, heard, listener };
}

const clipTimes = ({ reports }) => reports.map(({ clipS }) => clipS);

test('one frame is under way; the next one leaves when it is back', () => {
  const { run, heard } = runOf();
  const first = run.next(0);

  assert.deepEqual([first.clipS, run.next(0)], [0, null]);
  run.comeBack(first.wireMs, report(), 20);

  assert.equal(run.next(20).clipS, 0.04);
  assert.deepEqual(clipTimes(heard), [0]);
});

test('headers are the times of the file in milliseconds, and ascend even for a frame that is sent again', () => {
  const { run } = runOf();
  const wires = [run.next(0).wireMs, run.next(1100).wireMs];
  run.comeBack(wires[1], report(), 1120);

  wires.push(run.next(2000).wireMs);

  assert.deepEqual(wires, [0, 1, 40]);
});

test('a frame that the server dropped is sent again before the frames after it', () => {
  const { run, heard } = runOf([0, 0.04, 0.08]);
  run.next(0);

  const again = run.next(1100);
  run.comeBack(again.wireMs, report(), 1120);
  const after = run.next(2000);
  run.comeBack(after.wireMs, report(), 2020);

  assert.deepEqual([again.clipS, after.clipS], [0, 0.04]);
  assert.deepEqual(clipTimes(heard), [0, 0.04]);
  assert.deepEqual(heard.reports.map(({ seq, pts, dropped }) => [seq, pts, dropped]), [[0, 0, 0], [1, 0.04, 0]]);
});

test('after a frame that was not analysed the next try waits, longer after each; frames that are analysed shorten the wait', () => {
  const { run } = runOf();
  run.comeBack(run.next(0).wireMs, report({ analysed: false, unanalysed: 'unavailable' }), 10);
  const again = run.next(10);
  run.comeBack(again.wireMs, report(), 20);

  const early = run.next(50);
  const later = run.next(70);

  assert.equal(early, null);
  assert.equal(later.clipS, 0.04);
});

test('a slow server gets four times its slowest answer before a frame is sent again', () => {
  const { run } = runOf();
  run.comeBack(run.next(0).wireMs, report(), 900);
  const second = run.next(900);

  assert.equal(run.next(900 + 3500), null);
  assert.equal(run.next(900 + 3700).clipS, second.clipS);
});

test('a frame without an answer is sent again after a second, then two, and a late answer to the first try is ignored', () => {
  const { run, heard } = runOf([0]);
  const first = { ...run.next(0) };
  assert.equal(run.next(900), null);
  const second = { ...run.next(1100) };
  assert.equal(run.next(3000), null);

  const again = run.next(3200);
  assert.deepEqual([first, second].map(({ wireMs }) => run.comeBack(wireMs, report(), 3300)), [null, null]);
  run.comeBack(again.wireMs, report(), 3400);

  assert.deepEqual(clipTimes(heard), [0]);
  assert.deepEqual(run.counts, { read: 1, analysed: 1, missed: 0, blank: 0 });
});

test('a frame that is back without an analysis is sent again, but not if the server runs none', () => {
  const { run, heard } = runOf([0, 0.04]);
  run.comeBack(run.next(0).wireMs, report({ analysed: false, unanalysed: 'unavailable' }), 10);
  const again = run.next(1000);
  run.comeBack(again.wireMs, report(), 1010);
  run.comeBack(run.next(2000).wireMs, report({ analysed: false, unanalysed: 'off' }), 2010);

  assert.equal(again.clipS, 0);
  assert.deepEqual(run.counts, { read: 2, analysed: 1, missed: 1, blank: 0 });
  assert.deepEqual(heard.reports.map(({ analysed }) => analysed), [true, false]);
});

test('a frame that fails in every try is missed, so that the file still ends', () => {
  const { run, heard } = runOf([0]);
  run.endReading();
  let tries = 0;
  for (let nowMs = 0; !run.isDone && tries < 99; nowMs += 5000) {
    const frame = run.next(nowMs);
    if (!frame) continue;
    tries += 1;
    run.comeBack(frame.wireMs, report({ analysed: false, unanalysed: 'fault' }), nowMs + 10);
  }

  assert.equal(tries, 12);
  assert.deepEqual(run.counts, { read: 1, analysed: 0, missed: 1, blank: 0 });
  assert.equal(heard.reports.length, 1);
});

test('a frame that the browser cannot encode is blank, has no report and is not blamed on the server', () => {
  const { run, heard } = runOf([0, 0.04]);
  run.giveUp(run.next(0));
  run.comeBack(run.next(0).wireMs, report(), 10);

  assert.deepEqual(clipTimes(heard), [0.04]);
  assert.deepEqual(run.counts, { read: 2, analysed: 1, missed: 0, blank: 1 });
});

test('after a lost connection, the frames under way are sent over the next one', () => {
  const { run, heard, listener } = runOf([0, 0.04]);
  run.next(0);

  run.detach(listener);
  const next = { onReady: () => {}, onReport: (passed) => heard.reports.push(passed) };
  run.attach(next);
  // The old connection ends late.
  run.detach(listener);
  run.comeBack(run.next(100).wireMs, report(), 110);

  assert.deepEqual(clipTimes(heard), [0]);
});

test('a frame that was read before is not analysed again', () => {
  const { run } = runOf([0, 0.04]);
  run.add(0.04, JPEG);

  assert.equal(run.counts.read, 2);
  assert.equal(run.has(0.04), true);
});

test('reading waits while five frames have not settled, and goes on as they do', () => {
  const { run, heard } = runOf();
  assert.equal(run.isFull, true);

  run.comeBack(run.next(0).wireMs, report(), 10);

  assert.equal(run.isFull, false);
  assert.ok(heard.changes > 0);
  assert.equal(run.lastS, 0);
});

test('the run is done when everything has been read and has settled', () => {
  const { run, heard } = runOf([0]);
  const before = heard.changes;
  run.endReading();
  assert.deepEqual([run.isDone, heard.changes], [false, before + 1]);

  run.comeBack(run.next(0).wireMs, report(), 10);

  assert.equal(run.isDone, true);
  assert.equal(heard.changes, before + 2);
});
