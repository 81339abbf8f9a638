/**
 * Listed pages in the order of their keys, for `list --sorted`. A page is sorted in itself, and no other page has keys
 * in its interval, so that no key need be looked at: a page may go on once all that lies before it has.
 *
 * Pages that come early wait: in memory up to a bound, beyond it in a file, of which only the places are kept (R5).
 * Where pages come in order, as from one chain, none waits.
 */
import { compareEnds, compareKeys, type Interval } from '../keyspace/interval.ts';
import type { ListedPage } from '../listing/listing.ts';
import { bytesOf, type RecordBatchData } from '../records/record-batch.ts';
import { SpillFile, type SpilledPage } from './spilled-pages.ts';

const MEMORY_BYTES = 64 * 2 ** 20;

export interface SortOptions {
  /** where the listing begins, exclusive */
  readonly after: Uint8Array;
  /** for the file, if there is to be one */
  readonly folder: string;
  /** of pages waiting in memory */
  readonly memoryBytes?: number;
}

interface Waiting extends Interval {
  readonly lastKey: Uint8Array | null;
  readonly rows: RecordBatchData | SpilledPage;
}

function isSpilled(rows: RecordBatchData | SpilledPage): rows is SpilledPage {
  return 'headerBytes' in rows;
}

/** Bytes as a key of a Map. */
function mapKey(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}

class WaitingPages {
  private readonly options: SortOptions;
  /** by where they begin */
  private readonly pages = new Map<string, Waiting>();
  private bytesInMemory = 0;
  private file: SpillFile | null = null;

  constructor(options: SortOptions) {
    this.options = options;
  }

  async add({ interval, rows, lastKey }: ListedPage): Promise<void> {
    const { after, through } = interval;
    const bytes = bytesOf(rows);
    const fits = this.bytesInMemory + bytes <= (this.options.memoryBytes ?? MEMORY_BYTES);
    if (fits) this.bytesInMemory += bytes;
    else this.file ??= await SpillFile.open(this.options.folder);
    this.pages.set(mapKey(after), { after, through, lastKey, rows: fits ? rows : await this.file!.write(rows) });
  }

  /** The page that begins there, or null. */
  async take(after: Uint8Array): Promise<ListedPage | null> {
    const name = mapKey(after);
    const page = this.pages.get(name);
    if (page === undefined) return null;
    this.pages.delete(name);
    const { through, lastKey } = page;
    if (isSpilled(page.rows)) return { interval: { after, through }, lastKey, rows: await this.file!.read(page.rows) };
    this.bytesInMemory -= bytesOf(page.rows);
    return { interval: { after, through }, lastKey, rows: page.rows };
  }

  /** Where those that are left begin, ascending. */
  begins(): Uint8Array[] {
    return [...this.pages.values()].map(({ after }) => after).sort(compareKeys);
  }

  async close(): Promise<void> {
    await this.file?.close();
  }
}

/** The pages in order. What was given out when the source fails, or the consumer leaves, is all up to some key. */
export async function* sortedPages(pages: AsyncIterable<ListedPage>, options: SortOptions): AsyncGenerator<ListedPage> {
  const waiting = new WaitingPages(options);
  /** all up to here is given out */
  let through: Uint8Array | null = options.after;
  try {
    for await (const page of pages) {
      // An empty interval: it holds no key, and would stand in the way of the page that begins there.
      if (compareEnds(page.interval.through, page.interval.after) <= 0) continue;
      let next: ListedPage | null = page;
      if (through === null || compareKeys(page.interval.after, through) !== 0) {
        await waiting.add(page);
        next = null;
      }
      for (; next !== null; next = through === null ? null : await waiting.take(through)) {
        yield next;
        through = next.interval.through;
      }
    }
    // None, where the listing is whole and begins where it was said to.
    for (const after of waiting.begins()) yield (await waiting.take(after))!;
  } finally {
    await waiting.close();
  }
}
