import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { Failure } from '../../src/failure.ts';
import { compareEnds, compareKeys, EVERYTHING, type Interval } from '../../src/keyspace/interval.ts';
import { complement } from '../../src/keyspace/tiling.ts';
import { droppedLine, entryLine, headerLine, readJournal, type JournalEntry, type JournalHeader, type Unit } from '../../src/output/journal.ts';
import { recordEnd } from '../../src/queue/place.ts';

const SHA = '0'.repeat(64);

function header(unit: Unit = 'keys'): JournalHeader {
  return { s3scan: '1.2.3', command: 'head', unit, asked: { bucket: 'b', '--prefix': 'p/', '--max-keys': null } };
}

function entry(number: number, covers: readonly Interval[], rows = 1): JournalEntry {
  return { part: { file: `part-${String(number).padStart(5, '0')}.parquet`, rows, failed: 0, bytes: 10, sha256: SHA }, covers };
}

function between(after: string, through: string | null): Interval {
  return { after: Buffer.from(after), through: through === null ? null : Buffer.from(through) };
}

/** As plain arrays, which are compared by value. */
function plain(covers: readonly Interval[]): unknown[] {
  return covers.map(({ after, through }) => [[...after], through && [...through]]);
}

function holds(interval: Interval, key: Uint8Array): boolean {
  return compareKeys(interval.after, key) < 0 && compareEnds(interval.through, key) >= 0;
}

/** Any bytes, UTF-8 or not: what a journal holds comes back as it was (R3). */
const anyKey = fc.oneof(
  fc.uint8Array({ minLength: 1, maxLength: 12 }),
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 }).map((text) => Buffer.from(text)),
  fc.constantFrom('"', '\\', '\n', '\u0000', '\u2028', '/', 'a\r\nb', '__proto__', '\ufeff').map((text) => Buffer.from(text)),
);

/** The keyspace cut at some keys. */
const tiles = fc.uniqueArray(anyKey, { minLength: 1, maxLength: 30, selector: (key) => Buffer.from(key).toString('hex') }).map((cuts): Interval[] => {
  const ends = cuts.toSorted(compareKeys);
  return [...ends, null].map((through, at) => ({ after: at === 0 ? new Uint8Array(0) : ends[at - 1]!, through }));
});

test('what is written is read, keys of any bytes among it', () => {
  fc.assert(
    fc.property(tiles, fc.integer({ min: 1, max: 5 }), (intervals, each) => {
      const entries: JournalEntry[] = [];
      for (let at = 0; at < intervals.length; at += each) {
        const covers = intervals.slice(at, at + each);
        entries.push(at % 2 === 0 ? entry(at, covers) : { part: null, covers });
      }
      const text = headerLine(header()) + entries.map((each_) => entryLine(each_, 'keys')).join('');
      const read = readJournal(Buffer.from(text));
      assert.deepEqual(read.header, header());
      assert.deepEqual(read.entries.map(({ part, covers }) => [part, plain(covers)]), entries.map(({ part, covers }) => [part, plain(covers)]));
      assert.equal(read.bytes, Buffer.byteLength(text));
      assert.equal(read.nextPart, Math.max(-1, ...entries.flatMap(({ part }) => (part === null ? [] : [Number(part.file.slice(5, 10))]))) + 1);
    }),
  );
});

test('record numbers come back exactly, up to the greatest', () => {
  const covers = [[0, 1], [2, 4096], [2 ** 40, Number.MAX_SAFE_INTEGER]].map(([after, through]) => ({ after: recordEnd(after!), through: recordEnd(through!) }));
  const read = readJournal(Buffer.from(headerLine(header('records')) + entryLine(entry(0, covers), 'records')));
  assert.deepEqual(plain(read.entries[0]!.covers), plain(covers));
});

test('SIGKILL anywhere: of a journal cut at any byte, what is committed and what is left to do are each key once (R1)', () => {
  fc.assert(
    fc.property(tiles, fc.infiniteStream(fc.nat(6)), fc.nat(), fc.uniqueArray(anyKey, { maxLength: 30, selector: (key) => Buffer.from(key).toString('hex') }), (intervals, dice, cutAt, keys) => {
      // Intervals come to parts in any order, and some have no rows.
      const parts: Interval[][] = [[], [], [], [], []];
      const without: Interval[] = [];
      for (const interval of intervals) {
        const group = dice.next().value;
        if (group < parts.length) parts[group]!.push(interval);
        else if (group === parts.length) without.push(interval);
      }
      const lines = [headerLine(header()), ...parts.map((covers, number) => entryLine(entry(number, covers), 'keys')), entryLine({ part: null, covers: without }, 'keys'), droppedLine('part-00002.parquet'), entryLine(entry(5, parts[2]!), 'keys')];
      const journal = Buffer.from(lines.join(''));
      const read = readJournal(journal.subarray(0, cutAt % (journal.length + 1)));
      const committed = read.entries.flatMap(({ covers }) => covers);
      const left = complement(committed, EVERYTHING);
      for (const key of keys) assert.equal([...committed, ...left].filter((interval) => holds(interval, key)).length, 1);
      // What is cut off is cut off at a line.
      assert.ok(read.bytes === 0 || journal[read.bytes - 1] === 0x0a);
      assert.deepEqual(plain(readJournal(journal.subarray(0, read.bytes)).entries.flatMap(({ covers }) => covers)), plain(committed));
    }),
  );
});

