import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { ListedPage } from '../../src/listing/listing.ts';
import { sortedPages } from '../../src/scan/sorted-pages.ts';
import { keysOf, listBuilder } from '../listing/table.ts';
import { temporaryFolder } from '../support/folder.ts';

const START = new Uint8Array(0);

function page(after: Uint8Array, keys: readonly string[], through: Uint8Array | null): ListedPage {
  const builder = listBuilder();
  for (const key of keys) {
    builder.utf8('key')!.setText(builder.rows, key);
    builder.endRow();
  }
  return { interval: { after, through }, rows: builder.take(), lastKey: keys.length === 0 ? null : Buffer.from(keys.at(-1)!) };
}

/** The keyspace as pages of these sizes; the last ends where the keyspace ends. */
function pagesOf(sizes: readonly number[]): { pages: ListedPage[]; keys: string[] } {
  const keys: string[] = [];
  let after: Uint8Array = START;
  const pages = sizes.map((size, at) => {
    const mine = Array.from({ length: size }, (_, n) => `${String(at).padStart(3, '0')}/${n}é`);
    keys.push(...mine);
    const through = at === sizes.length - 1 ? null : Buffer.from(`${String(at).padStart(3, '0')}/~`);
    const made = page(after, mine, through);
    after = through ?? after;
    return made;
  });
  return { pages, keys };
}

async function* given(pages: readonly ListedPage[]): AsyncGenerator<ListedPage> {
  for (const each of pages) {
    await Promise.resolve();
    yield each;
  }
}

async function sortedKeys(pages: AsyncIterable<ListedPage>, folder: string, memoryBytes?: number): Promise<string[]> {
  const keys: string[] = [];
  for await (const { rows } of sortedPages(pages, { after: START, folder, ...(memoryBytes !== undefined && { memoryBytes }) })) keys.push(...keysOf(rows));
  return keys;
}

test('pages in any order come out in that of their keys, from memory and from disk, and nothing is left behind', async (t) => {
  const folder = await temporaryFolder(t);
  const shuffled = fc.array(fc.nat(3), { minLength: 1, maxLength: 30 }).chain((sizes) => {
    const order = [...sizes.keys()];
    return fc.tuple(fc.constant(sizes), fc.shuffledSubarray(order, { minLength: order.length, maxLength: order.length }));
  });
  await fc.assert(
    // No page fits; a few do; all do.
    fc.asyncProperty(shuffled, fc.constantFrom(0, 200_000, 2 ** 30), async ([sizes, order], memoryBytes) => {
      const { pages, keys } = pagesOf(sizes);
      assert.deepEqual(await sortedKeys(given(order.map((at) => pages[at]!)), folder, memoryBytes), keys);
    }),
    { numRuns: 60 },
  );
  assert.deepEqual(await readdir(folder), []);
});

test('pages that come in order pass at once, and need no folder', async () => {
  const { pages } = pagesOf([2, 2, 2]);
  const asked: number[] = [];
  async function* source(): AsyncGenerator<ListedPage> {
    for (const [at, each] of pages.entries()) {
      await Promise.resolve();
      asked.push(at);
      yield each;
    }
  }
  let seen = 0;
  for await (const each of sortedPages(source(), { after: START, folder: join(tmpdir(), 'not-there'), memoryBytes: 0 })) {
    assert.deepEqual(keysOf(each.rows), keysOf(pages[seen]!.rows));
    assert.equal(asked.length, ++seen);
  }
});

test('an interval without keys does not stand in the way of the page that begins there', async (t) => {
  const folder = await temporaryFolder(t);
  const { pages, keys } = pagesOf([2, 2, 2]);
  const cut = pages[1]!.interval.after;
  const order = [page(cut, [], cut), pages[2]!, pages[1]!, page(cut, [], cut), pages[0]!];
  assert.deepEqual(await sortedKeys(given(order), folder), keys);
});

test('pages with a gap before them still come, in order: whether the listing is whole is for others to say', async (t) => {
  const folder = await temporaryFolder(t);
  const { pages } = pagesOf([1, 1, 1, 1]);
  const keys = await sortedKeys(given([pages[3]!, pages[1]!]), folder);
  assert.deepEqual(keys, ['001/0é', '003/0é']);
});

test('when the listing fails, or nobody wants more, what came out is all up to some key', async (t) => {
  const folder = await temporaryFolder(t);
  const { pages, keys } = pagesOf([2, 2, 2, 2]);
  async function* failing(): AsyncGenerator<ListedPage> {
    yield* given([pages[3]!, pages[1]!, pages[0]!]);
    throw new Error('unreachable');
  }
  const seen: string[] = [];
  const sorted = async (): Promise<void> => {
    for await (const { rows } of sortedPages(failing(), { after: START, folder, memoryBytes: 0 })) seen.push(...keysOf(rows));
  };
  await assert.rejects(sorted(), /unreachable/);
  assert.deepEqual(seen, keys.slice(0, 4));
  for await (const _ of sortedPages(given([pages[1]!, pages[0]!]), { after: START, folder, memoryBytes: 0 })) break;
  assert.deepEqual(await readdir(folder), []);
});
