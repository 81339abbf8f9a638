import {
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  paginateListObjectsV2,
  PutObjectCommand,
  type ListObjectsV2CommandInput,
  type S3Client,
  type S3ServiceException,
} from '@aws-sdk/client-s3';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createKeySpace, LAYOUTS, startSim, startSimProcess, type Layout } from '../../src/sim/sim.ts';
import { headRequest, raw, sdkClient, withSim } from './client.ts';

const text = (key: string): string => Buffer.from(key, 'latin1').toString('utf8');
const decoded = (written: string | undefined): string => decodeURIComponent((written ?? '').replaceAll('+', ' '));

function keysOf(layout: Layout, objects: number, seed: number): string[] {
  const { keyAt } = createKeySpace(layout, objects, seed);
  return Array.from({ length: objects }, (_, index) => text(keyAt(index)));
}

async function listAll(client: S3Client, input: Partial<ListObjectsV2CommandInput>): Promise<{ keys: string[]; prefixes: string[]; pages: number }> {
  const found = { keys: [] as string[], prefixes: [] as string[], pages: 0 };
  for await (const page of paginateListObjectsV2({ client }, { Bucket: 'bucket', EncodingType: 'url', ...input })) {
    found.pages++;
    found.keys.push(...(page.Contents ?? []).map(({ Key }) => decoded(Key)));
    found.prefixes.push(...(page.CommonPrefixes ?? []).map(({ Prefix }) => decoded(Prefix)));
    assert.equal(page.KeyCount, (page.Contents?.length ?? 0) + (page.CommonPrefixes?.length ?? 0));
  }
  return found;
}

/** What the listing must be, of strings: UTF-8 order is code point order. */
function model(keys: readonly string[], { Prefix = '', Delimiter = '', StartAfter = '' }: Partial<ListObjectsV2CommandInput>): { keys: string[]; prefixes: string[] } {
  const prefixes = new Set<string>();
  const kept = keys.filter((key) => {
    if (!key.startsWith(Prefix) || Buffer.compare(Buffer.from(key), Buffer.from(StartAfter)) <= 0) return false;
    const found = Delimiter === '' ? -1 : key.indexOf(Delimiter, Prefix.length);
    if (found !== -1) prefixes.add(key.slice(0, found + Delimiter.length));
    return found === -1;
  });
  return { keys: kept, prefixes: [...prefixes] };
}

for (const layout of LAYOUTS) {
  test(`${layout}: the SDK lists every key, whole and by prefix, delimiter, start-after and page size`, async () => {
    const objects = 1_100;
    const pageSize = 400;
    await withSim({ layout, objects, pageSize, seed: 6 }, async (sim) => {
      const client = sdkClient(sim);
      const keys = keysOf(layout, objects, 6);
      const middle = keys[objects >> 1]!;
      const folder = middle.slice(0, middle.lastIndexOf('/') + 1);
      const inputs: Partial<ListObjectsV2CommandInput>[] = [
        {},
        { Delimiter: '/' },
        { Prefix: folder, Delimiter: '/' },
        { StartAfter: middle, MaxKeys: 200 },
        { Prefix: middle.slice(0, 3), StartAfter: keys[objects >> 2]!, MaxKeys: 399 },
        { Prefix: 'nothing begins like this' },
        { Delimiter: '0', StartAfter: middle, MaxKeys: 90 },
      ];
      for (const input of inputs) {
        const found = await listAll(client, input);
        const expected = model(keys, input);
        assert.deepEqual({ keys: found.keys, prefixes: found.prefixes }, expected, JSON.stringify(input));
        const entries = expected.keys.length + expected.prefixes.length;
        assert.equal(found.pages, Math.max(1, Math.ceil(entries / (input.MaxKeys ?? pageSize))));
      }
      client.destroy();
    });
  });

  test(`${layout}: the SDK's HEAD says what the listing says, with keys that need encoding`, async () => {
    await withSim({ layout, objects: 6_000, pageSize: 300, seed: 8 }, async (sim) => {
      const client = sdkClient(sim);
      const page = await client.send(new ListObjectsV2Command({ Bucket: 'bucket', EncodingType: 'url', StartAfter: 'a', Prefix: '' }));
      const entries = page.Contents ?? [];
      assert.equal(entries.length, 300);
      for (let at = 0; at < entries.length; at += 6) {
        const entry = entries[at]!;
        const head = await client.send(new HeadObjectCommand({ Bucket: 'bucket', Key: decoded(entry.Key) }));
        assert.equal(head.ETag, entry.ETag);
        assert.match(head.ETag ?? '', /^"[0-9a-f]{32}"$/);
        assert.equal(head.ContentLength, entry.Size);
        assert.deepEqual(head.LastModified, entry.LastModified);
        assert.equal(head.StorageClass ?? 'STANDARD', entry.StorageClass);
        assert.match(head.VersionId ?? '', /^[0-9a-f]{32}$/);
        assert.match(head.ContentType ?? '', /^\w+\/\w/);
        const names = Object.keys(head.Metadata ?? {});
        assert.ok(names.length === 2 || names.length === 3, names.join());
      }
      client.destroy();
    });
  });
}

