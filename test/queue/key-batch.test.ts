import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { keyAt, recordsWithin, selectKeys, sliceBatch } from '../../src/queue/key-batch.ts';
import { fileBatch, keyBatch, keysOf, packed, pageBatch, unpacked } from './key-batches.ts';

const end = Buffer.from('zzz');

test('a slice has its keys, what is listed of them, and buffers of its own', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 60 }), fc.nat(), fc.nat(), (count, a, b) => {
      const [from, to] = [a % count, (a % count) + 1 + (b % (count - (a % count)))];
      const batch = pageBatch(0, count, { after: new Uint8Array(0), through: end });
      const slice = sliceBatch(batch, from, to);
      assert.equal(slice.count, to - from);
      assert.equal(slice.bucket, batch.bucket);
      assert.deepEqual(keysOf(slice), keysOf(batch).slice(from, to));
      assert.deepEqual([...slice.listed!.size!], [...batch.listed!.size!].slice(from, to));
      assert.deepEqual([...slice.listed!.lastModified!], [...batch.listed!.lastModified!].slice(from, to));
      assert.deepEqual(unpacked(slice.listed!.etag!, slice.count), unpacked(batch.listed!.etag!, count).slice(from, to));
      // It has memory of its own: what is copied to another thread is the slice and no more.
      for (const array of [slice.keys.values, slice.keys.offsets, slice.listed!.size!]) assert.equal(array.buffer.byteLength, array.byteLength);
    }),
  );
});

test('the places of slices tile the place of the batch (R2)', () => {
  const after = Buffer.from('a');
  const page = pageBatch(5, 10, { after, through: end });
  const [first, second, last] = [sliceBatch(page, 0, 3), sliceBatch(page, 3, 4), sliceBatch(page, 4, 10)];
  const key = (row: number): Uint8Array => new Uint8Array(keyAt(page, row));
  assert.deepEqual(first.place, { kind: 'keyspace', after, through: key(2) });
  assert.deepEqual(second.place, { kind: 'keyspace', after: key(2), through: key(3) });
  assert.deepEqual(last.place, { kind: 'keyspace', after: key(3), through: end });
  assert.deepEqual(sliceBatch(fileBatch(100, 10), 2, 5).place, { kind: 'records', after: 102, through: 105 });
});

test('what is not known of the keys is not known of a slice', () => {
  const listed = { size: null, etag: packed(['', 'e']), lastModified: null };
  const batch = keyBatch(['a', 'b'], { kind: 'records', after: 0, through: 2 }, listed);
  const slice = sliceBatch(batch, 1, 2);
  assert.deepEqual([slice.listed!.size, slice.listed!.lastModified, unpacked(slice.listed!.etag!, 1)], [null, null, ['e']]);
  assert.equal(sliceBatch(fileBatch(0, 2), 0, 1).listed, null);
});

test('keys that are left out keep their place: slices of what is left tile it still (R2)', () => {
  const selections = fc.array(fc.boolean(), { minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(selections, fc.nat(), (wanted, at) => {
      const rows = wanted.flatMap((isWanted, row) => (isWanted ? [row] : []));
      const batch = selectKeys(fileBatch(100, wanted.length), rows);
      assert.deepEqual(keysOf(batch), rows.map((row) => `key-${String(100 + row).padStart(7, '0')}`));
      assert.equal(batch.count, rows.length);
      if (rows.length < 2) return;
      const cut = 1 + (at % (rows.length - 1));
      const [first, second] = [sliceBatch(batch, 0, cut).place, sliceBatch(batch, cut, rows.length).place];
      assert.ok(first.kind === 'records' && second.kind === 'records');
      // The second begins behind the last key of the first.
      const behind = 100 + rows[cut - 1]! + 1;
      assert.deepEqual([first.after, first.through, second.after, second.through], [100, behind, behind, 100 + wanted.length]);
      // Each still knows its keys' records, also when it is cut again.
      assert.deepEqual([...second.kept!].map((record) => second.after + record - 1), rows.slice(cut).map((row) => 100 + row));
    }),
  );
});

test('what is listed of keys stays with them', () => {
  const batch = selectKeys(pageBatch(0, 5, { after: new Uint8Array(0), through: end }), [1, 4]);
  assert.deepEqual([...batch.listed!.size!], [1n, 4n]);
  assert.deepEqual([...batch.listed!.lastModified!], [1000n, 4000n]);
  assert.deepEqual(unpacked(batch.listed!.etag!, 2), ['e1', 'e4']);
  assert.deepEqual(batch.place, { kind: 'keyspace', after: new Uint8Array(0), through: end });
});

test('a batch cut at any records, filtered or not: every key in one of the pieces, each in its place (R1, R2)', () => {
  const selections = fc.array(fc.boolean(), { minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(selections, fc.boolean(), fc.array(fc.nat(40), { maxLength: 4 }), (wanted, isFiltered, cuts) => {
      const whole = fileBatch(100, wanted.length);
      const batch = isFiltered ? selectKeys(whole, wanted.flatMap((isWanted, row) => (isWanted ? [row] : []))) : whole;
      const ends = [...new Set([0, ...cuts.filter((cut) => cut < wanted.length), wanted.length])].sort((a, b) => a - b);
      const pieces = ends.slice(1).map((through, at) => recordsWithin(batch, 100 + ends[at]!, 100 + through));
      assert.deepEqual(pieces.flatMap(keysOf), keysOf(batch));
      for (const [at, piece] of pieces.entries()) {
        const { place } = piece;
        assert.ok(place.kind === 'records');
        assert.deepEqual([place.after, place.through], [100 + ends[at]!, 100 + ends[at + 1]!]);
        // fileBatch names each key after its record
        const records = place.kept ?? Int32Array.from({ length: piece.count }, (_, row) => row + 1);
        assert.deepEqual([...records].map((record) => `key-${String(place.after + record - 1).padStart(7, '0')}`), keysOf(piece));
      }
    }),
  );
});
