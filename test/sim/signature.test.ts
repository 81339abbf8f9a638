import { HeadObjectCommand, ListObjectsV2Command, type S3ClientConfig, type S3ServiceException } from '@aws-sdk/client-s3';
import { SignatureV4 } from '@smithy/signature-v4';
import assert from 'node:assert/strict';
import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { percentTable, toByteString, writeWith } from '../../src/sim/byte-string.ts';
import type { Request } from '../../src/sim/request.ts';
import { hmacWith, signatureCheck } from '../../src/sim/signature.ts';
import { headRequest, raw, sdkClient, withSim } from './client.ts';

const credentials = { accessKeyId: 'AKIDSIM', secretAccessKey: 'secret' };
const EMPTY = createHash('sha256').digest('hex');
const UNRESERVED = percentTable(/[A-Za-z0-9\-._~/]/);
const NOW = Date.UTC(2026, 10, 20, 10, 11, 12);

/** As much of the SDK's hash interface as its signer uses. */
class Sha256 {
  readonly #hash: Hash | Hmac;
  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', secret as string | Uint8Array);
  }
  update(chunk: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(chunk as string | Uint8Array);
  }
  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }
}

/** Signs with AWS's own signer and hands over what would arrive. */
async function signed(method: string, key: string, query: Record<string, string>, headers: Record<string, string>): Promise<Request> {
  const signer = new SignatureV4({ credentials, region: 'us-east-1', service: 's3', sha256: Sha256, uriEscapePath: false, applyChecksum: false });
  const path = `/bucket/${writeWith(UNRESERVED, toByteString(key))}`;
  const request = await signer.sign(
    { method, protocol: 'http:', hostname: 'host', path, query, headers: { host: 'host', 'x-amz-content-sha256': EMPTY, ...headers } },
    { signingDate: new Date(NOW) },
  );
  const names = Object.keys(request.headers).map((name) => name.toLowerCase());
  const values = Object.values(request.headers);
  const queryText = Object.entries(query).map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`);
  return { method, path, query: queryText.join('&'), fields: { names, values, host: 'host', close: false } };
}

const gone = (): null => null;
const code = (request: Request, nowMs: number = NOW, region: string = 'us-east-1'): string | undefined =>
  signatureCheck(credentials, region)(request, nowMs)?.code;

/** Any text of whole characters. */
const anyText = (minLength: number): fc.Arbitrary<string> => {
  const point = fc.oneof(fc.integer({ min: 32, max: 126 }), fc.integer({ min: 1, max: 0xd7ff }), fc.integer({ min: 0xe000, max: 0x10ffff }));
  return fc.array(point, { minLength, maxLength: 12 }).map((points) => String.fromCodePoint(...points));
};

test('what the official signer signs is accepted, and refused with one character of it changed', async () => {
  const key = anyText(1);
  const query = fc.dictionary(fc.constantFrom('prefix', 'list-type', 'a', 'a-b', 'start-after', 'Z'), anyText(0));
  const meta = fc.constantFrom({}, { 'x-amz-request-payer': 'requester' }, { 'x-amz-test': 'a  b   c' });
  await fc.assert(
    fc.asyncProperty(fc.constantFrom('GET', 'HEAD'), key, query, meta, async (method, name, parameters, headers) => {
      const request = await signed(method, name, parameters, headers);
      assert.equal(code(request), undefined);
      assert.equal(code({ ...request, path: `${request.path}x` }), 'SignatureDoesNotMatch');
      assert.equal(code({ ...request, query: `${request.query}&x=` }), 'SignatureDoesNotMatch');
      assert.equal(code({ ...request, method: 'PUT' }), 'SignatureDoesNotMatch');
    }),
    { numRuns: 60 },
  );
});

test('one check serves many requests of many scopes', async () => {
  const check = signatureCheck(credentials, 'us-east-1');
  const good = await signed('HEAD', 'a', {}, {});
  const other = await signed('HEAD', 'b', {}, { 'x-amz-test': '1' });
  const forged = { ...good, path: '/bucket/b' };
  for (const [request, expected] of [[good, undefined], [forged, 'SignatureDoesNotMatch'], [other, undefined], [good, undefined]] as const) {
    assert.equal(check(request, NOW)?.code, expected);
  }
});

test('skew, region, what is not signed, and headers that are missing or malformed are refused as S3 does', async () => {
  const good = await signed('HEAD', 'a', {}, {});
  assert.equal(code(good, NOW + 15 * 60_000), undefined);
  assert.equal(code(good, NOW + 15 * 60_000 + 1), 'RequestTimeTooSkewed');
  assert.equal(code(good, NOW - 16 * 60_000), 'RequestTimeTooSkewed');
  assert.equal(code(good, NOW, 'eu-west-1'), 'AuthorizationHeaderMalformed');
  const changed = (name: string, change: (value: string) => string | null): Request => {
    const pairs = good.fields.names.map((each, at): [string, string | null] => [each, good.fields.values[at]!]);
    const kept = pairs.map(([each, value]): [string, string | null] => [each, each === name ? change(value!) : value]).filter(([, value]) => value !== null);
    return { ...good, fields: { ...good.fields, names: kept.map(([each]) => each), values: kept.map(([, value]) => value!) } };
  };
  assert.equal(code(changed('authorization', gone)), 'AccessDenied');
  assert.equal(code(changed('x-amz-date', gone)), 'AccessDenied');
  assert.equal(code(changed('x-amz-content-sha256', gone)), 'InvalidRequest');
  assert.equal(code(changed('x-amz-content-sha256', () => EMPTY.replace('e', 'f'))), 'XAmzContentSHA256Mismatch');
  assert.equal(code(changed('x-amz-content-sha256', () => 'UNSIGNED-PAYLOAD')), 'SignatureDoesNotMatch');
  assert.equal(code(changed('authorization', (value) => value.replace('host;', ''))), 'AccessDenied');
  assert.equal(code(changed('authorization', (value) => value.replace('AKIDSIM', 'OTHER'))), 'InvalidAccessKeyId');
  assert.equal(code(changed('authorization', (value) => value.replace('/s3/', '/ec2/'))), 'AuthorizationHeaderMalformed');
  assert.equal(code(changed('authorization', (value) => value.replace(/20261120\//, '20261119/'))), 'AuthorizationHeaderMalformed');
  assert.equal(code(changed('authorization', (value) => value.replace('Credential', 'Cred'))), 'AuthorizationHeaderMalformed');
  assert.equal(code(changed('authorization', () => 'Basic abc')), 'InvalidRequest');
  const unsigned = { ...good, fields: { ...good.fields, names: [...good.fields.names, 'x-amz-extra'], values: [...good.fields.values, '1'] } };
  assert.equal(code(unsigned), 'AccessDenied');
});

test('HMAC by two hashes is HMAC', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.array(fc.string({ maxLength: 300 }), { maxLength: 3 }), (key, texts) => {
      const hmac = hmacWith(Buffer.from(key));
      for (const text of texts.map(toByteString)) {
        assert.equal(hmac(text), createHmac('sha256', key).update(text, 'latin1').digest('hex'));
      }
    }),
  );
});

test('the SDK is let in with the right secret, and told why not with a wrong one, another key id or another region', async () => {
  await withSim({ credentials, region: 'us-east-1', layout: 'unicode' }, async (sim) => {
    const attempt = async (config: S3ClientConfig): Promise<string> => {
      const client = sdkClient(sim, config);
      try {
        const page = await client.send(new ListObjectsV2Command({ Bucket: 'bucket', EncodingType: 'url', StartAfter: 'é+ %&=', Delimiter: '😀' }));
        const key = decodeURIComponent(page.Contents![5]!.Key!.replaceAll('+', ' '));
        await client.send(new HeadObjectCommand({ Bucket: 'bucket', Key: key }));
        return 'let in';
      } catch (error) {
        const { name, $metadata } = error as S3ServiceException;
        return `${$metadata.httpStatusCode} ${name}`;
      } finally {
        client.destroy();
      }
    };
    assert.equal(await attempt({}), 'let in');
    assert.equal(await attempt({ credentials: { ...credentials, secretAccessKey: 'wrong' } }), '403 SignatureDoesNotMatch');
    assert.equal(await attempt({ credentials: { ...credentials, accessKeyId: 'WRONG' } }), '403 InvalidAccessKeyId');
    assert.equal(await attempt({ region: 'eu-west-1' }), '400 AuthorizationHeaderMalformed');
    assert.equal(await attempt({ systemClockOffset: 3_600_000 }), '403 RequestTimeTooSkewed');
    const [anonymous] = await raw(sim, [headRequest('/bucket/a')], 1);
    assert.equal(anonymous?.status, 403);
    assert.equal(sim.stats().refused, 5);
  });
});
