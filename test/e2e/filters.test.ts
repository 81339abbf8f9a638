/**
 * Slices and filters through the built command: which rows are there is compared with all rows, looked at one by one
 * here; that nothing else was asked for, with what the endpoint counted.
 */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { startSim, type Sim } from '../../src/sim/sim.ts';
import { s3scan, s3scanDone } from '../support/cli.ts';
import { temporaryFolder } from '../support/folder.ts';
import { reconnectsOf } from '../support/reconnects.ts';
import { readNdjson, type Row } from '../support/tables.ts';

const OBJECTS = 3_000;

function keyOf(row: Row): string {
  return String(row['key']);
}

function size(row: Row): number {
  return Number(row['size']);
}

function modified(row: Row): string {
  return String(row['last_modified']);
}

function keysOf(rows: readonly Row[]): string[] {
  return rows.map(keyOf);
}

describe('slices and filters', { concurrency: 2 }, () => {
  let sim: Sim;
  let all: readonly Row[];
  let target: readonly string[];

  const rows = async (command: 'list' | 'head', ...args: readonly string[]): Promise<Row[]> => {
    const { stdout } = await s3scanDone([command, ...target, '--quiet', ...args]);
    return readNdjson(stdout);
  };
  const wanted = (test_: (row: Row) => boolean): string[] => keysOf(all.filter(test_)).sort();

  before(async () => {
    sim = await startSim({ bucket: 'sim', objects: OBJECTS, layout: 'dated' });
    target = ['s3://sim', '--endpoint', sim.endpoint, '--no-sign-request'];
    all = await rows('list', '--sorted');
    assert.equal(all.length, OBJECTS);
  });
  after(() => sim.close());

  /** How `list` is asked, and which rows it then has. ASCII keys: JavaScript's order is that of the bytes. */
  const cases = (): readonly (readonly [args: readonly string[], test: (row: Row) => boolean])[] => {
    return [
      [['--prefix', 'year=2025/month=02/'], (row) => keyOf(row).startsWith('year=2025/month=02/')],
      [['--start-after', keyOf(all[99]!)], (row) => keyOf(row) > keyOf(all[99]!)],
      [['--end-at', keyOf(all[99]!)], (row) => keyOf(row) <= keyOf(all[99]!)],
      [['--end-at', `${keyOf(all[99]!)}\u0001`, '--start-after', keyOf(all[9]!)], (row) => keyOf(row) <= keyOf(all[99]!) && keyOf(row) > keyOf(all[9]!)],
      [['--max-keys', '1234', '--page-size', '100'], (row) => keyOf(row) <= keyOf(all[1233]!)],
      [['--max-keys', '1234', '--min-size', '1KiB'], (row) => keyOf(row) <= keyOf(all[1233]!) && size(row) >= 1024],
      [['--include', '**/hour=1?/*'], (row) => keyOf(row).includes('/hour=1')],
      [['--include', 'year=2025/month={01,03}/**', '--exclude', '**/hour=?[13579]/*'], (row) => /^year=2025\/month=0[13]/.test(keyOf(row)) && !/hour=.[13579]/.test(keyOf(row))],
      [['--min-size', '1MB', '--max-size', '1GiB'], (row) => size(row) >= 1e6 && size(row) <= 2 ** 30],
      [['--newer-than', '2025-01-01', '--older-than', '2026-01-01T00:00Z'], (row) => modified(row) >= '2025-01-01' && modified(row) < '2026-01-01'],
      [['--storage-class', 'GLACIER', '--storage-class', 'STANDARD_IA'], (row) => row['storage_class'] === 'GLACIER' || row['storage_class'] === 'STANDARD_IA'],
    ];
  };

  for (const at of Array.from({ length: 11 }).keys()) {
    test(`case ${at}: list has the rows that one would choose`, async (t) => {
      const [args, wants] = cases()[at]!;
      t.diagnostic(args.join(' '));
      const expected = wanted(wants);
      assert.ok(expected.length > 0 && expected.length < OBJECTS, `${expected.length} rows`);
      assert.deepEqual(keysOf(await rows('list', ...args)).sort(), expected);
    });
  }

  test('columns that only a condition needs are not written', async () => {
    const few = await rows('list', '--min-size', '1MB', '--storage-class', 'GLACIER', '--columns', 'etag');
    assert.equal(few.length, wanted((row) => size(row) >= 1e6 && row['storage_class'] === 'GLACIER').length);
    assert.deepEqual([...new Set(few.flatMap(Object.keys))], ['etag']);
  });

  test('head asks for what is left and nothing else, and says how much was left out', async (t) => {
    const folder = await temporaryFolder(t);
    const metrics = join(folder, 'metrics.json');
    const before_ = sim.stats().heads;
    const conditions = ['--min-size', '1MB', '--storage-class', 'GLACIER', '--exclude', '**/hour=2*/**', '--newer-than', '2025-01-01'];
    const { stdout, stderr } = await s3scanDone(['head', ...target, ...conditions, '--metrics', metrics]);
    const expected = wanted((row) => size(row) >= 1e6 && row['storage_class'] === 'GLACIER' && !keyOf(row).includes('/hour=2') && modified(row) >= '2025-01-01');
    assert.ok(expected.length > 5);
    const found = readNdjson(stdout);
    assert.deepEqual(keysOf(found).sort(), expected);
    assert.deepEqual(found.filter((row) => row['drift'] !== undefined), [], 'what was listed is still compared (R4)');
    assert.equal(sim.stats().heads - before_, expected.length);
    const left = OBJECTS - expected.length;
    assert.match(stderr, new RegExp(`^filters +left out ${left.toLocaleString('en')} of 3,000 keys · ${expected.length} asked$`, 'm'));
    const report = JSON.parse(await readFile(metrics, 'utf8')) as { overall: { keys: number; filtered: number }; listing: { keys: number } };
    assert.deepEqual([report.overall.keys, report.overall.filtered, report.listing.keys], [expected.length, left, OBJECTS]);
  });

  test('a sample is the same one in every run and command, and a smaller one is part of it', async () => {
    const listed = keysOf(await rows('list', '--sample', '0.1', '--list-concurrency', '1'));
    assert.ok(listed.length > 200 && listed.length < 400, `${listed.length} of ${OBJECTS}`);
    assert.deepEqual(keysOf(await rows('head', '--sample', '0.1')).sort(), listed.toSorted());
    const smaller = keysOf(await rows('list', '--sample', '0.02'));
    assert.ok(smaller.length > 0 && smaller.every((key) => listed.includes(key)));
  });

  test('a beginning that all globs share is all that is listed', async (t) => {
    const metrics = join(await temporaryFolder(t), 'metrics.json');
    const found = await rows('list', '--include', 'year=2025/month=01/day=01/**', '--include', 'year=2025/month=01/day=02/**', '--metrics', metrics);
    const { listing } = JSON.parse(await readFile(metrics, 'utf8')) as { listing: { keys: number } };
    const shared = wanted((row) => keyOf(row).startsWith('year=2025/month=01/day=0'));
    assert.equal(listing.keys, shared.length);
    assert.deepEqual(keysOf(found).sort(), wanted((row) => /day=0[12]/.test(keyOf(row)) && keyOf(row).startsWith('year=2025/month=01/')));
  });

  test('head --from: conditions on what the table tells', async (t) => {
    const folder = await temporaryFolder(t);
    const [table, metrics] = [join(folder, 'keys.parquet'), join(folder, 'metrics.json')];
    await s3scanDone(['list', ...target, '-o', table, '--quiet']);
    const before_ = sim.stats().heads;
    const found = await rows('head', '--from', table, '--metrics', metrics, '--max-size', '1KB', '--storage-class', 'STANDARD', '--include', '**/hour=0*/**');
    const expected = wanted((row) => size(row) <= 1000 && row['storage_class'] === 'STANDARD' && keyOf(row).includes('/hour=0'));
    assert.ok(expected.length > 5);
    assert.deepEqual(keysOf(found).sort(), expected);
    assert.equal(sim.stats().heads - before_, expected.length + (await reconnectsOf(metrics)));
  });

  test('nothing left is no error: no rows, and exit code 0', async () => {
    assert.deepEqual(await rows('head', '--min-size', '8PB'), []);
    assert.deepEqual(await rows('list', '--exclude', '**', '--sorted'), []);
  });
});

