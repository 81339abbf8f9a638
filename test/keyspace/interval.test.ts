import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { compareEnds, compareKeys } from '../../src/keyspace/interval.ts';

test('keys compare by unsigned bytes, as S3 lists them, also where JavaScript strings do not (R3)', () => {
  const [below, above] = ['\uffff', '\u{10000}'];
  assert.ok(compareKeys(Buffer.from(below), Buffer.from(above)) < 0);
  assert.ok(below > above, 'what a comparison of strings would say');
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 6 }), fc.uint8Array({ maxLength: 6 }), (a, b) => {
      // hexadecimal digits sort as the bytes do
      const [x, y] = [Buffer.from(a).toString('hex'), Buffer.from(b).toString('hex')];
      assert.equal(Math.sign(compareKeys(a, b)), x < y ? -1 : x > y ? 1 : 0);
    }),
  );
});

test('null is the end of the keyspace, above every key', () => {
  const key = Buffer.from([0xff, 0xff]);
  assert.ok(compareEnds(null, key) > 0);
  assert.ok(compareEnds(key, null) < 0);
  assert.equal(compareEnds(null, null), 0);
  assert.equal(compareEnds(key, Buffer.from(key)), 0);
});
