import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HeadObjectCommand, S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import * as fc from 'fast-check';
import { Failure } from '../../src/failure.ts';
import { bucketAddress, parseS3Url } from '../../src/s3/address.ts';
import type { AddressOptions, BucketAddress } from '../../src/s3/bucket-address.ts';
import { encodeKeyPath } from '../../src/s3/uri.ts';
import { PLAIN } from './plain.ts';

type Options = Partial<AddressOptions> & { readonly bucket?: string };

function address({ bucket = 'photos', ...options }: Options): Promise<BucketAddress> {
  return bucketAddress({ endpoint: null, region: 'eu-central-1', addressing: 'auto', variants: PLAIN, ...options }, bucket);
}

async function failure(act: () => unknown): Promise<Failure> {
  try {
    await act();
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
  const cases: [Options, S3ClientConfig][] = [
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
    const ours = await address(options);
    const sdk = await sdkTarget({ region: 'eu-central-1', ...config }, options.bucket ?? 'photos', key);
    const path = `${ours.pathPrefix}/${encodeKeyPath(bytes, 0, bytes.length)}`;
    const { origin, host } = ours;
    assert.deepEqual({ origin, host, pathPrefix: path }, { origin: sdk.origin, host: sdk.host, pathPrefix: sdk.path }, JSON.stringify(options));
  }
});

test('an endpoint of AWS gets the bucket in its host name, any other in the path', async () => {
  assert.deepEqual(await address({ endpoint: 'https://s3.dualstack.eu-west-1.amazonaws.com' }), {
    origin: 'https://photos.s3.dualstack.eu-west-1.amazonaws.com',
    host: 'photos.s3.dualstack.eu-west-1.amazonaws.com',
    pathPrefix: '',
    region: 'eu-central-1',
    service: 's3',
    session: false,
  });
  assert.equal((await address({ endpoint: 'https://s3.amazonaws.com.example.net' })).pathPrefix, '/photos');
});

test("the scheme's own port is left out, another one kept", async () => {
  assert.equal((await address({ endpoint: 'https://s3.example.com:443' })).host, 's3.example.com');
  assert.equal((await address({ endpoint: 'http://s3.example.com:443' })).host, 's3.example.com:443');
  assert.equal((await address({ endpoint: 'HTTP://S3.Example.com:80/' })).origin, 'http://s3.example.com');
});

test('a base path is sent encoded as it is signed', async () => {
  assert.equal((await address({ endpoint: 'https://s3.example.com/a b(c)/%C3%A9//'.replace(' ', '%20') })).pathPrefix, '/a%20b%28c%29/%C3%A9/photos');
});

test('what is no endpoint is refused', async () => {
  const endpoints = ['', 's3.example.com', 's3.example.com:9000', 'ftp://s3.example.com', 'http:/s3.example.com', 'http:s3.example.com', 'http://', 'http:///x',
    'http://a b', 'http://a\\b', 'http://a\tb', 'http://host:99999', 'http://[::1', 'http://host/%zz', 'http://h\u0000st'];
  for (const endpoint of endpoints) {
    assert.match((await failure(() => address({ endpoint }))).message, /is not an endpoint URL/, endpoint);
  }
});

test('an endpoint with a secret in it is refused without repeating it (R7)', async () => {
  for (const endpoint of ['https://user:hunter2@s3.example.com', 'https://s3.example.com/?token=hunter2', 'https://s3.example.com/#hunter2', 'hunter2@x']) {
    const { message, hint } = await failure(() => address({ endpoint }));
    assert.doesNotMatch(`${message} ${hint}`, /hunter2/);
  }
});

test('a region cannot send signed requests to another host (R7)', async () => {
  for (const region of ['evil.example.com/', 'a@evil.example.com', 'x#', '', 'RegionOne']) {
    assert.match((await failure(() => address({ region }))).message, /is not an AWS region/);
  }
  assert.equal((await address({ region: 'RegionOne', endpoint: 'http://10.0.0.1' })).host, '10.0.0.1');
});

test('virtual addressing that cannot work is refused', async () => {
  assert.match((await failure(() => address({ addressing: 'virtual', endpoint: 'http://10.0.0.1:9000' }))).message, /IP address/);
  assert.match((await failure(() => address({ addressing: 'virtual', endpoint: 'http://[::1]:9000' }))).message, /IP address/);
  for (const bucket of ['Photos', 'my_photos', '-photos', 'photos-', 'a..b', '192.168.5.4', 'a'.repeat(64)]) {
    assert.equal((await failure(() => address({ addressing: 'virtual', endpoint: 'http://s3.example.com', bucket }))).hint, 'use --addressing path', bucket);
  }
});

