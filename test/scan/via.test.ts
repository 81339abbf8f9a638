import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Failure } from '../../src/failure.ts';
import { HEAD_COLUMNS, type Schema } from '../../src/records/columns.ts';
import { planVia, unproven } from '../../src/scan/via.ts';

function columns(...names: readonly string[]): Schema {
  return HEAD_COLUMNS.filter(({ name }) => names.includes(name));
}

const TELLABLE = columns('bucket', 'key', 'content_type', 'metadata', 'via');

test('HEADs ask no listing for headers', () => {
  assert.deepEqual(planVia({ via: 'head', schema: TELLABLE, plainListing: true }), { metadata: false, note: null });
});

for (const via of ['auto', 'list'] as const) {
  test(`${via}: columns that a listing may tell`, () => {
    assert.deepEqual(planVia({ via, schema: TELLABLE, plainListing: true }), { metadata: true, note: null });
  });
}

test('a column that no listing tells: auto sends HEADs and says which it is, list refuses', () => {
  const schema = [...TELLABLE, ...columns('expires', 'version_id')];
  assert.deepEqual(planVia({ via: 'auto', schema, plainListing: true }), { metadata: false, note: 'no listing tells version_id, expires' });
  assert.throws(() => planVia({ via: 'list', schema, plainListing: true }), (error) => error instanceof Failure && error.kind === 'usage' && /version_id, expires/.test(error.message));
});

test('keys of a file have no listing', () => {
  assert.equal(planVia({ via: 'auto', schema: TELLABLE, plainListing: false }).metadata, false);
  assert.throws(() => planVia({ via: 'list', schema: TELLABLE, plainListing: false }), /--via list: rows come from the listing only where the keys do/);
});

test('a doubt ends a scan that was to use the listing, and turns auto to HEADs', () => {
  assert.match(unproven('auto', 'http://s3', 'they differ in etag'), /they differ in etag/);
  assert.throws(() => unproven('list', 'http://s3', 'they differ in etag'), /--via list: .*http:\/\/s3: they differ in etag/);
});
