import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { Failure } from '../../src/failure.ts';
import { aroundCrowdedFolders } from '../../src/listing/crowded-folders.ts';
import type { ListPage } from '../../src/listing/listing.ts';
import { listWhole } from '../../src/listing/whole-listing.ts';
import { ListingCounters } from '../../src/metrics/listing-counters.ts';
import { LIST_COLUMNS } from '../../src/records/columns.ts';
import { bytes, compareText, diceOf, honest, Schedule, serve, type Asked, type Server } from './fake-bucket.ts';
import { BUCKET, keysOf } from './table.ts';

/** MinIO's continuation token: the key, and a tag behind it. */
function tokenOf(key: string): string {
  return bytes(`${key}[minio_cache:v2,return:]`).toString('base64');
}

/** The keys that MinIO's walk finds (`WalkDir` in its cmd/metacache-walk.go), going folder by folder, until it has as many as it wants. */
function walk(all: readonly string[], prefix: string, marker: string, most: number): string[] {
  const found: string[] = [];
  const scan = (folder: string): void => {
    const below = all.filter((key) => key.startsWith(prefix) && key.startsWith(folder)).map((key) => key.slice(folder.length));
    const isFolder = new Set(below.filter((rest) => rest.includes('/')).map((rest) => rest.slice(0, rest.indexOf('/'))));
    const isObject = new Set(below.filter((rest) => !rest.includes('/')));
    const rest = marker.startsWith(folder) ? marker.slice(folder.length) : '';
    const forward = rest.indexOf('/') > 0 ? rest.slice(0, rest.indexOf('/')) : rest;
    const folders: string[] = [];
    for (const name of [...new Set([...isFolder, ...isObject])].filter((each) => compareText(`${each}/`, forward) >= 0).sort(compareText)) {
      if (found.length >= most) return;
      while (folders.length > 0 && compareText(folders.at(-1)!, folder + name) < 0) scan(folders.pop()!);
      if (isObject.has(name)) found.push(folder + name);
      if (isFolder.has(name)) folders.push(`${folder}${name}/`);
    }
    while (folders.length > 0 && found.length < most) scan(folders.pop()!);
  };
  scan(prefix.slice(0, prefix.lastIndexOf('/') + 1));
  return found;
}

/** Counts as MinIO of 2025 and 2026 does: `isKnown` by its tokens, or not. */
function miscounting(all: readonly string[], isKnown: boolean): Server {
  const bucket = honest(() => all);
  return (request, nth) => {
    const { maxKeys, startAfter, continuationToken } = request;
    const prefix = Buffer.from(request.prefix).toString();
    const next = (key: string | undefined, isTruncated: boolean): string | null => (isTruncated && key !== undefined ? (isKnown ? tokenOf(key) : `${nth}.${bytes(key).toString('hex')}`) : null);
    if (startAfter === null) {
      // One key below a prefix is taken for the question whether there is an object of that name.
      if (maxKeys === 1 && continuationToken === null && prefix !== '' && all.includes(prefix)) return { keys: [prefix], isTruncated: false, token: null };
      const from = continuationToken !== null && isKnown ? bytes(Buffer.from(continuationToken, 'base64').toString().replace('[minio_cache:v2,return:]', '')) : null;
      const { keys, isTruncated, folders = [] } = bucket(from === null ? request : { ...request, continuationToken: null, startAfter: from }, nth);
      return { keys, folders, isTruncated, token: next(keys.at(-1), isTruncated) };
    }
    const marker = Buffer.from(startAfter).toString();
    if (!marker.startsWith(prefix)) return bucket(request, nth);
    const limit = maxKeys + 1;
    const found = walk(all, prefix, marker, limit + 4 + Math.floor(limit / 16)).filter((key) => compareText(key, marker) >= 0);
    const keys = found.slice(0, limit).filter((key) => key !== marker);
    const isTruncated = (found.length > limit && keys.length > 0) || keys.length > maxKeys;
    return { keys: keys.slice(0, maxKeys), isTruncated, token: next(keys.slice(0, maxKeys).at(-1), isTruncated) };
  };
}

interface Settings {
  readonly seed: number;
  readonly prefix: string;
  readonly after: string;
  readonly pageSize: number;
  readonly concurrency: number;
}

async function list(server: Server, { seed, prefix, after, pageSize, concurrency }: Settings, wrap: (listPage: ListPage) => ListPage = aroundCrowdedFolders): Promise<{ keys: string[]; asked: Asked }> {
  const schedule = new Schedule(diceOf(seed));
  const { listPage, asked } = serve(server, schedule);
  const missing = [{ after: bytes(after), through: null }];
  const counters = new ListingCounters();
  const keys: string[] = [];
  const consume = async (): Promise<void> => {
    const pages = listWhole(wrap(listPage), { bucket: 'b', missing, prefix: bytes(prefix), pageSize, maxKeys: Infinity, concurrency, schema: LIST_COLUMNS, constants: BUCKET, counters, now: () => 0 });
    for await (const { rows } of pages) keys.push(...keysOf(rows));
  };
  await schedule.run(consume());
  assert.equal(counters.note, null);
  return { keys: keys.sort(compareText), asked };
}

