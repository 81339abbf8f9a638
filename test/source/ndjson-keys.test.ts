import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { KeyBatcher } from '../../src/source/key-batcher.ts';
import { readNdjson } from '../../src/source/ndjson-keys.ts';
import type { KeyBatch } from '../../src/queue/key-batch.ts';
import { anyKey, chunkSizes } from './arbitrary-keys.ts';
import { inChunks, keysOf, rowsOf, usage } from './key-rows.ts';

function read(content: string | Uint8Array, bucket: string | null = 'photos', sizes: readonly number[] = [1 << 20]): AsyncGenerator<KeyBatch> {
  return readNdjson(inChunks(content, sizes), new KeyBatcher('keys.ndjson', 'line', bucket));
}

/** JSON with every character beyond printable ASCII escaped, as Python's json writes it. */
function escaped(row: unknown): string {
  return JSON.stringify(row).replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

test('any key comes back exact, escaped or not, wherever the chunks are cut', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyKey, { maxLength: 30 }), chunkSizes, fc.constantFrom('\n', '\r\n', '\n\n'), async (keys, sizes, lineEnd) => {
      for (const write of [JSON.stringify, escaped]) {
        const content = keys.map((key) => write({ key })).join(lineEnd);
        assert.deepEqual(await keysOf(read(content, 'photos', sizes)), keys);
      }
    }),
  );
});

test('what else a row tells is kept, and unknown where it does not', async () => {
  const lines = [
    '{"key":"bare","bucket":"first"}',
    '{"key":"a","bucket":"first","size":12,"etag":"\\"abc\\"","last_modified":"2024-05-06T07:08:09.012Z"}',
    '{"key":"b","bucket":"first","size":null,"content_length":"5000000000000","etag":"d-2","last_modified":"2024-05-06 07:08:09+02"}',
    '{"bucket":"second","key":"s3://x/y"}',
  ];
  assert.deepEqual(await rowsOf(read(lines.join('\n'), null)), [
    { bucket: 'first', key: 'bare', size: -1, etag: '', lastModified: -1 },
    { bucket: 'first', key: 'a', size: 12, etag: 'abc', lastModified: Date.UTC(2024, 4, 6, 7, 8, 9, 12) },
    { bucket: 'first', key: 'b', size: 5e12, etag: 'd-2', lastModified: Date.UTC(2024, 4, 6, 5, 8, 9) },
    { bucket: 'second', key: 's3://x/y', size: -1, etag: '', lastModified: -1 },
  ]);
});

test('a batch tells nothing of columns that the file does not have', async () => {
  const [bare, sized] = await Promise.all(['{"key":"a"}', '{"key":"a","size":0}'].map(async (line) => (await read(line).next()).value as KeyBatch));
  assert.equal(bare!.listed, null);
  assert.deepEqual(sized!.listed, { size: BigInt64Array.of(0n), etag: null, lastModified: null });
});

test('rows that cannot be used are refused by line', async () => {
  const cases: [string, RegExp][] = [
    ['{"key":', /no JSON/],
    ['["a"]', /no JSON object/],
    ['null', /no JSON object/],
    ['"a"', /no JSON object/],
    ['{"kex":"a"}', /no "key"/],
    ['{"key":null}', /no "key"/],
    ['{"key":7}', /"key" is no string/],
    ['{"key":""}', /empty/],
    ['{"key":"\\ud800"}', /surrogate/],
    ['{"key":"a\\udc00b"}', /surrogate/],
    [`{"key":"${'x'.repeat(1025)}"}`, /1024 bytes/],
    ['{"key":"a","bucket":"other"}', /names bucket "other", the command names "photos"/],
    ['{"key":"a","bucket":3}', /"bucket" is no string/],
    ['{"key":"a","size":-1}', /size/],
    ['{"key":"a","size":1.5}', /size/],
    ['{"key":"a","size":"0x10"}', /size/],
    ['{"key":"a","size":[]}', /size/],
    ['{"key":"a","last_modified":1700000000}', /last_modified/],
    ['{"key":"a","last_modified":"Tuesday"}', /last_modified/],
    ['{"key":"a","etag":{}}', /"etag" is no string/],
    [`{"key":"a","etag":"${'x'.repeat(1025)}"}`, /etag/],
    [`{"key":"a","x":"${'x'.repeat(1024 * 1024)}"}`, /line is longer/],
  ];
  for (const [line, message] of cases) {
    await assert.rejects(rowsOf(read(`{"key":"ok"}\n\n${line}\n{"key":"ok"}`)), usage(new RegExp(`^keys\\.ndjson line 3: .*${message.source}`)));
  }
  await assert.rejects(rowsOf(read('{"key":"a"}', null)), usage(/line 1: .*no bucket/));
  await assert.rejects(rowsOf(read(Buffer.from('{"key":"\xff"}', 'latin1'))), usage(/line 1: .*UTF-8/));
});
