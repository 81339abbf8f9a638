import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { isSampled, keyHash } from '../../src/source/filter-sample.ts';
import { anyKey } from './arbitrary-keys.ts';

function hash(text: string): number {
  const bytes = Buffer.from(text);
  return keyHash(bytes, 0, bytes.length);
}

test('the published vectors of MurmurHash3_x86_32 with seed 0', () => {
  // From the Wikipedia article on MurmurHash, and of the empty text by definition.
  assert.equal(hash(''), 0);
  assert.equal(hash('test'), 0xba6bd213);
  assert.equal(hash('Hello, world!'), 0xc0363e43);
  assert.equal(hash('The quick brown fox jumps over the lazy dog'), 0x2e4ff723);
});

test('the key alone decides, wherever it lies in memory, and a smaller share is part of a larger one', () => {
  fc.assert(
    fc.property(anyKey, fc.nat(9), fc.double({ min: 0.001, max: 1, noNaN: true }), (key, offset, share) => {
      const bytes = Buffer.from(key);
      const moved = Buffer.concat([Buffer.alloc(offset, 0xff), bytes, Buffer.from('more')]);
      const sampled = isSampled(bytes, 0, bytes.length, share);
      assert.equal(isSampled(moved, offset, offset + bytes.length, share), sampled);
      assert.ok(isSampled(bytes, 0, bytes.length, 1));
      if (sampled) assert.ok(isSampled(bytes, 0, bytes.length, Math.min(1, share * 1.5)));
    }),
  );
});

test('the share is that of the keys, also where they differ in little', () => {
  const layouts = [(n: number) => String(n), (n: number) => `images/train/${String(n).padStart(9, '0')}.jpg`, (n: number) => `${'x'.repeat(200)}${n.toString(16)}`];
  for (const layout of layouts) {
    for (const share of [0.01, 0.1, 0.5]) {
      const keys = 20_000;
      let sampled = 0;
      for (let n = 0; n < keys; n++) {
        const bytes = Buffer.from(layout(n));
        if (isSampled(bytes, 0, bytes.length, share)) sampled++;
      }
      // Five standard deviations of the binomial distribution.
      const bound = 5 * Math.sqrt(keys * share * (1 - share));
      assert.ok(Math.abs(sampled - keys * share) < bound, `${sampled} of ${keys} for ${share}`);
    }
  }
});
