import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { Failure } from '../../src/failure.ts';
import { Tiling } from '../../src/keyspace/tiling.ts';
import { listChain, type ChainOptions } from '../../src/listing/chain.ts';
import { listObjectsV2 } from '../../src/listing/list-objects-v2.ts';
import type { ListedPage, ListPage, PageRequest } from '../../src/listing/listing.ts';
import { decodeListPage } from '../../src/listing/page-decoder.ts';
import { inOrder, keys, plainObject, renderPage } from './render-page.ts';
import { keysOf, listBuilder } from './table.ts';

const letters = (names: string): string[] => names.split('');
const bytes = (text: string): Buffer => Buffer.from(text);
const text = (key: Uint8Array | null): string | null => (key === null ? null : Buffer.from(key).toString());

function options(changes: { after?: string; through?: string | null; prefix?: string; pageSize?: number; maxKeys?: number } = {}): ChainOptions {
  const { after = '', through = null, prefix = '', pageSize = 3, maxKeys = Infinity } = changes;
  return { range: { after: bytes(after), through: through === null ? null : bytes(through) }, prefix: bytes(prefix), pageSize, maxKeys, builder: listBuilder(), onMarker: () => {} };
}

/** An honest server of these keys: a query in, a page's XML out. Tokens are opaque; every third page is empty. */
function honest(all: readonly string[], emptyPages = false): ListPage {
  let asked = 0;
  return listObjectsV2(async (query) => {
    const parameters = new Map(query.map(([name, value]) => [name, String(Buffer.from(value as string))]));
    const token = parameters.get('continuation-token');
    const after = token === undefined ? (parameters.get('start-after') ?? '') : Buffer.from(token.split('.')[1]!, 'hex').toString();
    const left = all.filter((key) => key.startsWith(parameters.get('prefix') ?? '') && Buffer.compare(bytes(key), bytes(after)) > 0);
    const size = emptyPages && asked++ % 3 === 1 ? 0 : Number(parameters.get('max-keys'));
    const page = left.slice(0, size);
    const next = `${asked}.${bytes(page.at(-1) ?? after).toString('hex')}`;
    return renderPage(page.map(plainObject), { token: left.length > size ? next : null });
  });
}

/** Plays prepared answers in turn, and keeps what was asked. */
function scripted(pages: readonly Buffer[]): { listPage: ListPage; asked: PageRequest[] } {
  const asked: PageRequest[] = [];
  const listPage: ListPage = async (request, builder) => {
    asked.push(request);
    return decodeListPage(pages[asked.length - 1] ?? assert.fail('asked for a page too many'), request.window, builder);
  };
  return { listPage, asked };
}

const idle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const page = (keysOfPage: string, token: string | null = null): Buffer => renderPage(letters(keysOfPage).map(plainObject), { token });

const pageOf = (all: readonly string[], token = 't'): Buffer => renderPage(all.map(plainObject), { token });

async function collect(pages: AsyncIterable<ListedPage>): Promise<{ keys: string[]; intervals: (string | null)[][] }> {
  const listed: { keys: string[]; intervals: (string | null)[][] } = { keys: [], intervals: [] };
  for await (const { rows, interval, lastKey } of pages) {
    const names = keysOf(rows);
    assert.equal(text(lastKey), names.at(-1) ?? null);
    listed.keys.push(...names);
    listed.intervals.push([text(interval.after), text(interval.through)]);
  }
  return listed;
}

/** start-after and continuation token of each request. */
async function positions(changes: Parameters<typeof options>[0], pages: Buffer[]): Promise<(string | null)[][]> {
  const { listPage, asked } = scripted(pages);
  await collect(listChain(listPage, options(changes)));
  return asked.map(({ startAfter, continuationToken }) => [text(startAfter), continuationToken]);
}

async function refused(pages: readonly Buffer[], changes: Parameters<typeof options>[0], message: RegExp): Promise<string[]> {
  const seen: string[] = [];
  await assert.rejects(
    async () => {
      for await (const { rows } of listChain(scripted(pages).listPage, options(changes))) seen.push(...keysOf(rows));
    },
    (error: Failure) => {
      assert.ok(error instanceof Failure && error.kind === 'listing', String(error));
      assert.match(error.message, message);
      return true;
    },
  );
  return seen;
}

