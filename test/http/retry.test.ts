import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { parseRetryAfter, retryDelay } from '../../src/http/retry.ts';

const cause = fc.constantFrom('transient' as const, 'throttled' as const);
const dice = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const MANY = { maxAttempts: 101 };

test('full jitter: the dice times the base doubled each attempt, at most 20 s', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 100 }), dice, (attempt, random) => {
      assert.equal(retryDelay('transient', attempt, MANY, random), random * Math.min(20_000, 50 * 2 ** (attempt - 1)));
    }),
  );
  assert.equal(retryDelay('transient', 1, { maxAttempts: 2 }, 0.5), 25);
});

test('told to slow down: ten waits of at most a second, since the rate is what heeds it, then up to 20 s', () => {
  const longest = Array.from({ length: 16 }, (_, at) => retryDelay('throttled', at + 1, MANY, 1));
  assert.deepEqual(longest, [100, 200, 400, 800, 1000, 1000, 1000, 1000, 1000, 1000, 2000, 4000, 8000, 16_000, 20_000, 20_000]);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 100 }), dice, (attempt, random) => {
      assert.equal(retryDelay('throttled', attempt, MANY, random), random * retryDelay('throttled', attempt, MANY, 1)!);
    }),
  );
});

test('the attempts of the policy, the first included, and not one more; three times the retries where it is the rate', () => {
  fc.assert(
    fc.property(cause, fc.integer({ min: 1, max: 70 }), fc.integer({ min: 1, max: 20 }), dice, (why, attempt, maxAttempts, random) => {
      const retries = (maxAttempts - 1) * (why === 'throttled' ? 3 : 1);
      assert.equal(retryDelay(why, attempt, { maxAttempts }, random) === null, attempt > retries);
    }),
  );
});

test('Retry-After is waited for, longer where the dice say so, and never over 20 s', () => {
  assert.equal(retryDelay('throttled', 1, { maxAttempts: 5 }, 0.5, 3000), 3000);
  assert.equal(retryDelay('transient', 8, { maxAttempts: 9 }, 0.5, 3000), 3200);
  assert.equal(retryDelay('throttled', 1, { maxAttempts: 5 }, 0.5, 86_400_000), 20_000);
  assert.equal(retryDelay('throttled', 13, { maxAttempts: 5 }, 0.5, 3000), null);
});

test('Retry-After is seconds or a date', () => {
  const now = Date.UTC(2026, 0, 1);
  assert.equal(parseRetryAfter('120', now), 120_000);
  assert.equal(parseRetryAfter('0', now), 0);
  assert.equal(parseRetryAfter(new Date(now + 5000).toUTCString(), now), 5000);
  assert.equal(parseRetryAfter(new Date(now - 5000).toUTCString(), now), 0);
  for (const neither of [null, '', 'soon', 'NaN']) assert.equal(parseRetryAfter(neither, now), null);
});
