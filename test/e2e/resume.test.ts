/** A directory output: interrupted in every way, gone on with, and the same in the end (R1, R2, R8). */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { appendFile, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { compareKeys } from '../../src/keyspace/interval.ts';
import { createKeySpace, startSim, type Sim } from '../../src/sim/sim.ts';
import { s3scan, s3scanDone, startS3scan } from '../support/cli.ts';
import { temporaryFolder } from '../support/folder.ts';
import { committedRows, partsOf, readParts } from '../support/parts.ts';
import { reconnectsOf } from '../support/reconnects.ts';

const OBJECTS = 6_000;
const PARTS = ['--part-rows', '1000', '--shards', '8', '--progress', 'never'];

async function simOf(t: TestContext, options: Parameters<typeof startSim>[0] = {}): Promise<Sim> {
  const sim = await startSim({ bucket: 'sim', objects: OBJECTS, layout: 'dated', ...options });
  t.after(() => sim.close());
  return sim;
}

function target(sim: Sim): string[] {
  return ['s3://sim', '--endpoint', sim.endpoint, '--no-sign-request'];
}

async function seen(sim: Sim, count: number): Promise<void> {
  while (sim.stats().heads < count) await sleep(5);
}

/** Every key of the simulation, once. */
function assertAllKeys(rows: ReadonlyMap<string, unknown>, objects = OBJECTS): void {
  const { keyAt } = createKeySpace('dated', objects, 1);
  const missing = Array.from({ length: objects }, (_, index) => keyAt(index)).filter((key) => !rows.has(key));
  assert.deepEqual([missing.length, rows.size], [0, objects], `missing: ${missing.slice(0, 3).join(', ')}`);
}

/** Kills a run when a part is committed, and goes on to the end. Resolves to the rows there were in between. */
async function killedAndResumed(args: readonly string[], out: string): Promise<number> {
  const { child, ended } = await startS3scan([...args, ...PARTS.slice(0, 2), '-o', `${out}/`]);
  while ((await committedRows(out)) === 0) await sleep(5);
  child.kill('SIGKILL');
  assert.equal((await ended).code, null);
  const rows = await committedRows(out);
  await s3scanDone([...args, ...PARTS.slice(0, 2), '--resume', '-o', `${out}/`]);
  return rows;
}

describe('resume', { concurrency: 2 }, () => {
  for (const [signal, code] of [['SIGINT', 130], ['SIGTERM', 143], ['SIGHUP', 129]] as const) {
    test(`${signal} publishes the part under way${signal === 'SIGINT' ? ', and --resume asks only what is missing' : ''}`, async (t) => {
      const slow = await simOf(t, { headLatencyMs: 40 });
      const out = join(await temporaryFolder(t), 'out');
      const { child, ended } = await startS3scan(['head', ...target(slow), ...PARTS, '-o', `${out}/`]);
      await seen(slow, 2400);
      child.kill(signal);
      const result = await ended;
      assert.equal(result.code, code, result.stderr);
      assert.match(result.stderr, /^go on +with the same command and --resume$/m);
      assert.deepEqual((await readdir(out)).sort(), ['_journal.ndjson', 'data', 'metrics.json']);
      const rows = await readParts(out);
      assert.equal(await committedRows(out), rows.size);
      assert.ok(rows.size > 0 && rows.size < OBJECTS, `${rows.size} rows`);

      if (signal !== 'SIGINT') return;
      // At another address, with other speed: that may change.
      const other = await simOf(t);
      const resumed = await s3scanDone(['head', ...target(other), '--part-rows', '5000', '--concurrency', '40', '--resume', '-o', out]);
      assert.match(resumed.stderr, /^parts +6,000 rows in \d+, [\d,]+ in \d+ of them from before$/m);
      assertAllKeys(await readParts(out));
      const { heads } = other.stats();
      assert.equal(heads, OBJECTS - rows.size + (await reconnectsOf(join(out, 'metrics.json'))));
      assert.deepEqual((await readdir(out)).sort(), ['_SUCCESS', '_journal.ndjson', 'data', 'manifest.json', 'metrics.json']);

      // Finished: nothing is asked.
      const again = await s3scanDone(['head', ...target(other), '--resume', '-o', out]);
      assert.match(again.stderr, /complete already: nothing was asked/);
      assert.equal(other.stats().heads, heads);
    });
  }

  test('a second signal stops at once: committed parts are whole, and nothing else is there', async (t) => {
    const sim = await simOf(t, { headLatencyMs: 60_000 });
    const out = join(await temporaryFolder(t), 'out');
    const { child, ended } = await startS3scan(['head', ...target(sim), '--timeout', '100', '-o', `${out}/`]);
    while (sim.stats().connections < 80) await sleep(5);
    child.kill('SIGHUP');
    await once(child.stderr!, 'data');
    child.kill('SIGHUP');
    const result = await ended;
    assert.equal(result.code, 129, result.stderr);
    assert.deepEqual(await readdir(join(out, 'data')), []);
    assert.deepEqual((await readdir(out)).sort(), ['_journal.ndjson', 'data']);
  });

  test('head --from a key file: killed and gone on with, filtered or not; another file is refused', async (t) => {
    const sim = await simOf(t, { headLatencyMs: 20 });
    const folder = await temporaryFolder(t);
    const file = join(folder, 'keys.csv');
    const { keyAt } = createKeySpace('dated', OBJECTS, 1);
    const lines = Array.from({ length: OBJECTS }, (_, index) => `${keyAt(index)},${index}\n`);
    await writeFile(file, `key,size\n${lines.join('')}`);
    const connect = target(sim).slice(1);

    const out = join(folder, 'out');
    const killed = await killedAndResumed(['head', 's3://sim', '--from', file, '--min-size', '100', ...connect], out);
    assert.ok(killed > 0 && killed < OBJECTS, `${killed} rows`);
    const rows = await readParts(out);
    assert.equal(rows.size, OBJECTS - 100);
    assert.ok(!rows.has(keyAt(0)) && rows.has(keyAt(100)));

    await rm(join(out, '_SUCCESS'));
    await appendFile(file, 'one more,5\n');
    const changed = await s3scan(['head', 's3://sim', '--from', file, '--min-size', '100', ...connect, '--resume', '-o', out]);
    assert.equal(changed.code, 2);
    assert.match(changed.stderr, /another --from: .*sha256/);
  });

  test('list: killed and gone on with, in order where --sorted asks for it', async (t) => {
    const sim = await simOf(t, { listLatencyMs: 25, pageSize: 100 });
    for (const sorted of [[], ['--sorted']]) {
      const out = join(await temporaryFolder(t), 'out');
      const args = ['list', ...target(sim), '--list-concurrency', '2', '--format', 'ndjson', ...sorted];
      const before = await killedAndResumed(args, out);
      assert.ok(before < OBJECTS, `${before} rows`);
      const rows = await readParts(out);
      assertAllKeys(rows);
      if (sorted.length > 0) {
        const keys = [...rows.keys()].map((key) => Buffer.from(key));
        assert.deepEqual(keys.toSorted(compareKeys), keys);
        // What was in the midst could only come behind the rest.
        await rm(join(out, '_SUCCESS'));
        await rm(join(out, 'data', 'part-00001.ndjson'));
        const damaged = await s3scan([...args, '--resume', '-o', out]);
        assert.equal(damaged.code, 2, damaged.stderr);
        assert.match(damaged.stderr, /part-00001\.ndjson is missing or damaged.*in order/);
      }
    }
  });

  test('what is left out by filters is not listed again', async (t) => {
    const sim = await simOf(t, { listLatencyMs: 20 });
    const out = join(await temporaryFolder(t), 'out');
    // Nothing matches behind a tenth of the bucket.
    const args = ['head', ...target(sim), ...PARTS, '--list-concurrency', '1', '--end-at', 'year=2025/month=12', '--exclude', 'year=2025/month=1*/**'];
    await s3scanDone([...args, '-o', `${out}/`]);
    const { keysListed } = sim.stats();
    const { rows } = JSON.parse(await readFile(join(out, 'manifest.json'), 'utf8')) as { rows: number };
    assert.ok(rows > 0 && rows < keysListed);
    await rm(join(out, '_SUCCESS'));
    await s3scanDone([...args, '--resume', '-o', `${out}/`]);
    assert.equal(sim.stats().keysListed, keysListed, 'nothing was missing');
    assert.equal((await readParts(out)).size, rows);
  });

  test('rows that failed in an earlier run count in the exit code of the last', async (t) => {
    const sim = await simOf(t, { objects: 2000, errorRate: 0.05 });
    const out = join(await temporaryFolder(t), 'out');
    const first = await s3scan(['head', ...target(sim), ...PARTS, '--retries', '0', '-o', `${out}/`]);
    assert.equal(first.code, 3, first.stderr);
    await rm(join(out, '_SUCCESS'));
    const second = await s3scan(['head', ...target(sim), '--resume', '-o', `${out}/`]);
    assert.equal(second.code, 3, second.stderr);
  });

  test('an empty bucket is a directory with one part of no rows', async (t) => {
    const sim = await simOf(t, { objects: 0 });
    const out = join(await temporaryFolder(t), 'out');
    await s3scanDone(['head', ...target(sim), '-o', `${out}/`]);
    assert.deepEqual(await partsOf(out), ['part-00000.parquet']);
    assert.equal((await readParts(out)).size, 0);
    await stat(join(out, '_SUCCESS'));
  });

  test('--resume refuses what differs, by its name, and changes nothing', async (t) => {
    const sim = await simOf(t, { objects: 3000 });
    const out = join(await temporaryFolder(t), 'out');
    const base = ['head', ...target(sim), '--prefix', 'year=2025', '--newer-than', '2020-01-01'];
    await s3scanDone([...base, '-o', `${out}/`]);
    await rm(join(out, '_SUCCESS'));
    const { heads } = sim.stats();
    const journal = await readFile(join(out, '_journal.ndjson'), 'utf8');
    const cases: [string[], RegExp][] = [
      [['head', 's3://other', ...base.slice(2)], /another bucket: "sim", and is now "other"/],
      [['list', ...base.slice(1)], /another --checksums|another command: "head", and is now "list"/],
      [[...base, '--checksums'], /another --checksums/],
      [[...base, '--columns', 'key'], /another --columns/],
      [[...base, '--format', 'csv'], /another --format: "parquet", and is now "csv"/],
      [[...base, '--start-after', 'year=2025/month=04'], /another --start-after: "", and is now "year=2025\/month=04"/],
      [[...base, '--include', 'year=2025/**'], /another --/],
      [[...base.slice(0, -1), '7d'], /another --newer-than: "2020-01-01T00:00:00.000Z"/],
      [[...base, '--max-keys', '10'], /another --max-keys: not given, and is now 10/],
    ];
    for (const [args, says] of cases) {
      const result = await s3scan([...args, '--resume', '-o', out]);
      assert.equal(result.code, 2, result.stderr);
      assert.match(result.stderr, says);
    }
    assert.equal(sim.stats().heads, heads);
    assert.equal(await readFile(join(out, '_journal.ndjson'), 'utf8'), journal);
    const aws = await s3scan(['head', 's3://sim', '--no-sign-request', '--prefix', 'year=2025', '--newer-than', '2020-01-01', '--resume', '-o', out]);
    assert.match(aws.stderr, /another endpoint: "other", and is now "AWS"/);
  });

  test('what cannot be gone on with is said', async (t) => {
    const sim = await simOf(t, { objects: 3000 });
    const folder = await temporaryFolder(t);
    const cases: [string[], string, RegExp][] = [
      [['head', ...target(sim), '--max-keys', '2000'], '', /--resume: which keys are the first ones of --max-keys/],
      [['head', ...target(sim), '--from', '-'], 'a\nb\n', /--resume: standard input is not there a second time/],
    ];
    for (const [at, [args, stdin, says]] of cases.entries()) {
      const out = join(folder, String(at));
      assert.ok([0, 3].includes((await s3scan([...args, '-o', `${out}/`], { stdin })).code!));
      await rm(join(out, '_SUCCESS'));
      const result = await s3scan([...args, '--resume', '-o', `${out}/`], { stdin });
      assert.equal(result.code, 2, result.stderr);
      assert.match(result.stderr, says);
    }
    for (const [args, says] of [
      [['-o', join(folder, 'a.parquet'), '--resume'], /--resume is about an output in parts/],
      [['--part-rows', '1000'], /--part-rows is about an output in parts/],
      [['-o', `${folder}/both/`, '--resume', '--overwrite'], /leave one of them out/],
    ] as const) {
      const result = await s3scan(['list', ...target(sim), ...args]);
      assert.equal(result.code, 2);
      assert.match(result.stderr, says);
    }
  });

  test('--private: nobody else can read what is written', async (t) => {
    const sim = await simOf(t, { objects: 1000 });
    const folder = await temporaryFolder(t);
    await s3scanDone(['list', ...target(sim), '--private', '-o', join(folder, 'keys.csv')]);
    await s3scanDone(['list', ...target(sim), '--private', '-o', join(folder, 'out/')]);
    const modeOf = async (name: string): Promise<number> => (await stat(join(folder, name))).mode & 0o777;
    for (const name of ['keys.csv', 'keys.metrics.json', 'out/data/part-00000.parquet', 'out/metrics.json', 'out/manifest.json', 'out/_journal.ndjson', 'out/_SUCCESS']) {
      assert.equal(await modeOf(name), 0o600, name);
    }
    assert.deepEqual([await modeOf('out'), await modeOf('out/data')], [0o700, 0o700]);
  });
});
