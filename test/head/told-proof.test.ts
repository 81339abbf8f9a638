/** A listing that tells other headers than HEADs do is found out by the sample, which names the column. */
import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { test, type TestContext } from 'node:test';
import type { HeadSettings } from '../../src/head/protocol.ts';
import { proveTold, sampleOf } from '../../src/head/told-proof.ts';
import { Pace } from '../../src/http/pace.ts';
import type { KeyBatch } from '../../src/queue/key-batch.ts';
import { HEAD_COLUMNS } from '../../src/records/columns.ts';
import { keyBatch, packed } from '../queue/key-batches.ts';
import { DIRECT } from '../http/direct.ts';
import { pathAddress, PLAIN } from '../s3/plain.ts';
import { serveHttp } from '../support/http-server.ts';

const SCHEMA = HEAD_COLUMNS.filter(({ name }) => ['key', 'content_length', 'content_type', 'etag', 'last_modified', 'metadata'].includes(name));
const MODIFIED = 'Sat, 21 Nov 2026 01:56:13 GMT';

function told(type: string, metadata = ''): string {
  return `HTTP/1.1 200 OK\r\ncontent-length: 3\r\netag: "e"\r\nlast-modified: ${MODIFIED}\r\ncontent-type: ${type}\r\n${metadata}\r\n`;
}

function batchOf(heads: readonly string[]): KeyBatch {
  const keys = heads.map((_head, at) => `k${at}`);
  return keyBatch(keys, { kind: 'keyspace', after: new Uint8Array(0), through: null }, { size: null, etag: null, lastModified: null, heads: packed(heads) });
}

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

function plain(response: ServerResponse, type: string): void {
  response.writeHead(200, { 'content-length': '3', etag: '"e"', 'last-modified': MODIFIED, 'content-type': type, 'x-amz-request-id': '1' }).end();
}

async function prove(t: TestContext, heads: readonly string[], answer: Answer): ReturnType<typeof proveTold> {
  const endpoint = await serveHttp(t, answer);
  const settings: HeadSettings = {
    endpoint,
    region: 'us-east-1', addressing: 'path', variants: PLAIN, network: DIRECT, credentials: null, clockOffsetMs: 0, engine: 'fast', schema: SCHEMA, recordRows: 4096,
    requestHeaders: [], parts: false, mayBeTold: true, timeoutMs: 5000, maxAttempts: 1,
  };
  return proveTold(settings, pathAddress(endpoint, 'bucket'), new Pace(Pace.allocate(null)), batchOf(heads));
}

test('HEADs that say the same prove it, whatever the order of metadata', async (t) => {
  const heads = Array.from({ length: 100 }, () => told('image/jpeg', 'x-amz-meta-a: 1\r\nx-amz-meta-b: 2\r\n'));
  const proof = await prove(t, heads, (_request, response) => {
    response.setHeader('x-amz-meta-b', '2').setHeader('x-amz-meta-a', '1');
    plain(response, 'image/jpeg');
  });
  assert.deepEqual(proof, { doubt: null, heads: 16 });
});

test('one header of one object that differs is a doubt that names its column', async (t) => {
  // Only this one has the header, so that it is in the sample for its sake.
  const heads = Array.from({ length: 100 }, (_, at) => told('image/jpeg', at === 77 ? 'x-amz-meta-rare: told\r\n' : ''));
  const { doubt } = await prove(t, heads, (_request, response) => plain(response, 'image/jpeg'));
  assert.equal(doubt, 'its listing and its HEADs differ in metadata');
});

test('HEADs that are refused prove nothing, and those of objects that are gone are passed over', async (t) => {
  const heads = ['a', 'b', 'c'].map(() => told('image/jpeg'));
  const refused = await prove(t, heads, (_request, response) => void response.writeHead(403).end());
  assert.equal(refused.doubt, 'a HEAD to compare it with was answered with status 403');
  const oneGone = await prove(t, heads, (request, response) => (request.url!.endsWith('k1') ? void response.writeHead(404).end() : plain(response, 'image/jpeg')));
  assert.deepEqual(oneGone, { doubt: null, heads: 2 });
  const allGone = await prove(t, heads, (_request, response) => void response.writeHead(404).end());
  assert.match(allGone.doubt!, /gone/);
});

test('a listing that tells nothing', async (t) => {
  const proof = await prove(t, ['', ''], () => assert.fail('asked all the same'));
  assert.match(proof.doubt!, /tells no headers/);
});

test('the sample is spread, and has each header at least once', () => {
  const heads = Array.from({ length: 1000 }, (_, at) => (at % 2 === 0 ? '' : told('x', `x-amz-meta-${at > 900 ? 'late' : 'early'}: 1\r\n`)));
  const sample = sampleOf(packed(heads), heads.length);
  assert.ok(sample.length >= 16 && sample.length <= 20, String(sample.length));
  assert.ok(sample.every((index) => heads[index] !== ''));
  assert.ok(sample[0]! < 100 && sample.some((index) => index > 900));
});
