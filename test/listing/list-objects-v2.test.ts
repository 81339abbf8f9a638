import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Failure } from '../../src/failure.ts';
import { listObjectsV2 } from '../../src/listing/list-objects-v2.ts';
import type { PageRequest } from '../../src/listing/listing.ts';
import { plainObject, renderPage } from './render-page.ts';
import { keysOf, listBuilder } from './table.ts';

const FIRST: PageRequest = {
  prefix: Buffer.alloc(0),
  startAfter: null,
  continuationToken: null,
  maxKeys: 1000,
  window: { after: Buffer.alloc(0), through: null, limit: Infinity },
};

async function queryOf(request: PageRequest, fetchOwner?: boolean): Promise<Record<string, unknown>> {
  let sent: Record<string, unknown> = {};
  const listPage = listObjectsV2(
    async (query) => {
      sent = Object.fromEntries(query);
      return renderPage([]);
    },
    fetchOwner === undefined ? {} : { fetchOwner },
  );
  await listPage(request, listBuilder());
  return sent;
}

test('asks with the parameters of ListObjectsV2, keys as bytes (R3)', async () => {
  const base = { 'list-type': '2', 'encoding-type': 'url', 'max-keys': '1000' };
  assert.deepEqual(await queryOf(FIRST), base);
  assert.deepEqual(await queryOf(FIRST, true), { ...base, 'fetch-owner': 'true' });
  const prefix = Buffer.from('é/');
  const startAfter = Buffer.from('é/a+b');
  assert.deepEqual(await queryOf({ ...FIRST, prefix, startAfter, maxKeys: 7 }), { ...base, 'max-keys': '7', prefix, 'start-after': startAfter });
  assert.deepEqual(await queryOf({ ...FIRST, continuationToken: '1/+=' }), { ...base, 'continuation-token': '1/+=' });
});

test('appends the rows of the answer, and lets failures of the network pass', async () => {
  const builder = listBuilder();
  const info = await listObjectsV2(async () => renderPage(['a', 'b'].map(plainObject), { token: 't' }))(FIRST, builder);
  assert.deepEqual(keysOf(builder.take()), ['a', 'b']);
  assert.equal(info.nextContinuationToken, 't');
  const failure = new Failure('access', 'denied');
  await assert.rejects(listObjectsV2(() => Promise.reject(failure))(FIRST, builder), failure);
});