test('exactly the keys of the range, prefix and limit, each page with its interval, which tile the range (R1, R2)', async () => {
  const bounds = fc.record({
    after: fc.oneof(fc.constant(''), keys),
    through: fc.option(keys),
    prefix: fc.constantFrom('', '', 'a', 'a/', '%'),
    pageSize: fc.integer({ min: 1, max: 5 }),
    maxKeys: fc.oneof(fc.constant(Infinity), fc.nat({ max: 12 })),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(keys, { maxLength: 25 }), bounds, fc.boolean(), async (unordered, changes, emptyPages) => {
      const all = inOrder(unordered, (key) => key);
      const { range, ...rest } = options(changes);
      const inRange = all.filter(
        (key) =>
          key.startsWith(changes.prefix) && Buffer.compare(bytes(key), range.after) > 0 && (range.through === null || Buffer.compare(bytes(key), range.through) <= 0),
      );
      const wanted = inRange.slice(0, changes.maxKeys);
      const tiling = new Tiling();
      const got: string[] = [];
      for await (const { rows, interval } of listChain(honest(all, emptyPages), { range, ...rest })) {
        assert.ok(tiling.add(interval), 'pages overlap');
        for (const key of keysOf(rows)) {
          assert.ok(Buffer.compare(bytes(key), interval.after) > 0 && (interval.through === null || Buffer.compare(bytes(key), interval.through) <= 0));
          got.push(key);
        }
      }
      assert.deepEqual(got, wanted);
      const missing = tiling.missing(range);
      if (wanted.length === inRange.length && wanted.length < changes.maxKeys) assert.deepEqual(missing, []);
      // whatever is not proven holds all that was not listed, and nothing that was
      assert.ok(missing.length <= 1);
      for (const key of inRange.slice(wanted.length)) assert.ok(Buffer.compare(bytes(key), missing[0]!.after) > 0);
    }),
    { numRuns: 500 },
  );
});

test('intervals end at the last key of each page, the last one where the range ends', async () => {
  assert.deepEqual(await collect(listChain(honest(letters('abcdefg')), options())), {
    keys: letters('abcdefg'),
    intervals: [['', 'c'], ['c', 'f'], ['f', null]],
  });
  assert.deepEqual((await collect(listChain(honest(letters('abcdefg')), options({ after: 'a', through: 'ee' })))).intervals, [['a', 'd'], ['d', 'ee']]);
  assert.deepEqual((await collect(listChain(honest(letters('abcdefg')), options({ maxKeys: 4 })))).intervals, [['', 'c'], ['c', 'd']]);
  assert.deepEqual((await collect(listChain(honest([]), options({ through: 'x' })))).intervals, [['', 'x']]);
  assert.deepEqual((await collect(listChain(honest(letters('abc')), options({ after: 'b', through: 'b' })))).intervals, []);
});

test('no page is asked for that cannot hold a wanted key', async () => {
  for (const changes of [{ through: 'c' }, { through: 'bb' }, { maxKeys: 3 }, { maxKeys: 2 }]) {
    const { listPage, asked } = scripted([page('abc', 't')]);
    await collect(listChain(listPage, options(changes)));
    assert.equal(asked.length, 1);
    assert.equal(asked[0]!.maxKeys, Math.min(3, changes.maxKeys ?? 3));
  }
});

test('from the beginning it goes on by token; from a start-after by the last key, unless that key cannot be one', async () => {
  assert.deepEqual(await positions({}, [page('ab', 't1'), page('cd', 't2'), page('e')]), [[null, null], [null, 't1'], [null, 't2']]);
  // the same token twice is no loop where it is not used
  assert.deepEqual(await positions({ after: 'A' }, [page('ab', 't'), page('cd', 't'), page('', 't'), page('e', 't3'), page('f')]), [['A', null], ['b', null], ['d', null], [null, 't'], ['e', null]]);
  for (const key of ['b\u0001', 'b\uffff']) {
    const spoiled = renderPage([plainObject(key)], { token: 't2' });
    assert.deepEqual(await positions({ after: 'A' }, [page('a', 't1'), spoiled, page('cd')]), [['A', null], ['a', null], [null, 't2']], key);
  }
});

test('a token is not relied on where all that was given is a key that need not exist: it goes on after a key before, or from the beginning', async () => {
  assert.deepEqual(await positions({ after: 'A' }, [pageOf(['a', 'b', 'b\u0001']), page('cd')]), [['A', null], ['b', null]]);
  assert.deepEqual(await positions({ after: 'A' }, [pageOf(['b\u0001']), pageOf(['0', '1', 'b\u0001']), page('cd')]), [['A', null], [null, null], [null, 't']]);
  // S3 would refuse it
  assert.deepEqual(await positions({ after: 'A\u0001' }, [pageOf(['0', 'A', 'A\u0001']), page('cd')]), [[null, null], [null, 't']]);
  // Where it is a `%` that may be mistaken, that is asked about.
  assert.deepEqual(await positions({ after: 'A' }, [pageOf(['b%2B']), pageOf(['a']), page('cd')]), [['A', null], ['%7E', null], ['b%2B', null]]);
  assert.deepEqual(await positions({ after: 'A' }, [pageOf(['b%2B']), page(''), pageOf(['0']), pageOf(['b%2B'], 'u'), page('cd')]), [['A', null], ['%7E', null], [null, null], [null, 't'], [null, 'u']]);
});