/** MinIO keeps no empty segment, and none of dots. */
const names = fc
  .array(fc.constantFrom('a', 'b', '/', '-', 'a.', '-', 'é', 'a/', 'b/', '0'), { minLength: 1, maxLength: 6 })
  .map((parts) => parts.join(''))
  .filter((name) => !name.startsWith('/') && !name.includes('//'));
/** Nor an object that is a folder, too. */
const buckets = fc.uniqueArray(names, { minLength: 30, maxLength: 200 }).map((keys) => keys.filter((key) => !keys.some((other) => other.startsWith(key.endsWith('/') ? key : `${key}/`) && other !== key)));
const settings = fc.record({
  seed: fc.nat(),
  prefix: fc.oneof({ weight: 3, arbitrary: fc.constant('') }, fc.constantFrom('a', 'a/', 'b/a')),
  after: fc.oneof({ weight: 2, arbitrary: fc.constant('') }, names),
  pageSize: fc.integer({ min: 1, max: 12 }),
  concurrency: fc.constantFrom(1, 2, 8),
});

const wanted = (keys: readonly string[], { prefix, after }: Settings): string[] => keys.filter((key) => key.startsWith(prefix) && compareText(key, after) > 0).sort(compareText);

test('a server that miscounts beside folders, leaves out keys and says too early that nothing follows, is listed whole (R2)', async () => {
  let lost = 0;
  await fc.assert(
    fc.asyncProperty(buckets, settings, async (keys, how) => {
      const server = miscounting(keys, true);
      const all = wanted(keys, how);
      assert.deepEqual((await list(server, how)).keys, all);
      if ((await list(server, how, (listPage) => listPage)).keys.length < all.length) lost++;
    }),
    { numRuns: 150 },
  );
  assert.ok(lost > 15, `${lost} of 150 buckets would have lost keys`);
});

test('an honest server is asked once for each folder that a page ends the listing in, and for no more', async () => {
  const how = { seed: 1, prefix: '', after: '', pageSize: 100, concurrency: 1 };
  const keys = Array.from({ length: 450 }, (_, i) => `a/b-c/d/${String(i).padStart(3, '0')}`);
  const before = await list(honest(() => keys), { ...how, after: 'a/b-c/d/0' }, (listPage) => listPage);
  const { keys: listed, asked } = await list(honest(() => keys), { ...how, after: 'a/b-c/d/0' });
  assert.deepEqual(listed, keys);
  const more = asked.requests.slice(before.asked.requests.length).map(({ prefix }) => Buffer.from(prefix).toString());
  assert.deepEqual(more.sort(), ['a', 'a/b-c', 'a/b-c/d']);
  // By token the server goes on by itself, and in one folder alone nothing can be in the way.
  for (const changes of [{ after: '' }, { prefix: 'a/b-c/d/', after: 'a/b-c/d/0' }]) {
    assert.equal((await list(honest(() => keys), { ...how, ...changes })).asked.requests.length, 5);
  }
});

test('in a folder known to be crowded, a page costs one request', async () => {
  const keys = Array.from({ length: 1500 }, (_, i) => `${i < 500 ? 'a-' : 'a/'}${i}`);
  const how = { seed: 1, prefix: '', after: 'a/', pageSize: 50, concurrency: 1 };
  for (const isKnown of [true, false]) {
    const { keys: listed, asked } = await list(miscounting(keys, isKnown), how);
    assert.deepEqual(listed, wanted(keys, how));
    assert.ok(asked.requests.length <= 20 + 6, `${asked.requests.length} requests for 20 pages`);
  }
});

test('a prefix that is the name of an object, too, is listed whole by pages of one key', async () => {
  const keys = ['a', 'a/b', 'ab', 'b'];
  for (const concurrency of [1, 8]) {
    assert.deepEqual((await list(miscounting(keys, true), { seed: 1, prefix: 'a', after: '', pageSize: 1, concurrency })).keys, ['a', 'a/b', 'ab']);
  }
});

/** Lets nothing be listed but all of it. */
function guarded(server: Server): Server {
  return (request, nth) => {
    if (request.prefix.length > 0) throw new Failure('access', 'AccessDenied');
    return server(request, nth);
  };
}

test('where no other prefix may be listed, an honest server is believed, and one that miscounts is not', async () => {
  const keys = Array.from({ length: 30 }, (_, i) => `a/${i}`);
  for (const concurrency of [1, 8]) {
    const how = { seed: 1, prefix: '', after: 'a/', pageSize: 5, concurrency };
    assert.deepEqual((await list(guarded(honest(() => keys)), how)).keys, wanted(keys, how));
    await assert.rejects(list(guarded(miscounting(keys, true)), how), { kind: 'access', message: /leaves out keys .* before "a\/" cannot be asked: AccessDenied/, hint: /allow ListBucket/ });
  }
});
