import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { createKeySpace, LAYOUTS } from '../../src/sim/sim.ts';
import { listPage } from '../../src/sim/list-page.ts';

/** The listing as S3 defines it, over an array of keys: what passes is rolled up or kept, in order. */
function model(keys: readonly string[], prefix: string, delimiter: string, startAfter: string): string[] {
  const entries: string[] = [];
  for (const key of keys) {
    if (!key.startsWith(prefix) || !(key > startAfter)) continue;
    const found = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
    const entry = found === -1 ? `key ${key}` : `prefix ${key.slice(0, found + delimiter.length)}`;
    if (entries.at(-1) !== entry) entries.push(entry);
  }
  return entries;
}

for (const layout of LAYOUTS) {
  test(`${layout}: pages of any size add up to the model, with any prefix, delimiter and start-after`, () => {
    const count = 400;
    const space = createKeySpace(layout, count, 4);
    const keys = Array.from({ length: count }, (_, index) => space.keyAt(index));
    const begin = fc.tuple(fc.nat(count - 1), fc.nat(1_024)).map(([index, length]) => keys[index]!.slice(0, length));
    const part = fc.oneof(fc.constant(''), begin, fc.constantFrom('\xff', 'o', '\xf0'));
    const delimiters = fc.constantFrom('', '/', '/', '-', '0', 'ec', '/object', '\xff');
    fc.assert(
      fc.property(part, delimiters, part, fc.integer({ min: 1, max: 120 }), (prefix, delimiter, startAfter, maxKeys) => {
        const entries: string[] = [];
        let continueAt: number | null = null;
        do {
          const page = listPage(space, { prefix, delimiter, startAfter: continueAt === null ? startAfter : '', continueAt, maxKeys });
          const found = [
            ...page.indexes.map((index) => ({ at: keys[index]!, entry: `key ${keys[index]}` })),
            ...page.commonPrefixes.map((common) => ({ at: common, entry: `prefix ${common}` })),
          ].sort((a, b) => (a.at < b.at ? -1 : 1));
          entries.push(...found.map(({ entry }) => entry));
          // A page is full unless it is the last.
          if (page.continueAt === null) assert.ok(found.length <= maxKeys);
          else assert.equal(found.length, maxKeys);
          continueAt = page.continueAt;
        } while (continueAt !== null);
        assert.deepEqual(entries, model(keys, prefix, delimiter, startAfter));
      }),
      { numRuns: 120 },
    );
  });
}

test('a page of no keys is empty and not truncated', () => {
  const page = listPage(createKeySpace('flat', 10, 1), { prefix: '', delimiter: '', startAfter: '', continueAt: null, maxKeys: 0 });
  assert.deepEqual(page, { indexes: [], commonPrefixes: [], continueAt: null });
});

test('an empty bucket lists nothing', () => {
  for (const layout of LAYOUTS) {
    const page = listPage(createKeySpace(layout, 0, 1), { prefix: '', delimiter: '/', startAfter: 'a', continueAt: null, maxKeys: 5 });
    assert.deepEqual(page, { indexes: [], commonPrefixes: [], continueAt: null });
  }
});
