import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HeadObjectCommand, S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import * as fc from 'fast-check';
import { Failure } from '../../src/failure.ts';
import { bucketAddress, parseS3Url, type AddressOptions, type BucketAddress } from '../../src/s3/address.ts';
import { encodeKeyPath } from '../../src/s3/uri.ts';

function address(options: Partial<AddressOptions>): BucketAddress {
  return bucketAddress({ endpoint: null, region: 'eu-central-1', bucket: 'photos', addressing: 'auto', ...options });
}

function failure(act: () => unknown): Failure {
  try {
    act();
  } catch (error) {
    assert.ok(error instanceof Failure, String(error));
    assert.equal(error.kind, 'usage');
    assert.doesNotMatch(error.message, /\n/);
    assert.notEqual(error.hint, null);
    return error;
  }
  assert.fail('nothing was refused');
}

/** Where the AWS SDK would send a HeadObject. */
async function sdkTarget(config: S3ClientConfig, bucket: string, key: string): Promise<{ origin: string; host: string; path: string }> {
  let target: { origin: string; host: string; path: string } | undefined;
  const client = new S3Client({
    ...config,
    credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' },
    requestHandler: {
      handle(request: { protocol: string; hostname: string; port?: number; path: string; headers: Record<string, string> }) {
        const port = request.port === undefined ? '' : `:${request.port}`;
        target = { origin: `${request.protocol}//${request.hostname}${port}`, host: request.headers['host']!, path: request.path };
        return Promise.reject(new Error('not sent'));
      },
    },
    maxAttempts: 1,
  });
  await client.send(new HeadObjectCommand({ Bucket: bucket, Key: key })).catch(() => {});
  assert.ok(target, 'the SDK got as far as sending');
  return target;
}

test('objects are where the AWS SDK looks for them', async () => {
  const cases: [Partial<AddressOptions>, S3ClientConfig][] = [
    [{}, {}],
    [{ region: 'us-east-1' }, { region: 'us-east-1' }],
    [{ region: 'cn-north-1' }, { region: 'cn-north-1' }],
    [{ bucket: 'dots.in.name' }, {}],
    [{ bucket: 'Capital_Letters' }, {}],
    [{ bucket: '192.168.5.4' }, {}],
    [{ addressing: 'path' }, { forcePathStyle: true }],
    [{ endpoint: 'http://127.0.0.1:9000' }, { endpoint: 'http://127.0.0.1:9000', forcePathStyle: true }],
    [{ endpoint: 'http://[::1]:9000' }, { endpoint: 'http://[::1]:9000', forcePathStyle: true }],
    [{ endpoint: 'https://s3.example.com/' }, { endpoint: 'https://s3.example.com/', forcePathStyle: true }],
    [{ endpoint: 'https://gateway.example.com:8443/tenant/s3/' }, { endpoint: 'https://gateway.example.com:8443/tenant/s3/', forcePathStyle: true }],
    [{ endpoint: 'http://s3.example.com:9000', addressing: 'virtual' }, { endpoint: 'http://s3.example.com:9000' }],
    [{ endpoint: 'https://gateway.example.com/base', addressing: 'virtual' }, { endpoint: 'https://gateway.example.com/base' }],
  ];
  const key = "a//b/../c d+e%20é!'()*~/";
  const bytes = Buffer.from(key, 'utf8');
  for (const [options, config] of cases) {
    const ours = address(options);
    const sdk = await sdkTarget({ region: 'eu-central-1', ...config }, options.bucket ?? 'photos', key);
    const path = `${ours.pathPrefix}/${encodeKeyPath(bytes, 0, bytes.length)}`;
    assert.deepEqual({ ...ours, pathPrefix: path }, { origin: sdk.origin, host: sdk.host, pathPrefix: sdk.path }, JSON.stringify(options));
  }
});

test('an endpoint of AWS gets the bucket in its host name, any other in the path', () => {
  assert.deepEqual(address({ endpoint: 'https://s3.dualstack.eu-west-1.amazonaws.com' }), {
    origin: 'https://photos.s3.dualstack.eu-west-1.amazonaws.com',
    host: 'photos.s3.dualstack.eu-west-1.amazonaws.com',
    pathPrefix: '',
  });
  assert.equal(address({ endpoint: 'https://s3.amazonaws.com.example.net' }).pathPrefix, '/photos');
});

test("the scheme's own port is left out, another one kept", () => {
  assert.equal(address({ endpoint: 'https://s3.example.com:443' }).host, 's3.example.com');
  assert.equal(address({ endpoint: 'http://s3.example.com:443' }).host, 's3.example.com:443');
  assert.equal(address({ endpoint: 'HTTP://S3.Example.com:80/' }).origin, 'http://s3.example.com');
});

test('a base path is sent encoded as it is signed', () => {
  assert.equal(address({ endpoint: 'https://s3.example.com/a b(c)/%C3%A9//'.replace(' ', '%20') }).pathPrefix, '/a%20b%28c%29/%C3%A9/photos');
});

