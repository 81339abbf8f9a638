import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { Failure } from '../../src/failure.ts';
import type { Interval } from '../../src/keyspace/interval.ts';
import { complement, Tiling } from '../../src/keyspace/tiling.ts';
import { isFitForStartAfter } from '../../src/listing/continuation.ts';
import type { ListedPage, ListPage, PageRequest } from '../../src/listing/listing.ts';
import { ParallelListing } from '../../src/listing/parallel.ts';
import { listWhole, type WholeListingOptions } from '../../src/listing/whole-listing.ts';
import { ListingCounters } from '../../src/metrics/listing-counters.ts';
import { LIST_COLUMNS } from '../../src/records/columns.ts';
import { beginning, bytes, compareText, diceOf, honest, idle, Schedule, serve, type Answer, type Server } from './fake-bucket.ts';
import { BUCKET, keysOf } from './table.ts';

interface Changes {
  readonly bucket?: string;
  readonly after?: string;
  readonly through?: string | null;
  readonly prefix?: string;
  readonly pageSize?: number;
  readonly maxKeys?: number;
  readonly concurrency?: number | null;
  /** in place of after and through */
  readonly missing?: readonly Interval[];
}

function options(changes: Changes, counters: ListingCounters): WholeListingOptions {
  const { bucket = 'b', after = '', through = null, prefix = '', pageSize = 3, maxKeys = Infinity, concurrency = 8 } = changes;
  const missing = changes.missing ?? [{ after: bytes(after), through: through === null ? null : bytes(through) }];
  return { bucket, missing, prefix: bytes(prefix), pageSize, maxKeys, concurrency, schema: LIST_COLUMNS, constants: BUCKET, counters, now: () => 0 };
}

function holds({ after, through }: Interval, key: string): boolean {
  return Buffer.compare(bytes(key), after) > 0 && (through === null || Buffer.compare(bytes(key), through) <= 0);
}

interface Listed {
  readonly keys: string[];
  readonly intervals: readonly Interval[];
  readonly counters: ListingCounters;
  readonly requests: readonly PageRequest[];
  readonly failure: Failure | null;
}

/** Lists to the end, or to the Failure; the consumer is as slow as the dice. Checks every page against its interval. */
async function list(server: Server, seed: number, changes: Changes = {}, spoil: (listPage: ListPage) => ListPage = (listPage) => listPage): Promise<Listed> {
  const dice = diceOf(seed);
  const schedule = new Schedule(dice);
  const { listPage, asked } = serve(server, schedule);
  const counters = new ListingCounters();
  const keys: string[] = [];
  const tiling = new Tiling();
  const consume = async (): Promise<Failure | null> => {
    try {
      for await (const { rows, interval } of listWhole(spoil(listPage), options(changes, counters))) {
        assert.ok(tiling.add(interval), 'pages overlap');
        for (const key of keysOf(rows)) {
          assert.ok(changes.bucket !== undefined || holds(interval, key), key);
          keys.push(key);
        }
        if (dice() < 0.2) await schedule.turn();
      }
      return null;
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      return error;
    }
  };
  const failure = await schedule.run(consume());
  return { keys, intervals: tiling.intervals, counters, requests: asked.requests, failure };
}

function wanted(all: Iterable<string>, { after = '', through = null, prefix = '' }: Changes): string[] {
  return [...new Set(all)].filter((key) => key.startsWith(prefix) && compareText(key, after) > 0 && (through === null || compareText(key, through) <= 0)).sort(compareText);
}

const sorted = (keys: readonly string[]): string[] => [...keys].sort(compareText);

const names = (alphabet: readonly string[], most: number): fc.Arbitrary<string> =>
  fc.array(fc.constantFrom(...alphabet), { minLength: 1, maxLength: most }).map((characters) => characters.join(''));

