/** Fake timers and `performance.now()`; `mock.timers` of node:test takes other arguments in each version. */

/** Wait until no promise can make progress. */
export const settle = () => new Promise((resolve) => setImmediate(resolve));

/**
 * Replace timers and clock until the test ends.
 *
 * @param {import('node:test').TestContext} t
 * @param {number} [startMs]
 * @returns {(ms: number) => Promise<void>} moves the clock and calls the due timers in order
 */
export function fakeClock(t, startMs = 1000) {
  let nowMs = startMs;
  let lastId = 0;
  const timers = new Map();
  const set = (repeats) => (call, ms = 0) => {
    timers.set((lastId += 1), { call, dueMs: nowMs + ms, everyMs: repeats ? ms : 0 });
    return lastId;
  };
  const clear = (id) => void timers.delete(id);
  t.mock.method(globalThis, 'setTimeout', set(false));
  t.mock.method(globalThis, 'setInterval', set(true));
  t.mock.method(globalThis, 'clearTimeout', clear);
  t.mock.method(globalThis, 'clearInterval', clear);
  t.mock.method(performance, 'now', () => nowMs);
  return async (ms) => {
    const endMs = nowMs + ms;
    for (;;) {
      const [id, next] = [...timers].sort(([, a], [, b]) => a.dueMs - b.dueMs)[0] ?? [];
      if (!next || next.dueMs > endMs) break;
      nowMs = next.dueMs;
      if (next.everyMs) next.dueMs += next.everyMs;
      else timers.delete(id);
      next.call();
      await settle();
    }
    nowMs = endMs;
  };
}
