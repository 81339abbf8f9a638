/** Rows of key batches as plain values, for tests to compare. */
import assert from 'node:assert/strict';
import type { KeyBatch } from '../../src/queue/key-batch.ts';
import type { Utf8Values } from '../../src/records/record-batch.ts';

export interface Row {
  readonly bucket: string;
  readonly key: string;
  readonly size: number;
  readonly etag: string;
  readonly lastModified: number;
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function text(values: Utf8Values, row: number): string {
  return decoder.decode(values.values.subarray(values.offsets[row], values.offsets[row + 1]));
}

/** All rows, once it is sure that the places of the batches tile the records (R2). */
export async function rowsOf(batches: AsyncIterable<KeyBatch>): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const { bucket, place, count, keys, listed } of batches) {
    assert.deepEqual(place, { kind: 'records', after: rows.length, through: rows.length + count });
    assert.ok(count > 0);
    for (let row = 0; row < count; row++) {
      rows.push({
        bucket,
        key: text(keys, row),
        size: Number(listed?.size?.[row] ?? -1n),
        etag: listed?.etag == null ? '' : text(listed.etag, row),
        lastModified: Number(listed?.lastModified?.[row] ?? -1n),
      });
    }
  }
  return rows;
}

export async function keysOf(batches: AsyncIterable<KeyBatch>): Promise<string[]> {
  return (await rowsOf(batches)).map(({ key }) => key);
}

/** The bytes in chunks of these sizes, over and over. */
export async function* inChunks(bytes: string | Uint8Array, sizes: readonly number[]): AsyncGenerator<Buffer> {
  const all = Buffer.from(bytes);
  let at = 0;
  for (let i = 0; at < all.length; i++) {
    const size = sizes[i % sizes.length]!;
    // a copy: what a reader keeps must not depend on where the chunk lies in memory
    yield Buffer.from(all.subarray(at, at + size));
    at += size;
  }
}

/** What a Failure of unusable input looks like: where, what and a hint. */
export function usage(message: RegExp): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof Error && error.name === 'Failure', String(error));
    const { kind, hint } = error as Error & { kind: string; hint: string | null };
    assert.equal(kind, 'usage');
    assert.match(error.message, message);
    assert.ok(hint !== null && hint.length > 0);
    assert.doesNotMatch(error.message, /\n/);
    return true;
  };
}