/** Prefixes of one another, keys that differ in the last byte, folders, dates, and the ends of what UTF-8 can say. */
const keySets: fc.Arbitrary<string[]> = fc
  .oneof(
    fc.uniqueArray(names(['a', 'b'], 7), { maxLength: 90 }),
    fc.uniqueArray(names(['a', 'b', '/', '0', '1', '9', '~', ' ', '+'], 6), { maxLength: 90 }),
    fc.uniqueArray(names(['a', '%', '%7E', '/', '2', '\u0001', '\t', '\u007f', 'é', '漢', '\ud7ff', '\ue000', '\ufffe', '\uffff', '😀', '\u{10000}', '\u{10ffff}'], 4), { maxLength: 60 }),
    fc.integer({ min: 0, max: 120 }).map((count) => Array.from({ length: count }, (_, i) => `logs/day=${10 + (i % 20)}/part-${String(i).padStart(5, '0')}`)),
    fc.integer({ min: 0, max: 120 }).map((count) => Array.from({ length: count }, (_, i) => ((i * 2_654_435_761) % 2 ** 32).toString(16).padStart(8, '0'))),
    fc.constantFrom<string[]>([], ['a'], ['\u{10ffff}'], ['%']),
  );

const settings = fc.record({
  seed: fc.integer(),
  pageSize: fc.integer({ min: 1, max: 4 }),
  concurrency: fc.oneof(fc.constant(null), fc.integer({ min: 2, max: 16 })),
  after: fc.oneof({ weight: 4, arbitrary: fc.constant('') }, { weight: 1, arbitrary: names(['a', 'b', '0', '%', 'l'], 2) }),
  through: fc.oneof({ weight: 4, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: names(['a', 'b', '9', 'l', '~'], 3) }),
  prefix: fc.constantFrom('', '', '', 'a', 'a/', '%', 'logs/day=1'),
});

test('every key of the range once, whatever the keys, the schedule and the pages: short, empty, truncated (R1, R2)', async () => {
  await fc.assert(
    fc.asyncProperty(keySets, settings, fc.boolean(), async (keys, { seed, ...changes }, shortPages) => {
      const dice = diceOf(~seed);
      const listed = await list(honest(() => keys, shortPages ? { dice } : {}), seed, changes);
      assert.equal(listed.failure, null, String(listed.failure));
      assert.deepEqual(sorted(listed.keys), wanted(keys, changes));
    }),
    { numRuns: 120 },
  );
});

test('keys that come and go meanwhile may be listed or not; those that stay are listed, and none twice', async () => {
  await fc.assert(
    fc.asyncProperty(keySets, keySets, settings, async (staying, others, { seed, ...changes }) => {
      const dice = diceOf(~seed);
      const now = new Set([...staying, ...others.filter(() => dice() < 0.5)]);
      const coming = others.filter((key) => !staying.includes(key));
      const bucket = honest(() => now);
      const listed = await list((request, nth) => {
        const key = coming[Math.floor(dice() * coming.length)];
        if (key !== undefined && !now.delete(key)) now.add(key);
        return bucket(request, nth);
      }, seed, changes);
      assert.equal(listed.failure, null, String(listed.failure));
      assert.equal(new Set(listed.keys).size, listed.keys.length, 'a key was listed twice');
      const stayed = new Set(wanted(staying, changes));
      assert.deepEqual(sorted(listed.keys.filter((key) => stayed.has(key))), [...stayed]);
      assert.deepEqual(listed.keys.filter((key) => !stayed.has(key) && !coming.includes(key)), []);
    }),
    { numRuns: 70 },
  );
});

const bounds = names(['a', 'b', '0', '%', 'l', '~', '漢'], 3);
/** What a scan that was stopped may have listed, in any order. */
const someListed: fc.Arbitrary<Interval[]> = fc.array(
  fc.tuple(fc.oneof(fc.constant(''), bounds), fc.option(bounds)).map(([after, through]) => ({ after: bytes(after), through: through === null ? null : bytes(through) })),
  { maxLength: 5 },
);

/** A Buffer and a Uint8Array of the same bytes are the same end. */
const inHex = (intervals: readonly Interval[]): string[] =>
  intervals.map(({ after, through }) => `${Buffer.from(after).toString('hex')}-${through === null ? 'end' : Buffer.from(through).toString('hex')}`);

test('what an earlier scan left is listed, all of it and nothing else, in parallel and in one chain (R1, R2)', async () => {
  await fc.assert(
    fc.asyncProperty(keySets, settings, someListed, fc.boolean(), async (keys, { seed, after, through, ...changes }, earlier, isChain) => {
      const scope: Interval = { after: bytes(after), through: through === null ? null : bytes(through) };
      const missing = complement(earlier, scope);
      const listed = await list(honest(() => keys), seed, { ...changes, missing, ...(isChain && { concurrency: 1 }) });
      assert.equal(listed.failure, null, String(listed.failure));
      assert.deepEqual(sorted(listed.keys), wanted(keys, { ...changes, after, through }).filter((key) => missing.some((one) => holds(one, key))));
      assert.deepEqual(inHex(complement(listed.intervals, scope)), inHex(complement(missing, scope)), 'where no keys are is covered too');
    }),
    { numRuns: 120 },
  );
});

