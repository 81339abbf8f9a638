import assert from 'node:assert/strict';
import { test } from 'node:test';
import { enoughToTell, formatByContent, formatByName } from '../../src/source/key-format.ts';

test('the ending tells format and compression, in any case of letters', () => {
  const cases: [string, string | null, string | null][] = [
    ['keys.txt', 'text', null],
    ['keys', 'text', null],
    ['.hidden', 'text', null],
    ['a.parquet/keys', 'text', null],
    ['/dev/fd/63', 'text', null],
    ['keys.ndjson', 'ndjson', null],
    ['KEYS.JSONL.GZ', 'ndjson', 'gzip'],
    ['keys.csv.zst', 'csv', 'zstd'],
    ['keys.gz', 'text', 'gzip'],
    ['a.b/keys.v2.parquet', 'parquet', null],
    ['keys.arrow', 'arrow', null],
    ['keys.dat', null, null],
    ['keys.2024-11-20', null, null],
    ['-', null, null],
  ];
  for (const [path, format, compression] of cases) assert.deepEqual(formatByName(path), { format, compression }, path);
});

test('the first bytes tell the format, however few of them come at once', () => {
  const cases: [string | Buffer, string][] = [
    ['PAR1\u0015\u0004', 'parquet'],
    ['ARROW1\0\0', 'arrow'],
    ['{"key":"a"}\n', 'ndjson'],
    ['\r\n \t\n{"key":"a"}\n', 'ndjson'],
    ['\u{FEFF}{"key":"a"}\n', 'ndjson'],
    ['\u{FEFF} a\n', 'text'],
    ['PARIS\n', 'text'],
    ['ARROW', 'text'],
    ['a{', 'text'],
    ['', 'text'],
    ['\n\n', 'text'],
  ];
  for (const [content, format] of cases) {
    const bytes = Buffer.from(content);
    assert.equal(formatByContent(bytes), format, JSON.stringify(content));
    for (let length = 0; length < bytes.length; length++) {
      const head = bytes.subarray(0, length);
      if (enoughToTell(head)) assert.equal(formatByContent(head), format, `${JSON.stringify(content)} ${length}`);
    }
  }
  assert.ok(enoughToTell(Buffer.alloc(100_000, ' ')), 'blank lines without end are not read without end');
});