test('servers that lie are found out, with the page and the key before it; what was proven has been handed on', async () => {
  assert.deepEqual(await refused([page('abc', 't'), page('cde')], {}, /^page 2 of the listing \(after "c"\): keys are not ascending/), letters('abc'));
  assert.deepEqual(await refused([page('abc', 't'), page('abc', 'u')], {}, /^page 2 .*not ascending: object 1/), letters('abc'));
  assert.deepEqual(await refused([page('abc')], { after: 'a' }, /^page 1 of the listing \(after "a"\): keys are not ascending/), []);
  assert.deepEqual(await refused([page('abc', 't'), page('def', 't')], {}, /^page 2 .*continuation token that an earlier page gave/), letters('abc'));
  assert.deepEqual(await refused([page('abc', 't'), page('', 't')], {}, /^page 2 .*continuation token that an earlier page gave/), letters('abc'));
  assert.deepEqual(await refused([page('', 't'), page('', 'u'), page('', 't')], {}, /^page 3 of the listing: .*continuation token that an earlier page gave/), []);
  const tokenless = (keysOfPage: string): Buffer => Buffer.from(page(keysOfPage, 't').toString().replace(/<NextC.*Token>/, ''));
  assert.deepEqual(await refused([tokenless('')], {}, /^page 1 of the listing: .*no continuation token/), []);
  assert.deepEqual(await refused([tokenless('abc'), tokenless('abc')], {}, /^page 2 of the listing \(after "c"\): keys are not ascending/), letters('abc'));
  assert.deepEqual(await refused([page('abc', ''), page('abc', '')], { after: 'A' }, /^page 2 .*not ascending/), letters('abc'));
  assert.deepEqual(await refused([renderPage([plainObject('b')])], { prefix: 'a' }, /"b" does not begin with the prefix asked for, "a"/), []);
  assert.deepEqual(await refused([renderPage([plainObject('a')], { commonPrefixes: ['d/'] })], {}, /keys under "d\/" are hidden in CommonPrefixes/), []);
  assert.deepEqual(await refused([renderPage([plainObject('\u001b[2J')], { token: 't' }), Buffer.from('<html></html>')], {}, /^page 2 of the listing \(after "\\u\{1b\}\[2J"\): the answer is no whole page/), ['\u001b[2J']);
});

test('a server that gives empty pages for ever is given up on', async () => {
  let pages = 0;
  const nothing = { objects: 0, count: 0, firstKey: null, lastKey: null, skippedKey: null, sample: [], sampleStride: 1, isTruncated: true, commonPrefixes: [] };
  const endless: ListPage = async () => ({ ...nothing, nextContinuationToken: `t${pages++}` });
  await assert.rejects(collect(listChain(endless, options())), /1000 truncated pages in a row without a key/);
});

test('more keys than asked for are cut to the limit', async () => {
  assert.deepEqual(await collect(listChain(scripted([page('abcdef')]).listPage, options({ maxKeys: 2 }))), { keys: ['a', 'b'], intervals: [['', 'b']] });
});

test('one page is asked for ahead of the consumer, and no more (R5)', async () => {
  let asked = 0;
  const server = honest(letters('abcdefghij'));
  const chain = listChain((request, builder) => (asked++, server(request, builder)), options());
  await idle();
  assert.equal(asked, 0, 'nothing is asked before anyone wants it');
  for (const expected of [2, 3, 4, 4]) {
    await chain.next();
    await idle();
    assert.equal(asked, expected);
  }
  assert.equal((await chain.next()).done, true);
});

test('a page that fails ahead of time is told after the one before it, or not at all to who has left', async () => {
  const failure = new Failure('access', 'credentials expired');
  const failing = (): ListPage => {
    const server = honest(letters('abcdef'));
    let asked = 0;
    return (request, builder) => (asked++ === 0 ? server(request, builder) : Promise.reject(failure));
  };
  const chain = listChain(failing(), options());
  const first = await chain.next();
  assert.deepEqual(keysOf((first.value as ListedPage).rows), letters('abc'));
  // An unhandled rejection would fail this test's process.
  await idle();
  await assert.rejects(chain.next(), failure);
  for await (const _ of listChain(failing(), options())) break;
  await idle();
});
