import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { halvesOf, int64Text, timestampText } from '../../src/output/values.ts';

const int64 = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.bigInt({ min: -(2n ** 54n), max: 2n ** 54n }),
  fc.constantFrom(0n, -1n, 2n ** 53n - 1n, 2n ** 53n, 2n ** 53n + 1n, -(2n ** 53n), -(2n ** 53n) - 1n, 2n ** 63n - 1n, -(2n ** 63n)),
);

test('an int64 keeps every digit', () => {
  fc.assert(fc.property(int64, (value) => assert.equal(int64Text(halvesOf(BigInt64Array.of(0n, value)), 1), String(value))));
});

test('a timestamp reads as Date writes it', () => {
  fc.assert(
    fc.property(fc.oneof(fc.integer({ min: -8.64e15, max: 8.64e15 }), fc.constantFrom(-8.64e15, 8.64e15, -1, 0, 999)), (ms) => {
      assert.equal(timestampText(halvesOf(BigInt64Array.of(BigInt(ms))), 0), new Date(ms).toISOString());
    }),
  );
});

test('what no Date can hold is told in milliseconds', () => {
  for (const value of [8_640_000_000_000_001n, -(2n ** 63n)]) {
    assert.equal(timestampText(halvesOf(BigInt64Array.of(value)), 0), String(value));
  }
});
