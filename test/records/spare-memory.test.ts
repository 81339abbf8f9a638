import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { giveBack, takeMemory } from '../../src/records/spare-memory.ts';

const MB = 1024 * 1024;

test('memory that was given back serves who asks for about as much, and only once', () => {
  const first = takeMemory(100_000);
  giveBack([first]);
  assert.equal(takeMemory(99_000), first);
  assert.notEqual(takeMemory(99_000), first);
});

test('there is room for what was asked, and not for much more', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20 * MB }), (bytes) => {
      const { byteLength } = takeMemory(bytes);
      assert.ok(byteLength >= bytes && byteLength <= Math.max(1024, bytes * 1.125 + 1), `${byteLength} for ${bytes}`);
    }),
  );
});

test('no more than 8 MB are kept, and a size that is never asked for is not (R5)', () => {
  const many = Array.from({ length: 40 }, () => takeMemory(MB));
  giveBack(many);
  const again = new Set(Array.from({ length: 40 }, () => takeMemory(MB)));
  const kept = many.filter((buffer) => again.has(buffer)).length;
  assert.ok(kept > 0 && kept <= 8, `${kept} MB`);
  const odd = new ArrayBuffer(MB + 1);
  giveBack([odd]);
  assert.notEqual(takeMemory(MB + 1), odd);
});
