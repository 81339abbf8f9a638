import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { createKeySpace, LAYOUTS, type Layout } from '../../src/sim/sim.ts';

const bytes = (key: string): Buffer => Buffer.from(key, 'latin1');
const text = (key: string): string => bytes(key).toString('utf8');

function allKeys(layout: Layout, count: number, seed: number): string[] {
  const { keyAt } = createKeySpace(layout, count, seed);
  return Array.from({ length: count }, (_, index) => keyAt(index));
}

for (const layout of LAYOUTS) {
  test(`${layout}: keys ascend as bytes, are UTF-8 of at most 1,024 bytes, and depend on nothing but number and seed`, () => {
    for (const count of [1, 2, 3, 19, 1_000, 3_000]) {
      for (const seed of [1, 77]) {
        const keys = allKeys(layout, count, seed);
        for (const [index, key] of keys.entries()) {
          assert.ok(index === 0 || Buffer.compare(bytes(keys[index - 1]!), bytes(key)) < 0, `${count}: ${text(key)}`);
          assert.deepEqual(Buffer.from(text(key), 'utf8'), bytes(key), text(key));
          assert.ok(key.length > 0 && key.length <= 1_024);
        }
        const { keyAt } = createKeySpace(layout, count, seed);
        for (const index of [count - 1, 0, count >> 1]) assert.equal(keyAt(index), keys[index]);
      }
    }
  });

  test(`${layout}: find knows every key, and no other`, () => {
    const keys = allKeys(layout, 3_000, 5);
    const { find } = createKeySpace(layout, 3_000, 5);
    const numbers = new Map(keys.map((key, index) => [key, index]));
    for (const [index, key] of keys.entries()) {
      assert.equal(find(key), index);
      for (const other of [key.slice(0, -1), `${key}0`, `${key} `, key.replace(/\d(?=\D*$)/, 'x'), key.replace('0', '1'), key.slice(1)]) {
        assert.equal(find(other), numbers.get(other) ?? -1, other);
      }
    }
    for (const stranger of ['', '/', 'object-', 'object--00000001', 'object-3000', 'NaN', '\xff']) assert.equal(find(stranger), -1);
  });

  test(`${layout}: indexAfter and seek agree with counting`, () => {
    const count = 500;
    const keys = allKeys(layout, count, 9);
    const space = createKeySpace(layout, count, 9);
    const near = fc
      .tuple(fc.nat(count - 1), fc.nat(1_024), fc.constantFrom('', '\0', '\xff', '/', '0', 'z'))
      .map(([index, length, more]) => keys[index]!.slice(0, length) + more);
    const anywhere = fc.array(fc.nat(255), { maxLength: 6 }).map((codes) => String.fromCharCode(...codes));
    fc.assert(
      fc.property(fc.oneof({ weight: 5, arbitrary: near }, anywhere), fc.nat(count), (key, from) => {
        assert.equal(space.indexAfter(key), keys.filter((other) => Buffer.compare(bytes(other), bytes(key)) <= 0).length);
        const first = keys.findIndex((other, index) => index >= from && Buffer.compare(bytes(other), bytes(key)) >= 0);
        assert.equal(space.seek(key, from), first === -1 ? count : first);
      }),
      { numRuns: 300 },
    );
  });

  test(`${layout}: stays exact with 10^11 keys`, () => {
    const count = 100_000_000_000;
    const { keyAt, find, indexAfter } = createKeySpace(layout, count, 3);
    fc.assert(
      fc.property(fc.oneof(fc.integer({ min: 0, max: count - 2 }), fc.constantFrom(0, count - 2)), (index) => {
        assert.ok(keyAt(index) < keyAt(index + 1));
        assert.equal(find(keyAt(index)), index);
        assert.equal(indexAfter(keyAt(index)), index + 1);
      }),
    );
    assert.equal(indexAfter('\xff'), count);
  });
}

test('each layout has the shape that it is named for', () => {
  const shape: Readonly<Record<Layout, RegExp>> = {
    flat: /^object-\d{9}$/,
    hex: /^[0-9a-f]{32}$/,
    dated: /^year=202[56]\/month=[01]\d\/day=[0-3]\d\/hour=[0-2]\d\/part-\d{5}-[0-9a-f]{8}\.parquet$/,
    skewed: /^tenant-\d{4}\/object-\d{9}$/,
    sparse: /^site-[0-7]-(\d{9}\/data\.json|bulk\/object-\d{9})$/,
    unicode: /^[^/]*\/[^/]*\/\d{9}[^/]*/su,
    deep: /^([^/]+\/){20}object-\d{9}$/,
    long: /^.{899}\/object-\d{9}$/,
  };
  for (const layout of LAYOUTS) {
    for (const key of allKeys(layout, 3_000, 1)) assert.match(text(key), shape[layout]);
  }
});

/** Keys a folder, largest first. */
function folders(layout: Layout): number[] {
  const sizes = new Map<string, number>();
  for (const key of allKeys(layout, 40_000, 2)) {
    const folder = key.slice(0, key.lastIndexOf('/'));
    sizes.set(folder, (sizes.get(folder) ?? 0) + 1);
  }
  return [...sizes.values()].sort((a, b) => b - a);
}

test('skewed: one of a thousand prefixes holds 95% of the keys; sparse: half of the keys have a folder each', () => {
  const skewed = folders('skewed');
  assert.deepEqual([skewed.length, skewed[0]], [1_000, 38_000]);
  assert.ok(skewed[1]! <= 3);
  const sparse = folders('sparse');
  assert.deepEqual([sparse.length, sparse[7], sparse[8]], [20_008, 2_500, 1]);
});

test('dated: two years; unicode: what breaks tools is there', () => {
  const days = new Set(allKeys('dated', 3_000, 1).map((key) => key.slice(0, 'year=2026/month=11/day=03'.length)));
  assert.equal(days.size, 730);
  const all = text(allKeys('unicode', 30_000, 1).join(''));
  for (const part of ['//', '/../', '%2F', '+', '&', '<', '"', "'", '\t', '\u0001', ' ', 'é', 'e\u0301', '😀', '\u{10fffd}', '\ufffd']) {
    assert.ok(all.includes(part), JSON.stringify(part));
  }
});