const hexKeys = (count: number): string[] => Array.from({ length: count }, (_, i) => ((i * 2_654_435_761) % 2 ** 32).toString(16).padStart(8, '0'));

test('folder names are a hint: with and without them, or where they never come, every key is listed', async () => {
  const keys = Array.from({ length: 300 }, (_, i) => `${['alpha', 'beta', 'gamma', 'delta', 'omega'][i % 5]}/${i}`);
  const named = await list(honest(() => keys), 1);
  assert.deepEqual(named.requests.filter(({ delimiter }) => delimiter !== undefined).length, 1);
  assert.deepEqual([named.failure, sorted(named.keys)], [null, sorted(keys)]);
  for (const instead of [() => Promise.reject(new Failure('unreachable', 'too slow')), () => new Promise<never>(() => {})]) {
    const listed = await list(honest(() => keys), 1, {}, (listPage) => (request, builder) => (request.delimiter === undefined ? listPage(request, builder) : instead()));
    assert.deepEqual([listed.failure, sorted(listed.keys)], [null, sorted(keys)]);
    assert.ok(listed.counters.splits > 8);
  }
});

test('a bucket that fits a page costs one request; one of two pages is listed in a few', async () => {
  for (const count of [0, 1, 3]) assert.equal((await list(honest(() => hexKeys(count)), 1)).requests.length, 1);
  const { requests, keys } = await list(honest(() => hexKeys(6)), 1);
  assert.equal(keys.length, 6);
  assert.ok(requests.length <= 4, String(requests.length));
});

test('the first LIST goes alone; then as many as allowed are on their way, and no more', async () => {
  const schedule = new Schedule(diceOf(1));
  const { listPage, asked } = serve(honest(() => hexKeys(600)), schedule);
  const counters = new ListingCounters();
  const consume = async (): Promise<void> => {
    for await (const _ of listWhole(listPage, options({ concurrency: 16 }, counters))) assert.ok(counters.inFlight <= 16);
  };
  const work = consume();
  await idle();
  assert.equal(asked.requests.length, 1);
  await schedule.run(work);
  assert.equal(asked.mostInFlight, 16);
  assert.deepEqual([counters.mode, counters.note, counters.concurrency, counters.inFlight], ['parallel', null, 16, 0]);
  assert.ok(counters.ranges > 16 && counters.splits === counters.ranges - 1);
});

test('a consumer that does not come back is not listed ahead of: two pages for each request allowed (R5)', async () => {
  const schedule = new Schedule(diceOf(1));
  const { listPage, asked } = serve(honest(() => hexKeys(400)), schedule);
  const pages = listWhole(listPage, options({ concurrency: 8 }, new ListingCounters()));
  await schedule.run(pages.next());
  await schedule.run(pages.next());
  // Whatever comes now waits for the consumer.
  await assert.rejects(schedule.run(new Promise(() => {})), /it never ends/);
  assert.ok(asked.requests.length > 8 && asked.requests.length <= 3 + 2 * 8, String(asked.requests.length));
  assert.equal(asked.inFlight, 0);
  await pages.return(undefined);
});

test('where pages are large, fewer are asked for: 40 MB on their way or waiting (R5)', async () => {
  const owner = Buffer.alloc(2 * 1024 * 1024, 'o');
  const schedule = new Schedule(diceOf(1));
  const { listPage, asked } = serve(honest(() => hexKeys(600)), schedule);
  const large: ListPage = async (request, builder) => {
    const page = await listPage(request, builder);
    if (builder.rows > 0) builder.utf8('owner_id')?.setBytes(builder.rows - 1, owner);
    return page;
  };
  const pages = listWhole(large, options({ concurrency: 32 }, new ListingCounters()));
  await schedule.run(pages.next());
  await schedule.run(pages.next());
  await assert.rejects(schedule.run(new Promise(() => {})), /it never ends/);
  assert.ok(asked.requests.length > 10 && asked.requests.length <= 3 + 20, String(asked.requests.length));
  await pages.return(undefined);
});

