import assert from 'node:assert/strict';
import { test } from 'node:test';
import { COMPRESSIONS_OF, type Format } from '../../src/output/format.ts';
import { isFull, isPartFile, partName, partNumber } from '../../src/output/part.ts';

test('every format has names that are known again, with their numbers', () => {
  const names = new Set<string>();
  for (const [format, compressions] of Object.entries(COMPRESSIONS_OF)) {
    for (const compression of compressions) {
      for (const number of [0, 7, 99_999, 1_234_567]) {
        const name = partName(number, { format: format as Format, compression });
        assert.equal(partNumber(name), number, name);
        assert.ok(isPartFile(name) && isPartFile(`${name}.partial`), name);
        names.add(name);
      }
    }
  }
  for (const name of ['part-00007.parquet', 'part-00007.ndjson.gz', 'part-00007.txt.zst', 'part-1234567.csv', 'part-00000.arrow']) assert.ok(names.has(name), name);
});

test('nothing else is a part: what others put there is not ours to remove', () => {
  for (const name of ['', 'part-00001', 'part-1.parquet', 'part-00001.parquet.bak', 'part-00001.parquet.partial.partial', 'xpart-00001.parquet', 'part-00001.json', 'part-00001.parquet\n', 'PART-00001.parquet', 'part-00001.parquet.gz', '../part-00001.parquet']) {
    assert.equal(isPartFile(name), false, name);
  }
});

test('a part ends before rows that it has no room for, or when it is large, and never empty', () => {
  assert.equal(isFull({ rows: 0, bytes: 0 }, 5000, 1000), false);
  assert.equal(isFull({ rows: 900, bytes: 0 }, 100, 1000), false);
  assert.equal(isFull({ rows: 900, bytes: 0 }, 101, 1000), true);
  assert.equal(isFull({ rows: 1, bytes: 2 ** 30 }, 1, 1000), true);
});
