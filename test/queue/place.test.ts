import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { compareKeys } from '../../src/keyspace/interval.ts';
import { intervalOf, recordEnd, recordOfEnd } from '../../src/queue/place.ts';

const record = fc.nat(Number.MAX_SAFE_INTEGER);

test('record numbers sort as bytes as they do as numbers, and come back', () => {
  fc.assert(
    fc.property(record, record, (a, b) => {
      assert.equal(Math.sign(compareKeys(recordEnd(a), recordEnd(b))), Math.sign(a - b));
      assert.equal(recordOfEnd(recordEnd(a)), a);
    }),
  );
  assert.equal(recordOfEnd(new Uint8Array(0)), 0);
});

test('a place is an interval, of keys or of record numbers', () => {
  const after = Buffer.from('a');
  assert.deepEqual(intervalOf({ kind: 'keyspace', after, through: null }), { after, through: null });
  assert.deepEqual(intervalOf({ kind: 'records', after: 3, through: 9 }), { after: recordEnd(3), through: recordEnd(9) });
});