test('without encoding-type, keys come as they are, escaped for XML', async () => {
  await withSim({ layout: 'unicode', objects: 2_000, pageSize: 500 }, async (sim) => {
    const client = sdkClient(sim);
    const found: string[] = [];
    for await (const page of paginateListObjectsV2({ client }, { Bucket: 'bucket' })) found.push(...page.Contents!.map(({ Key }) => Key!));
    client.destroy();
    const keys = keysOf('unicode', 2_000, 1);
    // The SDK's parser turns line ends of XML into spaces of its own choice; the bytes of all others are exact.
    assert.equal(found.length, keys.length);
    for (const [index, key] of keys.entries()) {
      if (Buffer.from(key).every((byte) => byte >= 32)) assert.equal(found[index], key);
    }
  });
});

test('max-keys is capped, owner, checksums and restore status come if asked for, and a made-up token is refused', async () => {
  await withSim({}, async (sim) => {
    const client = sdkClient(sim);
    const list = (input: Partial<ListObjectsV2CommandInput>) => client.send(new ListObjectsV2Command({ Bucket: 'bucket', ...input }));
    const capped = await list({ MaxKeys: 5_000, FetchOwner: true, OptionalObjectAttributes: ['RestoreStatus'] });
    assert.deepEqual([capped.MaxKeys, capped.KeyCount, capped.IsTruncated], [1_000, 1_000, true]);
    for (const entry of capped.Contents!) {
      assert.equal(entry.Owner?.DisplayName, 's3scan-sim');
      assert.deepEqual(entry.ChecksumAlgorithm, ['CRC64NVME']);
      assert.equal(entry.RestoreStatus?.IsRestoreInProgress, entry.StorageClass === 'GLACIER' ? false : undefined);
    }
    const none = await list({ MaxKeys: 0 });
    assert.deepEqual([none.KeyCount, none.IsTruncated, none.Contents], [0, false, undefined]);
    assert.equal((await list({})).Contents![0]!.Owner, undefined);
    // A token outranks start-after.
    const second = await list({ ContinuationToken: capped.NextContinuationToken, StartAfter: 'zzz' });
    assert.equal(second.Contents![0]!.Key, 'object-000001000');
    // One bit of where it goes on.
    const forged = Buffer.from(capped.NextContinuationToken!, 'base64');
    forged[15]! ^= 1;
    for (const input of [{ ContinuationToken: forged.toString('base64') }, { ContinuationToken: 'made up' }, { ContinuationToken: '' }, { MaxKeys: -1 }, { EncodingType: 'gzip' as 'url' }]) {
      await assert.rejects(list(input), (error: S3ServiceException) => error.name === 'InvalidArgument' && error.$metadata.httpStatusCode === 400);
    }
    client.destroy();
  });
});

const status = (code: number, name: string) => (error: S3ServiceException) => error.$metadata.httpStatusCode === code && error.name === name;

test('buckets, strangers and writes', async () => {
  await withSim({ region: 'eu-west-3' }, async (sim) => {
    const client = sdkClient(sim, { region: 'eu-west-3' });
    const bucket = await client.send(new HeadBucketCommand({ Bucket: 'bucket' }));
    assert.equal(bucket.BucketRegion, 'eu-west-3');
    await assert.rejects(client.send(new HeadBucketCommand({ Bucket: 'other' })), status(404, 'NotFound'));
    await assert.rejects(client.send(new HeadObjectCommand({ Bucket: 'bucket', Key: 'nobody' })), status(404, 'NotFound'));
    await assert.rejects(client.send(new ListObjectsV2Command({ Bucket: 'buck' })), status(404, 'NoSuchBucket'));
    await assert.rejects(client.send(new PutObjectCommand({ Bucket: 'bucket', Key: 'a', Body: 'b' })), status(405, 'MethodNotAllowed'));
    client.destroy();
  });
});

test('virtual-host addresses', async () => {
  await withSim({}, async (sim) => {
    const { port } = new URL(sim.endpoint);
    const request = (path: string): string => headRequest(path).replace('127.0.0.1', `bucket.localhost:${port}`);
    const [object, stranger] = await raw(sim, [request('/object-000000007') + request('/bucket/object-000000007')], 2);
    assert.deepEqual([object?.status, stranger?.status], [200, 404]);
  });
});

test('options that make no sense are usage failures; a port that is taken too', async () => {
  for (const options of [{ layout: 'none' as Layout }, { objects: -1 }, { objects: 1.5 }, { errorRate: 2 }, { bucket: 'A' }, { pageSize: 0 }, { seed: Number.NaN }]) {
    await assert.rejects(startSim(options), { name: 'Failure', kind: 'usage' });
  }
  await withSim({}, async (sim) => {
    await assert.rejects(startSim({ port: Number(new URL(sim.endpoint).port) }), { name: 'Failure', kind: 'usage' });
  });
});

test('child processes share the port and the work, count together, and end with the simulation', async () => {
  const sim = await startSimProcess({ bucket: 'bucket', objects: 2_000, workers: 2 });
  const clients = [sdkClient(sim), sdkClient(sim)];
  const lists = await Promise.all(clients.map((client) => listAll(client, { MaxKeys: 500 })));
  for (const list of lists) assert.deepEqual(list.keys, keysOf('flat', 2_000, 1));
  for (const client of clients) client.destroy();
  // Request ids begin with the process that gave them.
  const ids = await Promise.all([1, 2].map(async () => (await raw(sim, [headRequest('/bucket')], 1))[0]!.headers['x-amz-request-id']!.slice(0, 8)));
  assert.notEqual(ids[0], ids[1]);
  await sim.close();
  const stats = sim.stats();
  assert.deepEqual([stats.lists, stats.keysListed, stats.errors], [8, 4_000, 0]);
  await assert.rejects(fetch(sim.endpoint));
});
