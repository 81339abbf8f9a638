import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as zlib from 'node:zlib';
import { batchesOf, encodeAll, options, PLAIN } from './rows.ts';

const { zstdDecompressSync } = zlib as unknown as { readonly zstdDecompressSync?: (bytes: Uint8Array) => Buffer };
const DECOMPRESS = { gzip: zlib.gunzipSync, zstd: zstdDecompressSync };

for (const compression of ['gzip', 'zstd'] as const) {
  const decompress = DECOMPRESS[compression];
  test(`${compression} holds the same bytes, also of no row`, { skip: decompress === undefined }, async () => {
    const many = batchesOf(
      Array.from({ length: 5000 }, (_, index) => ({ ...PLAIN, key: `key/${Math.sin(index)}` })),
      300,
    );
    for (const batches of [many, []]) {
      const plain = await encodeAll(options('ndjson'), batches);
      const compressed = await encodeAll(options('ndjson', { compression }), batches);
      assert.ok(decompress!(compressed).equals(plain));
    }
  });
}
