/**
 * What one save of the page's session costs as the session grows: `node benchmarks/session_save.mjs [hours]`.
 *
 * One face at 30 frames a second, and a face that appears and leaves every ten seconds; a save every three seconds, as on
 * the page, with the memory in place of the database. Prints JSON: the median time of a save, in ms, after each ten
 * minutes of the session, for sessions that the database keeps and for those that only the memory holds.
 */

import { performance } from 'node:perf_hooks';

import { SessionLog } from '../client/js/session/session-log.js';
import { SessionKeeper } from '../client/js/storage/session-keeper.js';
import { Sessions } from '../client/js/storage/sessions.js';

const FPS = 30;
const SAVE_S = 3;
const SHOWN_S = 600;
const HOURS = Number(process.argv[2] ?? 1);

const STAGES = { wait: 0, detect: 1, landmarks: 1, emotion: 1, draw: 1 };
const face = (id, left) => ({ id, box: [left, 10, 100, 100], label: 'happy', probabilities: [0, 0, 0, 0.9, 0, 0, 0.1], pose_deg: [0, 0, 0], eyes: 0.3, mouth: 0.1, blinks: 0 });

function telemetry(seq) {
  const timeS = seq / FPS;
  const visitor = timeS % 10 < 5 ? [face(2 + Math.floor(timeS / 10), 200)] : [];
  return { seq, pts: timeS, fpsIn: FPS, fpsOut: FPS, dropped: 0, analysed: true, unanalysed: '', degradationLevel: 0, ms: STAGES, faces: [face(1, 10), ...visitor] };
}

/** A database that keeps nothing, so that only the page's own work is measured. */
const database = {
  isOpen: true,
  write: async (_stores, act) => act(() => ({
    put: () => ({}),
    delete: () => ({}),
    add: () => {
      const request = { result: 1 };
      queueMicrotask(() => request.onsuccess?.());
      return request;
    },
  })),
  ownedBy: async () => [],
};

async function run(place) {
  const sessions = new Sessions({ ready: Promise.resolve(database), place, report: (error) => { throw error; } });
  const log = new SessionLog();
  const keeper = new SessionKeeper(sessions, log);
  keeper.begin({ startedMs: 0, source: 'camera', notice: '', settings: { width: 640, height: 480, fps: FPS } });
  const medians = {};
  let times = [];
  for (let seq = 0; seq < HOURS * 3600 * FPS; seq += 1) {
    log.add(seq / FPS, telemetry(seq));
    const timeS = (seq + 1) / FPS;
    if (timeS % SAVE_S) continue;
    const beganMs = performance.now();
    await keeper.save();
    times.push(performance.now() - beganMs);
    if (timeS % SHOWN_S) continue;
    // Of the last minute: what a save costs at this length.
    times = times.slice(-20).sort((a, b) => a - b);
    medians[`${timeS / 60} min`] = Number(times[10].toFixed(3));
    times = [];
  }
  await keeper.end();
  return medians;
}

console.log(JSON.stringify({ node: process.version, save_ms: { database: await run(database), memory: await run(null) } }, null, 2));