test('--list-concurrency 1 and --max-keys: one chain by token, in order', async () => {
  const keys = sorted(hexKeys(20));
  for (const changes of [{ concurrency: 1 }, { maxKeys: 7 }]) {
    const listed = await list(honest(() => keys), 1, changes);
    assert.deepEqual(listed.keys, keys.slice(0, changes.maxKeys));
    assert.ok(listed.requests.every(({ startAfter }) => startAfter === null));
    assert.deepEqual([listed.counters.mode, listed.counters.note], ['chain', null]);
  }
});

const DIRECTORY = { bucket: 'name--use1-az4--x-s3' };

/** A directory bucket: in no order, by token alone. */
function unordered(keys: readonly string[]): Server {
  return ({ startAfter, continuationToken, maxKeys, delimiter }) => {
    assert.deepEqual([startAfter, delimiter], [null, undefined], 'a directory bucket knows no start-after');
    const from = Number(continuationToken ?? 0);
    const isTruncated = from + maxKeys < keys.length;
    return { keys: keys.slice(from, from + maxKeys), isTruncated, token: isTruncated ? String(from + maxKeys) : null };
  };
}

test('a directory bucket is listed in its own order, page after page by token, and the scan says what that proves', async () => {
  const keys = [...sorted(hexKeys(19)).reverse(), 'm', 'a', 'z'];
  const listed = await list(unordered(keys), 1, DIRECTORY);
  assert.deepEqual([listed.failure, listed.keys], [null, keys]);
  assert.match(listed.counters.note ?? '', /no order/);
  assert.deepEqual((await list(unordered(keys), 1, { ...DIRECTORY, maxKeys: 7 })).keys, keys.slice(0, 7));
  assert.deepEqual((await list(unordered([]), 1, DIRECTORY)).failure, null);
});

test('a directory bucket whose tokens go in a circle, or that tells of more and not how to get there, ends with a Failure', async () => {
  const bucket = unordered(hexKeys(90));
  for (const [from, to] of [[9, 9], [12, 9], [30, 0], [84, 30]]) {
    const listed = await list((request, nth) => ({ ...bucket(request, nth), ...(request.continuationToken === String(from) && { token: String(to) }) }), 1, DIRECTORY);
    assert.match(listed.failure?.message ?? '', /^page \d+ of the listing: .*token that an earlier page gave/, `${from} to ${to}`);
  }
  const { failure } = await list((request, nth) => ({ ...bucket(request, nth), token: null }), 1, DIRECTORY);
  assert.match(failure?.message ?? '', /^page 1 of the listing: .*no continuation token/);
  assert.match((await list(bucket, 1, { ...DIRECTORY, prefix: 'x' })).failure?.message ?? '', /does not begin with the prefix/);
});

