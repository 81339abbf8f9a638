import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Failure } from '../../src/failure.ts';
import { formatOf, type Compression, type Format } from '../../src/output/format.ts';

function given(path: string | null, format: Format | null = null, compression: Compression | null = null): string {
  const chosen = formatOf(path, format, compression, true);
  return `${chosen.format} ${chosen.compression}`;
}

test('the ending of the file decides format and compression', () => {
  const expected: Record<string, string> = {
    'a.parquet': 'parquet zstd',
    'a.b/c.PARQUET': 'parquet zstd',
    'a.ndjson': 'ndjson none',
    'a.jsonl': 'ndjson none',
    'a.ndjson.gz': 'ndjson gzip',
    'a.jsonl.zst': 'ndjson zstd',
    'a.csv': 'csv none',
    'a.csv.GZ': 'csv gzip',
    'a.txt': 'text none',
    'a.txt.zst': 'text zstd',
    'a.arrow': 'arrow none',
  };
  for (const [path, chosen] of Object.entries(expected)) assert.equal(given(path), chosen, path);
});

test('standard output is NDJSON unless asked otherwise', () => {
  assert.equal(given(null), 'ndjson none');
  assert.equal(given(null, 'csv'), 'csv none');
  assert.equal(given(null, null, 'gzip'), 'ndjson gzip');
});

test('options win over the ending', () => {
  assert.equal(given('a.dat', 'csv'), 'csv none');
  assert.equal(given('a.dat.gz', 'csv'), 'csv gzip');
  assert.equal(given('a.parquet', null, 'snappy'), 'parquet snappy');
  assert.equal(given('a.parquet', null, 'none'), 'parquet none');
  assert.equal(given('a.csv', 'ndjson'), 'ndjson none');
});

test('an ending that says nothing is refused, and the known ones are named', () => {
  for (const path of ['a', 'a.xlsx', 'folder.parquet/a', '.parquet', 'a.gz', 'a.']) {
    assert.throws(
      () => given(path),
      (error) => error instanceof Failure && error.kind === 'usage' && ['.parquet', '.jsonl', '.zst'].every((e) => error.hint!.includes(e)),
      path,
    );
  }
});

test('what cannot be is refused', () => {
  const refused: [string | null, Format | null, Compression | null][] = [
    ['a.parquet.gz', null, null],
    ['a.arrow.zst', null, null],
    ['a.arrow', null, 'zstd'],
    ['a.csv', null, 'snappy'],
    ['a.ndjson.gz', null, 'none'],
    ['a.ndjson.gz', null, 'zstd'],
  ];
  for (const args of refused) {
    assert.throws(() => given(...args), (error) => error instanceof Failure && error.kind === 'usage', String(args));
  }
});

test('zstd of text needs a Node that has it; of Parquet it does not', () => {
  assert.throws(
    () => formatOf('a.ndjson.zst', null, null, false),
    (error) => error instanceof Failure && error.kind === 'usage' && error.message.includes('22.15') && error.hint!.includes('.gz'),
  );
  assert.deepEqual(formatOf('a.parquet', null, null, false), { format: 'parquet', compression: 'zstd' });
});
