import assert from 'node:assert/strict';
import { test } from 'node:test';

import { cautiousPercent, wholePercents } from '../../client/js/texts/format.js';

const sum = (numbers) => numbers.reduce((all, number) => all + number, 0);

/** The same numbers in each run. */
function* randoms(seed) {
  for (let state = seed; ; state = (state * 48_271) % 2_147_483_647) yield state / 2_147_483_647;
}

test('whole percentages of any shares sum to 100, and each is within one of its exact value', () => {
  const random = randoms(7);
  for (let round = 0; round < 2000; round += 1) {
    const raw = Array.from({ length: 7 }, () => random.next().value ** 3);
    // As on the wire: three decimals, so that the sum is rarely exactly 1.
    const shares = raw.map((value) => Number((value / sum(raw)).toFixed(3)));

    const whole = wholePercents(shares);

    assert.equal(sum(whole), 100);
    whole.forEach((percents, i) => assert.ok(Math.abs(percents - (100 * shares[i]) / sum(shares)) < 1));
    for (const i of shares.keys()) {
      for (const j of shares.keys()) assert.ok(shares[i] <= shares[j] || whole[i] >= whole[j], 'a larger share has no smaller percentage');
    }
  }
});

test('of equal remainders, the larger share is rounded up, then the earlier one', () => {
  assert.deepEqual(wholePercents([0.005, 0.495, 0.5]), [0, 50, 50]);
  assert.deepEqual(wholePercents([1 / 3, 1 / 3, 1 / 3]), [34, 33, 33]);
  assert.deepEqual(wholePercents(Array(7).fill(1 / 7)), [15, 15, 14, 14, 14, 14, 14]);
});

test('one certain share is 100 percent, and no shares are none', () => {
  assert.deepEqual(wholePercents([0, 1, 0]), [0, 100, 0]);
  assert.deepEqual(wholePercents([0, 0]), [0, 0]);
  assert.deepEqual(wholePercents([]), []);
});

test('how often something was right is in steps of 5 percent, and is never certain', () => {
  const shown = [0.5, 0.876, 0.93, 0.98, 1, 0].map((share) => cautiousPercent(share).replace(/\s/, ''));
  assert.deepEqual(shown, ['50%', '90%', '95%', '95%', '95%', '5%']);
});