test('a bucket name cannot leave its place in the path or host', async () => {
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.string(), fc.constantFrom('', '.', '..', 'a/b', 'a b', 'a\n', 'ab', 'x'.repeat(256), 'bucket?x', 'bucket#x', 'bücket')), async (bucket) => {
      try {
        const { origin, pathPrefix } = await address({ bucket, endpoint: 'http://s3.example.com' });
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

test('an ARN stands in place of the bucket, with and without s3://', () => {
  const outpost = 'arn:aws:s3-outposts:us-west-2:123456789012:outpost/op-01234567890123456/accesspoint/reports';
  const names = ['arn:aws:s3:us-west-2:123456789012:accesspoint/mine', 'arn:aws-cn:s3:cn-north-1:123456789012:accesspoint:mine', 'arn:aws:s3::123456789012:accesspoint:m.mrap',
    'arn:aws:s3-object-lambda:us-west-2:123456789012:accesspoint/banner', outpost];
  for (const scheme of ['', 's3://', 'S3://']) {
    assert.deepEqual(parseS3Url(`${scheme}arn:aws:s3:::photos`), { bucket: 'photos', prefix: '' });
    assert.deepEqual(parseS3Url(`${scheme}arn:aws-us-gov:s3:::photos/a//b:c/`), { bucket: 'photos', prefix: 'a//b:c/' });
    for (const bucket of names) {
      assert.deepEqual(parseS3Url(scheme + bucket), { bucket, prefix: '' });
      assert.deepEqual(parseS3Url(`${scheme}${bucket}/`), { bucket, prefix: '' });
      assert.deepEqual(parseS3Url(`${scheme}${bucket}/a//b:c/\n`), { bucket, prefix: 'a//b:c/\n' });
    }
  }
});

test('what is no s3:// address is refused with a way out', async () => {
  const cases: [text: string, message: RegExp, hint: RegExp][] = [
    ['', /is not of the form s3:/, /name the bucket as s3:/],
    ['s3://', /names no bucket/, /s3:\/\/BUCKET/],
    ['s3:///prefix', /names no bucket/, /s3:\/\/BUCKET/],
    ['s3:/photos/cats', /is not of the form/, /did you mean s3:\/\/photos\/cats\?/],
    ['photos/cats', /is not of the form/, /did you mean s3:\/\/photos\/cats\?/],
    ['photos', /is not of the form/, /did you mean s3:\/\/photos\?/],
    ['arn:aws:s3:::', /is not a bucket name/, /that of a bucket or of an access point/],
    ['arn:aws:s3:::ph otos', /only letters, digits/, /s3:\/\/BUCKET/],
    ['s3://arn:aws:sns:eu-west-1:123456789012:topic', /is not a bucket name/, /that of a bucket or of an access point/],
    ['arn:aws:s3:eu-west-1:123456789012:accesspoint:x:more', /is not a bucket name/, /that of a bucket or of an access point/],
    ['arn:aws:s3:evil.example.com/:123456789012:accesspoint/x', /is not a bucket name/, /that of a bucket or of an access point/],
    ['s3://ab', /3 to 63 characters/, /s3:\/\/BUCKET/],
    ['s3://my photos', /only letters, digits/, /s3:\/\/BUCKET/],
    ['s3://pho\u001b[31mtos', /only letters, digits/, /s3:\/\/BUCKET/],
    ['s3://photos?versions', /only letters, digits/, /s3:\/\/BUCKET/],
  ];
  for (const [text, message, hint] of cases) {
    const refused = await failure(() => parseS3Url(text));
    assert.match(refused.message, message, text);
    assert.match(refused.hint!, hint, text);
    assert.ok(!refused.message.includes('\u001b'), 'escaped');
  }
});

test('a pasted presigned URL is not repeated (R7)', async () => {
  const { message, hint } = await failure(() => parseS3Url('https://photos.s3.amazonaws.com/cat.jpeg?X-Amz-Signature=hunter2'));
  assert.match(message, /http\(s\) URL/);
  assert.match(hint!, /--endpoint/);
  assert.doesNotMatch(`${message} ${hint}`, /hunter2/);
});
