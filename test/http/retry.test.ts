import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { parseRetryAfter, retryDelay } from '../../src/http/retry.ts';

const cause = fc.constantFrom('transient' as const, 'throttled' as const);
const BASE = { transient: 50, throttled: 200 };
const dice = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

test('full jitter: the dice times the base doubled each attempt, at most 20 s', () => {
  fc.assert(
    fc.property(cause, fc.integer({ min: 1, max: 100 }), dice, (why, attempt, random) => {
      const ceiling = Math.min(20_000, BASE[why] * 2 ** (attempt - 1));
      assert.equal(retryDelay(why, attempt, { maxAttempts: 101 }, random), random * ceiling);
    }),
  );
  assert.equal(retryDelay('transient', 1, { maxAttempts: 2 }, 0.5), 25);
  assert.equal(retryDelay('throttled', 3, { maxAttempts: 11 }, 0.5), 400);
});

test('the attempts of the policy, the first included, and not one more', () => {
  fc.assert(
    fc.property(cause, fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 20 }), dice, (why, attempt, maxAttempts, random) => {
      assert.equal(retryDelay(why, attempt, { maxAttempts }, random) === null, attempt >= maxAttempts);
    }),
  );
});

test('Retry-After is waited for, longer where the dice say so, and never over 20 s', () => {
  assert.equal(retryDelay('throttled', 1, { maxAttempts: 5 }, 0.5, 3000), 3000);
  assert.equal(retryDelay('throttled', 7, { maxAttempts: 9 }, 0.5, 3000), 6400);
  assert.equal(retryDelay('throttled', 1, { maxAttempts: 5 }, 0.5, 86_400_000), 20_000);
  assert.equal(retryDelay('throttled', 5, { maxAttempts: 5 }, 0.5, 3000), null);
});

test('Retry-After is seconds or a date', () => {
  const now = Date.UTC(2026, 0, 1);
  assert.equal(parseRetryAfter('120', now), 120_000);
  assert.equal(parseRetryAfter('0', now), 0);
  assert.equal(parseRetryAfter(new Date(now + 5000).toUTCString(), now), 5000);
  assert.equal(parseRetryAfter(new Date(now - 5000).toUTCString(), now), 0);
  for (const neither of [null, '', 'soon', 'NaN']) assert.equal(parseRetryAfter(neither, now), null);
});