test('what is no endpoint is refused', () => {
  const endpoints = ['', 's3.example.com', 's3.example.com:9000', 'ftp://s3.example.com', 'http:/s3.example.com', 'http:s3.example.com', 'http://', 'http:///x',
    'http://a b', 'http://a\\b', 'http://a\tb', 'http://host:99999', 'http://[::1', 'http://host/%zz', 'http://h\u0000st'];
  for (const endpoint of endpoints) {
    assert.match(failure(() => address({ endpoint })).message, /is not an endpoint URL/, endpoint);
  }
});

test('an endpoint with a secret in it is refused without repeating it (R7)', () => {
  for (const endpoint of ['https://user:hunter2@s3.example.com', 'https://s3.example.com/?token=hunter2', 'https://s3.example.com/#hunter2', 'hunter2@x']) {
    const { message, hint } = failure(() => address({ endpoint }));
    assert.doesNotMatch(`${message} ${hint}`, /hunter2/);
  }
});

test('a region cannot send signed requests to another host (R7)', () => {
  for (const region of ['evil.example.com/', 'a@evil.example.com', 'x#', '', 'RegionOne']) {
    assert.match(failure(() => address({ region })).message, /is not an AWS region/);
  }
  assert.equal(address({ region: 'RegionOne', endpoint: 'http://10.0.0.1' }).host, '10.0.0.1');
});

test('virtual addressing that cannot work is refused', () => {
  assert.match(failure(() => address({ addressing: 'virtual', endpoint: 'http://10.0.0.1:9000' })).message, /IP address/);
  assert.match(failure(() => address({ addressing: 'virtual', endpoint: 'http://[::1]:9000' })).message, /IP address/);
  for (const bucket of ['Photos', 'my_photos', '-photos', 'photos-', 'a..b', '192.168.5.4', 'a'.repeat(64)]) {
    assert.equal(failure(() => address({ addressing: 'virtual', endpoint: 'http://s3.example.com', bucket })).hint, 'use --addressing path', bucket);
  }
});

test('a bucket name cannot leave its place in the path or host', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.constantFrom('', '.', '..', 'a/b', 'a b', 'a\n', 'ab', 'x'.repeat(256), 'bucket?x', 'bucket#x', 'bücket')), (bucket) => {
      try {
        const { origin, pathPrefix } = address({ bucket, endpoint: 'http://s3.example.com' });
        assert.deepEqual([origin, pathPrefix], ['http://s3.example.com', `/${bucket}`]);
        assert.match(bucket, /^[A-Za-z0-9._-]{3,255}$/);
      } catch (error) {
        assert.ok(error instanceof Failure);
      }
    }),
  );
});

test('s3://BUCKET/PREFIX: the prefix is exact (R3)', () => {
  assert.deepEqual(parseS3Url('s3://photos'), { bucket: 'photos', prefix: '' });
  assert.deepEqual(parseS3Url('s3://photos/'), { bucket: 'photos', prefix: '' });
  assert.deepEqual(parseS3Url('S3://photos/2026/'), { bucket: 'photos', prefix: '2026/' });
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('/', '//a/../b', '%2F+ ?x#y', '\n', 'é', 'e\u0301')), (prefix) => {
      assert.deepEqual(parseS3Url(`s3://photos/${prefix}`), { bucket: 'photos', prefix });
    }),
  );
});

test('what is no s3:// address is refused with a way out', () => {
  const cases: [text: string, message: RegExp, hint: RegExp][] = [
    ['', /is not of the form s3:/, /name the bucket as s3:/],
    ['s3://', /names no bucket/, /s3:\/\/BUCKET/],
    ['s3:///prefix', /names no bucket/, /s3:\/\/BUCKET/],
    ['s3:/photos/cats', /is not of the form/, /did you mean s3:\/\/photos\/cats\?/],
    ['photos/cats', /is not of the form/, /did you mean s3:\/\/photos\/cats\?/],
    ['photos', /is not of the form/, /did you mean s3:\/\/photos\?/],
    ['arn:aws:s3:::photos/cats', /is not of the form/, /bucket name is needed, not an ARN: did you mean s3:\/\/photos\/cats\?/],
    ['arn:aws:s3:eu-west-1:123456789012:accesspoint/x', /is not of the form/, /bucket name is needed/],
    ['s3://arn:aws:s3:::photos/cats', /is not a bucket name/, /bucket name is needed, not an ARN/],
    ['s3://ab', /3 to 63 characters/, /s3:\/\/BUCKET/],
    ['s3://my photos', /only letters, digits/, /s3:\/\/BUCKET/],
    ['s3://pho\u001b[31mtos', /only letters, digits/, /s3:\/\/BUCKET/],
    ['s3://photos?versions', /only letters, digits/, /s3:\/\/BUCKET/],
  ];
  for (const [text, message, hint] of cases) {
    const refused = failure(() => parseS3Url(text));
    assert.match(refused.message, message, text);
    assert.match(refused.hint!, hint, text);
    assert.ok(!refused.message.includes('\u001b'), 'escaped');
  }
});

test('a pasted presigned URL is not repeated (R7)', () => {
  const { message, hint } = failure(() => parseS3Url('https://photos.s3.amazonaws.com/cat.jpeg?X-Amz-Signature=hunter2'));
  assert.match(message, /http\(s\) URL/);
  assert.match(hint!, /--endpoint/);
  assert.doesNotMatch(`${message} ${hint}`, /hunter2/);
});
