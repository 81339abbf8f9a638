import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Failure } from '../../src/failure.ts';
import { HEAD_COLUMNS, LIST_COLUMNS, type Column } from '../../src/records/columns.ts';
import { selectSchema } from '../../src/scan/schema.ts';

const NO_OPTIONS: ReadonlySet<Column['option']> = new Set();
const CHECKSUMS: ReadonlySet<Column['option']> = new Set(['--checksums'] as const);

function names(columns: readonly Column[]): string[] {
  return columns.map(({ name }) => name);
}

function usage(...words: readonly string[]): (error: unknown) => boolean {
  return (error) => error instanceof Failure && error.kind === 'usage' && words.every((word) => `${error.message} ${error.hint}`.includes(word));
}

test('all columns, those of options with their option', () => {
  assert.deepEqual(selectSchema(LIST_COLUMNS, null, NO_OPTIONS), LIST_COLUMNS);
  const plain = names(selectSchema(HEAD_COLUMNS, null, NO_OPTIONS));
  assert.ok(plain.includes('metadata') && !plain.includes('checksum_sha256') && !plain.includes('extra_headers'));
  const more = names(selectSchema(HEAD_COLUMNS, null, CHECKSUMS));
  assert.ok(more.includes('checksum_sha256') && !more.includes('extra_headers'));
  assert.deepEqual(plain, more.filter((name) => !name.startsWith('checksum_')));
});

test('the columns named, in the order named, once', () => {
  assert.deepEqual(names(selectSchema(HEAD_COLUMNS, ['etag', 'key', 'etag'], NO_OPTIONS)), ['etag', 'key']);
  assert.deepEqual(names(selectSchema(HEAD_COLUMNS, ['checksum_sha1'], CHECKSUMS)), ['checksum_sha1']);
});

test('what cannot be selected is refused with what can', () => {
  assert.throws(() => selectSchema(HEAD_COLUMNS, ['key', 'e\u001btag'], NO_OPTIONS), usage('"e\\u001btag"', 'last_modified'));
  assert.throws(() => selectSchema(HEAD_COLUMNS, [], NO_OPTIONS), usage('key', 'etag'));
  assert.throws(() => selectSchema(HEAD_COLUMNS, ['checksum_sha1'], NO_OPTIONS), usage('checksum_sha1', '--checksums'));
  assert.throws(() => selectSchema(LIST_COLUMNS, ['__proto__'], NO_OPTIONS), usage('__proto__'));
});
