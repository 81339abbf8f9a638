import assert from 'node:assert/strict';
import { test } from 'node:test';
import { driftOf } from '../../src/head/drift.ts';
import type { AnswerHeaders } from '../../src/head/engine.ts';
import type { Listed } from '../../src/queue/key-batch.ts';
import { packed } from '../queue/key-batches.ts';

function answer(etag: string | null, contentLength: number, lastModified: number, versionId: string | null = null): AnswerHeaders {
  return {
    etag: () => (etag === null ? null : Buffer.from(etag)),
    contentLength: () => contentLength,
    lastModified: () => lastModified,
    text: (name) => (name === 'x-amz-version-id' ? versionId : null),
    write: () => {},
  };
}

/** The second of three keys. */
function listed(etag: string, size: bigint, lastModified: bigint): Listed {
  return {
    etag: packed(['another', etag, 'a third']),
    size: BigInt64Array.of(-1n, size, 77n),
    lastModified: BigInt64Array.of(-1n, lastModified, 77n),
  };
}

const told = (entry: Listed, headers: AnswerHeaders): string | null => driftOf(entry, 1, null, headers);

test('nothing differs: the same, with milliseconds that HTTP dates do not have', () => {
  assert.equal(told(listed('e', 5n, 1_700_000_000_123n), answer('e', 5, 1_700_000_000_000)), null);
  assert.equal(told(listed('e', 0n, 0n), answer('e', 0, 0)), null);
});

test('what differs is named, several joined by commas', () => {
  const entry = listed('e', 5n, 1_700_000_000_999n);
  assert.equal(told(entry, answer('f', 5, 1_700_000_000_000)), 'etag');
  assert.equal(told(entry, answer('ee', 5, 1_700_000_000_000)), 'etag');
  assert.equal(told(entry, answer('', 5, 1_700_000_000_000)), 'etag');
  assert.equal(told(entry, answer('e', 6, 1_700_000_000_000)), 'size');
  assert.equal(told(entry, answer('e', 5, 1_700_000_001_000)), 'last_modified');
  assert.equal(told(entry, answer('e', 6, 1_699_999_999_000)), 'size,last_modified');
  assert.equal(told(entry, answer('f', 0, 0)), 'etag,size,last_modified');
});

test('what either side does not tell cannot differ', () => {
  assert.equal(told(listed('', -1n, -1n), answer('e', 5, 1000)), null);
  assert.equal(told({ etag: null, size: null, lastModified: null }, answer('e', 5, 1000)), null);
  assert.equal(told(listed('e', 5n, 1000n), answer(null, -1, Number.NaN)), null);
});

test('an answer that names another version than the one asked for is about nothing else', () => {
  const entry = listed('e', 5n, 1000n);
  assert.equal(driftOf(entry, 1, 'v1', answer('f', 6, 1000, 'v2')), 'version_id');
  assert.equal(driftOf(entry, 1, 'v1', answer('f', 5, 1000, 'v1')), 'etag');
  // Some servers do not name it.
  assert.equal(driftOf(entry, 1, 'v1', answer('e', 5, 1000)), null);
  assert.equal(driftOf(null, 1, 'v1', answer('e', 5, 1000, 'v2')), 'version_id');
  assert.equal(driftOf(null, 1, 'null', answer('e', 5, 1000, 'null')), null);
  // Nobody asked for one: the latest may be any.
  assert.equal(driftOf(entry, 1, null, answer('e', 5, 1000, 'v2')), null);
});
