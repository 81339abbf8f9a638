import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import {
  Binary,
  Dictionary,
  Float64,
  Int16,
  Int32,
  Int64,
  LargeUtf8,
  Table,
  TimestampMicrosecond,
  TimestampMillisecond,
  TimestampNanosecond,
  TimestampSecond,
  Utf8,
  tableToIPC,
  vectorFromArray,
  type DataType,
  type Vector,
} from 'apache-arrow';
import * as fc from 'fast-check';
import { KeyBatcher } from '../../src/source/key-batcher.ts';
import { readArrowFile, readArrowStream } from '../../src/source/arrow-keys.ts';
import type { KeyBatch } from '../../src/queue/key-batch.ts';
import { anyKey, chunkSizes } from './arbitrary-keys.ts';
import { inChunks, keysOf, rowsOf, usage } from './key-rows.ts';

let directory = '';
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 's3scan-arrow-'));
});
after(() => rm(directory, { recursive: true }));

function batcher(bucket: string | null): KeyBatcher {
  return new KeyBatcher('keys.arrow', 'row', bucket);
}

function read(stream: Uint8Array, bucket: string | null = 'photos', sizes: readonly number[] = [1 << 20]): AsyncGenerator<KeyBatch> {
  return readArrowStream(inChunks(stream, sizes), batcher(bucket));
}

async function* readFile(content: Uint8Array): AsyncGenerator<KeyBatch> {
  const path = join(directory, 'keys.arrow');
  await writeFile(path, content);
  yield* readArrowFile(path, batcher('photos'));
}

function table(columns: Record<string, Vector>): Table {
  return new Table(columns);
}

function binary(values: readonly (Uint8Array | null)[]): Vector {
  return vectorFromArray(values, new Binary());
}

const KEY_TYPES: readonly (() => DataType)[] = [() => new Utf8(), () => new LargeUtf8(), () => new Dictionary(new Utf8(), new Int16())];

test('any key comes back exact, in either format, wherever the chunks are cut', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyKey, { minLength: 1, maxLength: 20 }), fc.constantFrom(...KEY_TYPES), chunkSizes, async (keys, type, sizes) => {
      for (const column of [vectorFromArray(keys, type()), binary(keys.map((key) => Buffer.from(key)))]) {
        assert.deepEqual(await keysOf(read(tableToIPC(table({ key: column }), 'stream'), 'photos', sizes)), keys);
        assert.deepEqual(await keysOf(readFile(tableToIPC(table({ key: column }), 'file'))), keys);
      }
    }),
    { numRuns: 30 },
  );
});

function fiveThousand(from: number): string[] {
  return Array.from({ length: 5000 }, (_, i) => `k${from + i}`);
}

test('several record batches are read to their end, the dictionary growing on the way', async () => {
  const whole = (type: () => DataType): Table => {
    const [first, ...rest] = [0, 5000, 10_000].map((from) => table({ key: vectorFromArray(fiveThousand(from), type()) }));
    return first!.concat(...rest);
  };
  const expected = [0, 5000, 10_000].flatMap(fiveThousand);
  assert.deepEqual(await keysOf(read(tableToIPC(whole(() => new Dictionary(new Utf8(), new Int32(), 7)), 'stream'), 'photos', [10_000])), expected);
  assert.deepEqual(await keysOf(readFile(tableToIPC(whole(() => new Utf8()), 'file'))), expected);
});

test('what else the file tells is kept, whatever its types', async () => {
  const time = Date.UTC(2024, 4, 6, 7, 8, 9);
  const times = [time, null];
  for (const [size, stamp] of [
    [new Int64(), new TimestampSecond()],
    [new Int32(), new TimestampMillisecond('Europe/Berlin')],
    [new Float64(), new TimestampMicrosecond('UTC')],
    [new Int64(), new TimestampNanosecond()],
  ] as const) {
    const sizes = size instanceof Int64 ? [5n, null] : [5, null];
    const content = tableToIPC(
      table({
        etag: vectorFromArray(['"e"', null], new Dictionary(new Utf8(), new Int16())),
        bucket: vectorFromArray(['first', 'second'], new Utf8()),
        key: vectorFromArray(['a', 'b'], new Utf8()),
        content_length: vectorFromArray(sizes, size),
        last_modified: vectorFromArray(times, stamp),
      }),
      'stream',
    );
    assert.deepEqual(await rowsOf(read(content, null)), [
      { bucket: 'first', key: 'a', size: 5, etag: 'e', lastModified: time },
      { bucket: 'second', key: 'b', size: -1, etag: '', lastModified: -1 },
    ]);
  }
});

test('what cannot be used is refused by row', async () => {
  const rows = async (columns: Record<string, Vector>): Promise<unknown> => rowsOf(read(tableToIPC(table(columns), 'stream')));
  await assert.rejects(rows({ name: vectorFromArray(['a'], new Utf8()) }), usage(/^keys\.arrow has no column "key": it has "name"/));
  await assert.rejects(rows({ key: vectorFromArray([1], new Int32()) }), usage(/column "key" is Int32, not text/));
  for (const type of KEY_TYPES) {
    await assert.rejects(rows({ key: vectorFromArray(['a', null], type()) }), usage(/row 2: the key is null/));
    await assert.rejects(rows({ key: vectorFromArray(['a', 'b', ''], type()) }), usage(/row 3: the key is empty/));
  }
  const key = vectorFromArray(['a'], new Utf8());
  await assert.rejects(rows({ key, etag: vectorFromArray([1], new Int32()) }), usage(/column "etag" is Int32, not text/));
  await assert.rejects(rows({ key, size: vectorFromArray([1.5], new Float64()) }), usage(/row 1: the size/));
  await assert.rejects(rows({ key, last_modified: vectorFromArray([1], new Int32()) }), usage(/row 1: last_modified/));
  await assert.rejects(rowsOf(read(tableToIPC(table({ key }), 'stream'), null)), usage(/row 1: .*no bucket/));
  await assert.rejects(rows({ key: binary([Buffer.from('a'), Buffer.from([0xff])]) }), usage(/row 2: .*UTF-8/));
});

test('a file or stream that is cut anywhere is refused', async () => {
  // messages end at multiples of 8
  const two = table({ key: vectorFromArray(['a', 'b'], new Utf8()) }).concat(table({ key: vectorFromArray(['c'], new Utf8()) }));
  for (const [format, reader] of [['stream', read], ['file', readFile]] as const) {
    const content = tableToIPC(two, format);
    assert.deepEqual(await keysOf(reader(content)), ['a', 'b', 'c']);
    for (let length = 0; length < content.length; length += 4) {
      const message = /keys\.arrow (cannot be read as Arrow|ends before its end mark)/;
      await assert.rejects(rowsOf(reader(content.subarray(0, length))), usage(message), `${format} ${length}`);
    }
  }
});
