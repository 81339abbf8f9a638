/** Runs the range decisions in virtual time over a simulated keyspace: thousands of pages a second, no socket. */
import { Ranges, type PageNews } from '../../src/listing/ranges.ts';
import { createKeySpace } from '../../src/sim/key-space.ts';
import type { Layout } from '../../src/sim/sim.ts';

export interface VirtualResult {
  readonly calls: number;
  /** in units of one request's latency */
  readonly time: number;
  readonly keys: number;
  readonly busy: number;
  /** what was thought to be left when half was listed, as a share of what was */
  readonly estimate: number;
  readonly trace: number[];
}

export function virtualScan(layout: Layout, count: number, inFlight: number, latency: () => number = () => 1, verbose = false): VirtualResult {
  const space = createKeySpace(layout, count, 1);
  const bytes = (index: number): Uint8Array => Buffer.from(space.keyAt(index), 'latin1');
  const ranges = new Ranges([{ after: new Uint8Array(0), through: null }], new Uint8Array(0));
  ranges.percentIsSafe = true;
  let now = 0;
  let calls = 0;
  let keys = 0;
  let empties = 0;
  let estimate: number | null = null;
  const trace: number[] = [];
  const events: { at: number; run: () => void }[] = [];
  /** Names of a folder, as one LIST with a delimiter gives them. */
  const namesIn = (prefix: string): Uint8Array[] => {
    const names: string[] = [];
    for (let i = space.indexAfter(prefix); i < count && names.length < 1000; ) {
      const key = space.keyAt(i);
      if (!key.startsWith(prefix)) break;
      const slash = key.indexOf('/', prefix.length);
      const name = key.slice(0, slash + 1);
      if (slash >= 0) names.push(name);
      // '0' is the character after '/'
      i = slash < 0 ? i + 1 : space.indexAfter(`${name.slice(0, -1)}0`);
      if (slash >= 0 && i > 0 && i < count && space.keyAt(i).startsWith(name)) break;
    }
    return names.map((name) => Buffer.from(name, 'latin1'));
  };
  const send = (): void => {
    for (const { range, after } of ranges.next(inFlight)) {
      calls++;
      const from = space.indexAfter(Buffer.from(after).toString('latin1'));
      events.push({
        at: now + latency(),
        run: () => {
          const through = ranges.through(range);
          const end = through === null ? count : space.indexAfter(Buffer.from(through).toString('latin1'));
          const to = Math.min(from + 1000, end);
          const size = to - from;
          if (size === 0) empties++;
          keys += size;
          const sample: Uint8Array[] = [];
          const step = Math.max(1, Math.floor(size / 16));
          for (let i = from; i < to; i += step) sample.push(bytes(i));
          if (size > 0) sample.push(bytes(to - 1));
          const page: PageNews = { count: size, firstKey: size > 0 ? bytes(from) : null, lastKey: size > 0 ? bytes(to - 1) : null, sample, isLast: to === end };
          ranges.finish(range, page);
          if (calls === 1 && to < end) {
            calls++;
            ranges.awaitNames();
            events.push({ at: now + latency(), run: () => ranges.learnNames(namesIn('')) });
          }
        },
      });
    }
    events.sort((a, b) => b.at - a.at);
  };
  send();
  while (events.length > 0) {
    const at = events.at(-1)!.at;
    now = at;
    trace.push(events.length);
    while (events.length > 0 && events.at(-1)!.at === at) events.pop()!.run();
    send();
    if (estimate === null && keys >= count / 2 && keys < count) estimate = (ranges.keysLeft() ?? 0) / (count - keys);
  }
  if (verbose) console.log(layout, 'empties', empties, 'splits', ranges.splits, trace.join(' '));
  return { calls, time: now, keys, busy: 0, estimate: estimate ?? 0, trace };
}