test('a torn last line is none, and a torn first line is no journal', () => {
  const whole = headerLine(header()) + entryLine(entry(0, [between('', 'a')]), 'keys');
  const torn = Buffer.concat([Buffer.from(`${whole}{"part":"part-00001.par`), Buffer.alloc(100)]);
  assert.deepEqual(readJournal(torn), readJournal(Buffer.from(whole)));
  assert.equal(readJournal(Buffer.from(headerLine(header()).slice(0, -1))).header, null);
  assert.deepEqual(readJournal(Buffer.alloc(0)), { header: null, entries: [], nextPart: 0, bytes: 0 });
});

test('what is not as it was written is refused, with its line', () => {
  const first = headerLine(header());
  const good = entryLine(entry(0, [between('', 'm')]), 'keys');
  const changed = (change: object): string => `${JSON.stringify({ ...(JSON.parse(entryLine(entry(7, [between('m', null)]), 'keys')) as object), ...change })}\n`;
  const cases: [string, RegExp][] = [
    [`${first}{}\n`, /line 2 .*"keys" is no list/],
    [`${first}${good}not json\n`, /line 3 .*no JSON/],
    [`${first}\n${good}`, /line 2 .*no JSON/],
    [`${first}[]\n`, /line 2 .*no JSON object/],
    [`${first}null\n`, /line 2 .*no JSON object/],
    [`{"journal":2}\n`, /line 1 .*version 2.*version 1/],
    [good, /line 1 .*"journal"/],
    [`{"journal":1,"s3scan":"1","command":"head","unit":"pages","asked":{}}\n`, /line 1 .*neither keys nor records/],
    [`{"journal":1,"s3scan":"1","command":"head","unit":"keys","asked":[]}\n`, /line 1 .*"asked"/],
    [first + changed({ part: '../../../etc/passwd' }), /line 2 .*no name of a part/],
    [first + changed({ part: 'part-00001.parquet/../../x' }), /line 2 .*no name of a part/],
    [first + changed({ part: 'part-00001.parquet\n' }), /line 2 .*no name of a part/],
    [first + changed({ part: ['part-00001.parquet'] }), /line 2 .*"part" is no text/],
    [first + changed({ rows: -1 }), /line 2 .*"rows"/],
    [first + changed({ bytes: 1e300 }), /line 2 .*"bytes"/],
    [first + changed({ sha256: 'x' }), /line 2 .*digest/],
    [first + changed({ keys: [['b', 'a']] }), /line 2 .*ends before/],
    [first + changed({ keys: [['a', 'a']] }), /line 2 .*ends before/],
    [first + changed({ keys: [['a']] }), /line 2 .*two ends/],
    [first + changed({ keys: [[1, 2]] }), /line 2 .*no key/],
    [first + changed({ keys: [[null, 'a']] }), /line 2 .*no key/],
    [headerLine(header('records')) + changed({ records: [[0, null]] }), /line 2 .*no record number/],
    [headerLine(header('records')) + changed({ records: [[0, 1.5]] }), /line 2 .*no record number/],
    [first + good + entryLine(entry(1, [between('c', 'd')]), 'keys'), /line 3 .*earlier line covers/],
    [first + good + entryLine({ part: null, covers: [between('l', null)] }, 'keys'), /line 3 .*earlier line covers/],
    [first + entryLine(entry(1, [between('', 'a')]), 'keys') + entryLine(entry(1, [between('a', 'b')]), 'keys'), /line 3 .*named before/],
    [first + droppedLine('part-00000.parquet'), /line 2 .*names no part/],
    [`${first}{"part":"\u{d800}"}\n`, /line 2/],
  ];
  for (const [text, says] of cases) {
    assert.throws(() => readJournal(Buffer.from(text)), (error) => error instanceof Failure && error.kind === 'usage' && says.test(error.message) && error.hint !== null, text);
  }
  assert.throws(() => readJournal(Buffer.concat([Buffer.from(first), Buffer.from([0xff, 0x0a])])), /line 2 .*UTF-8/);
});

test('a part that was dropped leaves its place to another', () => {
  const lines = [headerLine(header()), entryLine(entry(0, [between('', 'm')]), 'keys'), droppedLine('part-00000.parquet'), entryLine(entry(1, [between('a', null)]), 'keys')];
  const { entries, nextPart } = readJournal(Buffer.from(lines.join('')));
  assert.deepEqual([entries.map(({ part }) => part!.file), nextPart], [['part-00001.parquet'], 2]);
});

test('whatever is read: a journal, or a refusal that says where', () => {
  const good = Buffer.from(headerLine(header()) + entryLine(entry(0, [between('', 'm'), between('n', 'o')]), 'keys') + entryLine(entry(1, [between('o', null)]), 'keys'));
  const damaged = fc.tuple(fc.array(fc.tuple(fc.nat(good.length - 1), fc.integer({ min: 0, max: 255 })), { maxLength: 4 })).map(([changes]) => {
    const bytes = Buffer.from(good);
    for (const [at, byte] of changes) bytes[at] = byte;
    return bytes;
  });
  const jsonLines = fc.array(fc.json(), { maxLength: 4 }).map((lines) => Buffer.from(headerLine(header()) + lines.map((line) => `${line}\n`).join('')));
  fc.assert(
    fc.property(fc.oneof(damaged, jsonLines, fc.uint8Array({ maxLength: 60 })), (bytes) => {
      try {
        const { entries, bytes: whole } = readJournal(bytes);
        assert.ok(whole <= bytes.length);
        const intervals = entries.flatMap(({ covers }) => covers);
        const left = complement(intervals, EVERYTHING);
        assert.deepEqual(complement([...intervals, ...left], EVERYTHING), []);
      } catch (error) {
        assert.ok(error instanceof Failure && /^line \d+ of the journal: /.test(error.message), String(error));
      }
    }),
    { numRuns: 500 },
  );
});