/** Percent-decodes what is left of a start-after, as if it had been encoded twice. */
function decodedTwice(request: PageRequest): string {
  const after = beginning(request);
  return request.startAfter === null ? after : after.replace(/%([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
}

test('a server that ignores start-after is listed by token, each key once, and the scan says so', async () => {
  await fc.assert(
    fc.asyncProperty(keySets, settings, async (keys, { seed, ...changes }) => {
      const deaf = honest(() => keys, {}, (request) => (request.startAfter === null ? beginning(request) : ''));
      const listed = await list(deaf, seed, { ...changes, after: '' });
      assert.equal(listed.failure, null, String(listed.failure));
      assert.deepEqual(sorted(listed.keys), wanted(keys, { ...changes, after: '' }));
    }),
    { numRuns: 50 },
  );
  const { counters } = await list(honest(() => hexKeys(30), {}, (request) => (request.startAfter === null ? beginning(request) : '')), 1);
  assert.equal(counters.mode, 'chain');
  assert.match(counters.note ?? '', /without cutting ranges: .*does not come after "\w+"/);
});

test('a server that decodes start-after twice loses no key: a `%` is tried before it is used', async () => {
  const encoded = Array.from({ length: 90 }, (_, i) => `a%${(32 + i).toString(16).toUpperCase()}b`);
  await fc.assert(
    fc.asyncProperty(fc.oneof(keySets, fc.subarray(encoded)), settings, async (keys, { seed, ...changes }) => {
      const listed = await list(honest(() => keys, {}, decodedTwice), seed, { ...changes, after: '' });
      assert.equal(listed.failure, null, String(listed.failure));
      assert.deepEqual(sorted(listed.keys), wanted(keys, { ...changes, after: '' }));
    }),
    { numRuns: 70 },
  );
  // An honest one is asked once, and then ranges are cut there too.
  const { keys, requests } = await list(honest(() => encoded), 1);
  assert.deepEqual(sorted(keys), sorted(encoded));
  const trials = requests.filter(({ maxKeys }) => maxKeys === 1);
  assert.deepEqual(trials.map(({ startAfter }) => Buffer.from(startAfter!).toString()), ['%7E']);
  assert.ok(requests.some(({ startAfter }) => startAfter?.includes(0x25)));
});

/** Refuses start-after with what XML cannot hold, as S3 does, and gives tokens that skip a key after a start-after that is none, as MinIO of 2025. */
function awkward(all: () => Iterable<string>): Server {
  const bucket = honest(all);
  return (request, nth) => {
    const answer = bucket(request, nth);
    const { startAfter } = request;
    if (startAfter !== null && !isFitForStartAfter(startAfter, true)) throw new Failure('access', `start-after refused: ${JSON.stringify(beginning(request))}`);
    const keys = [...all()];
    if (startAfter === null || keys.includes(beginning(request)) || answer.token === null) return answer;
    const next = sorted(keys).find((key) => compareText(key, answer.keys.at(-1)!) > 0)!;
    return { ...answer, token: `${nth}.${bytes(next).toString('hex')}` };
  };
}

test('a cut before keys that are no start-after is moved above them: listed in parallel, and by no token that may skip one', async () => {
  const unfit = Array.from({ length: 200 }, (_, i) => `${hexKeys(200)[i]!}\u0001`);
  const mixed = hexKeys(200).map((key, i) => (i % 3 === 0 ? key : `${key}\u0001`));
  const folders = ['a', 'b\u001b[31m', 'c', 'c\u0001', 'c\uffff', 'd', '\u0002'].flatMap((folder) => hexKeys(60).map((key) => `${folder}/${key}`));
  for (const keys of [unfit, mixed, folders]) {
    for (let seed = 0; seed < 15; seed++) {
      const listed = await list(awkward(() => keys), seed, { pageSize: 3 + (seed % 5) });
      assert.deepEqual([listed.failure, listed.counters.note, listed.counters.mode], [null, null, 'parallel']);
      assert.deepEqual(sorted(listed.keys), sorted(keys));
      assert.ok(listed.counters.splits > 0);
    }
  }
});

test('keys that are no start-after, wherever it begins: from the beginning, a key of the user, or what an earlier scan left', async () => {
  const awkwardNames = names(['a', 'b', '\u0001', '\u001b', '\uffff', '/', 'é', '%'], 5);
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(awkwardNames, { maxLength: 90 }), fc.array(fc.tuple(fc.oneof(fc.constant(''), awkwardNames), fc.option(awkwardNames)), { maxLength: 4 }), settings, async (keys, ends, { seed, pageSize, concurrency }) => {
      const earlier = ends.map(([after, through]): Interval => ({ after: bytes(after), through: through === null ? null : bytes(through) }));
      const missing = complement(earlier, { after: bytes(''), through: null });
      for (const inFlight of [1, concurrency]) {
        const listed = await list(awkward(() => keys), seed, { pageSize, concurrency: inFlight, missing });
        assert.deepEqual([listed.failure, listed.counters.note], [null, null]);
        assert.deepEqual(sorted(listed.keys), sorted(keys).filter((key) => missing.some((one) => holds(one, key))));
      }
    }),
    { numRuns: 150 },
  );
});

/** A segment `.` or `..`, white space around it aside, or an empty one. */
function hasDots(key: string): boolean {
  if (key.includes('//')) return true;
  // oxlint-disable-next-line no-control-regex -- white space, as MinIO sees it
  return key.split(/[/\\]/).some((segment) => /^[\0- ]*\.{1,2}[\0- ]*$/.test(segment));
}

/** Refuses segments of dots, as MinIO does: in keys, and in a start-after. */
function withoutDots(all: () => Iterable<string>): Server {
  const bucket = awkward(all);
  return (request, nth) => {
    if (request.startAfter !== null && hasDots(beginning(request))) throw new Failure('access', `start-after refused: ${JSON.stringify(beginning(request))}`);
    return bucket(request, nth);
  };
}

test('a server that refuses segments of dots is not asked for one: cut in the middle of a name, or where a key is no start-after', async () => {
  const dotted = names(['a', '.', '..', '/', '\\', ' ', '\u0001', 'é'], 6).filter((key) => !hasDots(key));
  let splits = 0;
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(dotted, { minLength: 20, maxLength: 120 }), fc.array(dotted, { maxLength: 3 }), settings, async (keys, ends, { seed, pageSize, concurrency }) => {
      const missing = complement(ends.map((end) => ({ after: bytes(end), through: bytes(`${end}a`) })), { after: bytes(''), through: null });
      const listed = await list(withoutDots(() => keys), seed, { pageSize, concurrency, missing });
      assert.deepEqual([listed.failure, listed.counters.note], [null, null]);
      assert.deepEqual(sorted(listed.keys), sorted(keys).filter((key) => missing.some((one) => holds(one, key))));
      splits += listed.counters.splits;
    }),
    { numRuns: 150 },
  );
  assert.ok(splits > 150, `${splits} splits`);
});

