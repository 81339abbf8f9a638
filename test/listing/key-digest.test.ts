import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { KeyDigest } from '../../src/listing/key-digest.ts';

function digestOf(keys: readonly string[], cut: number): KeyDigest {
  const digest = new KeyDigest();
  for (const part of [keys.slice(0, cut), keys.slice(cut)]) {
    const bytes = part.map((key) => Buffer.from(key));
    const offsets = new Int32Array(part.length + 1);
    for (const [row, { length }] of bytes.entries()) offsets[row + 1] = offsets[row]! + length;
    digest.add({ values: Buffer.concat(bytes), offsets }, part.length);
  }
  return digest;
}

test('the same keys are equal in any order and however they are divided; others are not', () => {
  const some = fc.array(fc.oneof(fc.string({ maxLength: 4 }), fc.constantFrom('key-1', 'key-2', 'key-3')), { maxLength: 30 });
  fc.assert(
    fc.property(some, some, fc.nat(30), fc.nat(30), (keys, others, here, there) => {
      assert.ok(digestOf(keys, here).equals(digestOf([...keys].reverse(), there)));
      const isSame = JSON.stringify([...keys].sort()) === JSON.stringify([...others].sort());
      assert.equal(digestOf(keys, here).equals(digestOf(others, there)), isSame);
    }),
    { numRuns: 2000 },
  );
});

test('a key missing among many, doubled, or in place of another', () => {
  const keys = Array.from({ length: 100_000 }, (_, i) => `year=2026/part-${String(i).padStart(6, '0')}`);
  const whole = digestOf(keys, 0);
  assert.ok(!digestOf(keys.slice(1), 0).equals(whole));
  assert.ok(!digestOf([...keys.slice(1), keys[1]!], 0).equals(whole));
  assert.ok(!digestOf([...keys.slice(1), 'year=2026/part-100000'], 0).equals(whole));
  // what one gains the other loses, digit by digit
  assert.ok(!digestOf(['part-12', 'part-21'], 0).equals(digestOf(['part-11', 'part-22'], 0)));
});
