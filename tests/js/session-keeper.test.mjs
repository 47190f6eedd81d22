import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { decodeTelemetry } from '../../client/js/connection/telemetry.js';
import { toReport } from '../../client/js/session/report.js';
import { SessionLog } from '../../client/js/session/session-log.js';
import { SessionKeeper } from '../../client/js/storage/session-keeper.js';
import { T } from '../../client/js/texts/texts.js';

const golden = readFileSync(new URL('../data/telemetry_v1.json', import.meta.url), 'utf8');
const ABOUT = { startedMs: 1000, source: 'camera', notice: '', settings: { width: 640, height: 480, fps: 30 } };

/** A keeper whose session runs and has one message; `saved` is what it wrote. */
function keeping(t, sessions = {}) {
  const saved = [];
  const log = new SessionLog();
  const keeper = new SessionKeeper({ save: async (info, chunks) => void saved.push({ info, chunks }), move: async () => {}, remove: async () => {}, ...sessions }, log);
  keeper.begin(ABOUT);
  t.after(() => keeper.end());
  log.add(1, decodeTelemetry(golden));
  return { keeper, saved, log };
}

test('after a move that failed, a session is still saved and ended', async (t) => {
  const { keeper, saved } = keeping(t, { move: () => Promise.reject(new Error('closed')) });

  await assert.rejects(keeper.move(), /closed/);
  await keeper.end();

  assert.equal(saved.length, 2);
  assert.ok(saved[1].info.endedMs > 0);
});

test('the end is written with everything before it', async (t) => {
  const { keeper, saved } = keeping(t);

  await keeper.end();

  assert.ok(saved[0].info.endedMs > 0);
  assert.ok(saved[0].chunks.length > 0);
});

test('a session that has ended is not written again: another tab may have deleted it', async (t) => {
  const { keeper, saved } = keeping(t);
  await keeper.end();

  await keeper.save();

  assert.equal(saved.length, 1);
});

test('a move that failed and one that works follow each other', async (t) => {
  const moved = [];
  let fails = true;
  const { keeper } = keeping(t, { move: async (id) => { if (fails) throw new Error('closed'); moved.push(id); } });
  await assert.rejects(keeper.move(), /closed/);
  fails = false;

  await keeper.move();

  assert.equal(moved.length, 1);
});

test('to forget a session empties the log and deletes it after the last write', async (t) => {
  const done = [];
  const { keeper, log } = keeping(t, { save: async () => void done.push('saved'), remove: async () => void done.push('removed') });
  keeper.save();

  await keeper.forget();

  assert.deepEqual(done, ['saved', 'removed']);
  assert.equal(log.lastS, 0);
  assert.equal(keeper.info, null);
});

test('a name is written after what was being saved, and stays in what is saved later', async (t) => {
  const done = [];
  const { keeper } = keeping(t, { save: async (info) => void done.push(['saved', info.name]), amend: async (_id, change) => void done.push(['amended', change({}).name]) });
  keeper.save();

  await keeper.rename({ name: 'Class 4b' });
  await keeper.end();

  assert.deepEqual(done, [['saved', undefined], ['amended', 'Class 4b'], ['saved', 'Class 4b']]);
});

test('a name that could not be written does not stop later writes', async (t) => {
  const { keeper, saved } = keeping(t, { amend: () => Promise.reject(new Error('closed')) });

  await assert.rejects(keeper.rename({ name: 'x' }), /closed/);
  await keeper.end();

  assert.equal(saved.at(-1).info.name, 'x');
});

test('a page that is closed keeps what it has, without an end', async (t) => {
  const { keeper, saved } = keeping(t);

  keeper.leave();
  await keeper.end();

  assert.equal(saved.length, 1);
  assert.equal(saved[0].info.endedMs, null);
  assert.equal(keeper.isRunning, false);
});

test('the line after Stop, the list and the report say the same length, and how much of it was measured', async (t) => {
  const { keeper, saved, log } = keeping(t);
  for (const atS of [1.4, 2.6]) log.add(atS, decodeTelemetry(golden));
  // The connection is lost until the person gives up.
  log.note(9.55, 'stopped');

  await keeper.end();

  const { info } = saved.at(-1);
  const report = toReport(log, { at: '', notice: '' });
  assert.match(T.held(info, 'browser'), /^Measurements: 0:10 \(0:02 measured\), /);
  assert.match(T.sessionLine(info).facts, /^0:10 \(0:02 measured\), /);
  assert.match(report, /<dt>Length<\/dt><dd>0:10<\/dd>/);
  assert.match(report, /<dt>Measured<\/dt><dd>0:02 of 0:10<\/dd>/);
});

test('a session that was measured nearly all the time has one length, its end rounded as in the report', async (t) => {
  const { keeper, saved, log } = keeping(t);
  log.add(2.2, decodeTelemetry(golden));
  log.note(2.7, 'stopped');

  await keeper.end();

  assert.match(T.held(saved.at(-1).info, 'browser'), /^Measurements: 0:03, /);
  assert.match(toReport(log, { at: '', notice: '' }), /<dt>Length<\/dt><dd>0:03<\/dd>/);
  assert.doesNotMatch(toReport(log, { at: '', notice: '' }), /<dt>Measured/);
});

test('a save walks through no frame, no second, no face and no event that was saved before', async (t) => {
  const { keeper, saved, log } = keeping(t);
  log.note(1, 'marker', 'kept');
  await keeper.save();
  const telemetry = decodeTelemetry(golden);
  for (const walk of ['measured', 'faces', 'everySecond', 'means', 'between', Symbol.iterator]) log[walk] = () => assert.fail(String(walk));
  Object.defineProperty(log, 'events', { get: () => ({ reduce: assert.fail, filter: assert.fail, [Symbol.iterator]: assert.fail, length: 1, 0: { timeS: 1 } }) });
  log.add(2, { ...telemetry, seq: 2 });

  await keeper.save();

  const { info } = saved[1];
  assert.deepEqual([info.markers, info.faces, info.lengthS, info.measuredS], [1, telemetry.faces.length, 2, 1]);
});