test('where keys have segments of dots, it is cut there, too', async () => {
  const { counters, failure } = await list(honest(() => hexKeys(600).map((key) => `./${key}`)), 1);
  assert.equal(failure, null);
  assert.ok(counters.splits > 10, `${counters.splits} splits`);
});

test('a server that gives no token is gone on with by the last key: as start-after, or as marker where it knows only version 1', async () => {
  await fc.assert(
    fc.asyncProperty(keySets, settings, fc.boolean(), fc.boolean(), async (keys, { seed, ...changes }, knowsStartAfter, isChain) => {
      const where = (request: PageRequest): string => (knowsStartAfter || request.byMarker === true ? beginning(request) : '');
      const bucket = honest(() => keys, {}, where);
      const listed = await list((request, nth) => ({ ...bucket(request, nth), token: null }), seed, { ...changes, after: '', ...(isChain && { concurrency: 1 }) });
      assert.deepEqual([listed.failure, sorted(listed.keys)], [null, wanted(keys, { ...changes, after: '' })]);
      if (listed.keys.length > changes.pageSize) assert.match(listed.counters.note ?? '', /^listed page after page.* no continuation tokens, as one that knows only version 1/);
    }),
    { numRuns: 80 },
  );
});

test('after a page that cannot be read only what is missing is listed again, in parallel; a page that never can be is named', async () => {
  const keys = hexKeys(300);
  let broken = 0;
  /** Counts `spoil` pages that are no listing, from the 20th request on. */
  const spoiled = (spoil: number) => (listPage: ListPage): ListPage => {
    let nth = 0;
    return async (request, builder) => {
      const info = await listPage(request, builder);
      if (++nth < 20 || broken >= spoil || request.delimiter !== undefined) return info;
      broken++;
      throw new Failure('listing', 'the answer is no whole page of a listing: <html>');
    };
  };
  const plain = await list(honest(() => keys), 1);
  const listed = await list(honest(() => keys), 1, {}, spoiled(1));
  assert.deepEqual([listed.failure, listed.counters.mode, sorted(listed.keys)], [null, 'parallel', sorted(keys)]);
  assert.match(listed.counters.note ?? '', /^what was missing was asked again: a page of the listing \(after "\w+"\): the answer is no whole page/);
  assert.ok(listed.requests.length < plain.requests.length + 50, `${listed.requests.length} requests in place of ${plain.requests.length}`);
  broken = 0;
  const { failure } = await list(honest(() => keys), 1, {}, spoiled(Infinity));
  assert.match(failure?.message ?? '', /^a page of the listing \(after "\w+"\): the answer is no whole page/);
});

/** Spoils what an honest server says, from the nth answer on or that one alone. */
type Lie = (answer: Answer, request: PageRequest, earlier: readonly Answer[]) => Answer;

/** That its keys are not those asked for shows: else nobody could tell. */
function absurd(lie: Answer | undefined, answer: Answer, request: PageRequest): Answer {
  const first = lie?.keys[0];
  return lie !== undefined && first !== undefined && compareText(first, beginning(request)) <= 0 ? lie : answer;
}