describe('slices and filters that cannot be', { concurrency: 2 }, () => {
  const nowhere = ['--endpoint', 'http://127.0.0.1:1', '--no-sign-request'];
  const refused: readonly (readonly [args: readonly string[], says: RegExp])[] = [
    [['list', 's3://bucket/a/', '--prefix', 'a/'], /URL names a prefix, and so does --prefix/],
    [['list', 's3://bucket', '--start-after', 'b', '--end-at', 'b'], /--end-at does not come after --start-after/],
    // As bytes U+FFFF comes first; as JavaScript's strings it would not.
    [['list', 's3://bucket', '--start-after', '\u{10000}', '--end-at', '\uffff'], /--end-at does not come after/],
    [['list', 's3://bucket/b/', '--include', 'a/*'], /no key under the prefix "b\/" can match --include/],
    [['list', 's3://bucket', '--include', 'a[b'], /--include.*has a \[ that is not closed/],
    [['list', 's3://bucket', '--min-size', '5M'], /--min-size.*5MB/],
    [['list', 's3://bucket', '--min-size', '2', '--max-size', '1'], /no object has at least 2 and at most 1 bytes/],
    [['list', 's3://bucket', '--newer-than', '2026-02-30'], /--newer-than.*date such as/],
    [['list', 's3://bucket', '--newer-than', '1d', '--older-than', '2d'], /nothing was modified after .* and before/],
    [['list', 's3://bucket', '--sample', '0'], /--sample.*from 0\.000001 to 1/],
    [['head', 's3://bucket', '--sorted'], /unknown option '--sorted'/],
    [['head', 's3://bucket', '--from', '-', '--end-at', 'x'], /--end-at is about a listing/],
    [['head', 's3://bucket', '--from', '-', '--min-size', '1'], /standard input has no "size", which --min-size and --max-size ask for/],
  ];
  for (const [args, says] of refused) {
    test(args.join(' '), async () => {
      const { code, stdout, stderr } = await s3scan([...args, ...nowhere], { stdin: 'key\n' });
      assert.equal(code, 2, stderr);
      assert.equal(stdout, '');
      assert.match(stderr.split('\n')[0]!, says);
      assert.doesNotMatch(stderr, /^\s+at /m);
    });
  }
});