const LIES: Readonly<Record<string, Lie>> = {
  'the page before again': (answer, request, earlier) => absurd(earlier.at(-1), answer, request),
  'the first page again': (answer, request, earlier) => absurd(earlier[0], answer, request),
  'out of order': (answer) => ({ ...answer, keys: answer.keys.toReversed() }),
  'a key twice': (answer) => ({ ...answer, keys: answer.keys.flatMap((key) => [key, key]) }),
  'truncated, without a token': (answer) => ({ ...answer, isTruncated: true, token: null }),
  'the same token': (answer) => ({ ...answer, isTruncated: true, token: '0.' }),
  'the token of an earlier page': (answer, _, earlier) => ({ ...answer, token: earlier.find(({ token }) => token !== null)?.token ?? answer.token }),
  'an empty page': (answer) => ({ ...answer, keys: [], isTruncated: true, token: '1.' }),
  'keys from before': (answer) => ({ ...answer, keys: ['!', ...answer.keys.filter((key) => key !== '!')] }),
};

test('servers that lie are told by exit 4 or listed in another way: never fewer keys, a key twice, or no end (R2)', async () => {
  const lies = fc.record({ lie: fc.constantFrom(...Object.keys(LIES)), from: fc.integer({ min: 1, max: 12 }), once: fc.boolean() });
  let told = 0;
  await fc.assert(
    fc.asyncProperty(keySets, settings, lies, async (keys, { seed, ...changes }, { lie, from, once }) => {
      const bucket = honest(() => keys);
      const earlier: Answer[] = [];
      const listed = await list((request, nth) => {
        const answer = nth === from || (nth > from && !once) ? LIES[lie]!(bucket(request, nth), request, earlier) : bucket(request, nth);
        earlier.push(answer);
        return answer;
      }, seed, { ...changes, prefix: '', after: '' });
      assert.equal(new Set(listed.keys).size, listed.keys.length, 'a key was listed twice');
      if (listed.failure === null) assert.deepEqual(sorted(listed.keys.filter((key) => key !== '!' || keys.includes(key))), wanted(keys, { through: changes.through }));
      else {
        told++;
        assert.equal(listed.failure.kind, 'listing', listed.failure.message);
      }
    }),
    { numRuns: 200 },
  );
  assert.ok(told > 10, `${told} told`);
});

test('the proof is one: pages that get lost or doubled on the way end the scan with a Failure (R2)', async (t) => {
  const pages = Reflect.get(ParallelListing.prototype, 'pages') as (this: ParallelListing) => AsyncGenerator<ListedPage>;
  let times = 1;
  t.mock.method(ParallelListing.prototype, 'pages', async function* (this: ParallelListing) {
    let nth = 0;
    for await (const page of pages.call(this)) yield* Array<ListedPage>(++nth === 7 ? times : 1).fill(page);
  });
  assert.equal((await list(honest(() => hexKeys(200)), 1)).failure, null);
  times = 0;
  const { failure } = await list(honest(() => hexKeys(200)), 1);
  assert.match(failure?.message ?? '', /^the listing of s3:\/\/b is not complete: 1 interval of the keyspace missing, the first: keys after "\w+" through "\w+"$/);
  assert.equal(failure?.kind, 'listing');
  times = 2;
  assert.match((await list(honest(() => hexKeys(200)), 1)).failure?.message ?? '', /^keys after "\w+" through "\w+" were listed twice$/);
});

test('what is not about the listing ends it as it is, after the pages that came before', async () => {
  const failure = new Failure('unreachable', 'gone away');
  const listed = await list(honest(() => hexKeys(60)), 1, {}, (listPage) => {
    let nth = 0;
    return (request, builder) => (++nth === 6 ? Promise.reject(failure) : listPage(request, builder));
  });
  assert.equal(listed.failure, failure);
  assert.ok(listed.keys.length > 0);
});

test('the first page names itself, a later one the key that it was asked from', async () => {
  const first = await list(() => ({ keys: ['b', 'a'], isTruncated: false, token: null }), 1);
  assert.match(first.failure?.message ?? '', /^page 1 of the listing: keys are not ascending/);
  assert.deepEqual(first.keys, []);
  const stranger = await list(() => ({ keys: ['b'], isTruncated: false, token: null }), 1, { prefix: 'a' });
  assert.match(stranger.failure?.message ?? '', /^page 1 of the listing: "b" does not begin with the prefix/);
});
