/** Many ranges at once give the same table as one chain of pages, for every layout of the simulation. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { paginateListObjectsV2, PutBucketVersioningCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { LAYOUTS, startSim } from '../../src/sim/sim.ts';
import { writeAwkwardObjects } from '../support/awkward-objects.ts';
import { s3scan, s3scanDone } from '../support/cli.ts';
import { temporaryFolder } from '../support/folder.ts';
import { writeManyObjects } from '../support/many-objects.ts';
import { startMinio, withoutMinio } from '../support/minio.ts';
import { startSimCommand } from '../support/sim.ts';
import { readNdjson } from '../support/tables.ts';

interface Listing {
  readonly pages: number;
  readonly ranges: number;
  readonly api_calls: number;
}

async function listing(metrics: string): Promise<Listing> {
  return (JSON.parse(await readFile(metrics, 'utf8')) as { listing: Listing }).listing;
}

describe('parallel listing', { concurrency: 2 }, () => {
  for (const layout of LAYOUTS) {
    test(layout, async (t) => {
      const sim = await startSim({ objects: 20_000, layout, listLatencyMs: 5 });
      t.after(() => sim.close());
      const target = ['s3://sim-bucket', '--endpoint', sim.endpoint, '--no-sign-request'];
      const folder = await temporaryFolder(t);
      const list = async (concurrency: string): Promise<string[]> => {
        const output = join(folder, `${concurrency}.ndjson`);
        await s3scanDone(['list', ...target, '--list-concurrency', concurrency, '-o', output, '--metrics', `${output}.json`, '--quiet']);
        return (await readFile(output, 'utf8')).trimEnd().split('\n').sort();
      };
      const chain = await list('1');
      assert.equal(chain.length, 20_000);
      assert.deepEqual(await list('16'), chain);
      assert.equal((await listing(join(folder, '1.ndjson.json'))).ranges, 1);
      assert.ok((await listing(join(folder, '16.ndjson.json'))).ranges > 4);
    });
  }

  test('a server that says to slow down is listed whole', async (t) => {
    const sim = await startSimCommand(t, ['--objects', '20000', '--list-error-rate', '0.2']);
    const { stdout } = await s3scanDone(['list', ...sim.target, '--columns', 'key', '--quiet']);
    assert.equal(new Set(stdout.trimEnd().split('\n')).size, 20_000);
  });

  test('MinIO: ranges of awkward keys, three a page, are the table of one chain', { skip: withoutMinio }, async (t) => {
    const minio = await startMinio();
    t.after(() => minio.stop());
    await writeAwkwardObjects(minio.client, 'keys');
    const list = async (...args: string[]): Promise<string[]> => {
      const { stdout } = await s3scanDone(['list', 's3://keys', '--endpoint', minio.endpoint, ...args, '--quiet'], { env: minio.env });
      return stdout.trimEnd().split('\n').sort();
    };
    const chain = await list('--list-concurrency', '1');
    assert.ok(chain.length > 100);
    for (const pageSize of ['1', '3', '10']) assert.deepEqual(await list('--list-concurrency', '16', '--page-size', pageSize), chain, pageSize);
  });

  test('MinIO: names that begin with dots are cut where MinIO takes a start-after', { skip: withoutMinio }, async (t) => {
    const minio = await startMinio();
    t.after(() => minio.stop());
    const parts = ['a', '.', '..', 'é', 'b/'];
    const keys = parts.flatMap((a) => parts.flatMap((b) => parts.flatMap((c) => parts.map((d) => `x/${a}${b}${c}${d}y`)))).filter((key) => !/\/\.{1,2}\//.test(key));
    await writeManyObjects(minio.client, 'dots', keys);
    for (const pageSize of ['1', '3']) {
      const { stdout } = await s3scanDone(['list', 's3://dots', '--endpoint', minio.endpoint, '--list-concurrency', '16', '--page-size', pageSize, '--columns', 'key', '--quiet'], { env: minio.env });
      const listed = readNdjson(stdout).map((row) => String(row['key']));
      assert.deepEqual(listed.sort(), [...new Set(keys)].sort(), pageSize);
    }
  });

  test('MinIO: what sorts right before a folder hides nothing of what is in it and behind (R2)', { skip: withoutMinio }, async (t) => {
    const minio = await startMinio();
    t.after(() => minio.stop());
    const numbers = Array.from({ length: 100 }, (_, i) => String(i).padStart(3, '0'));
    const keys = ['logs-old/', 'logs.', 'logs/a-', 'logs/a/b ', 'logs/a/b/', 'logs/ab', 'logs0', 'logs1'].flatMap((beginning) => numbers.map((number) => beginning + number));
    const all = [...keys, 'logs0', 'logs/a0'].sort();
    await writeManyObjects(minio.client, 'beside', all);
    for (const pageSize of ['1', '9', '70']) {
      for (const args of [['--list-concurrency', '16'], ['--list-concurrency', '2', '--start-after', 'logs/a/b 050'], ['--list-concurrency', '1', '--start-after', 'logs/a/b/050'], ['--versions'], ['--versions', '--list-concurrency', '1', '--engine', 'sdk']]) {
        const { stdout } = await s3scanDone(['list', 's3://beside', '--endpoint', minio.endpoint, ...args, '--page-size', pageSize, '--columns', 'key', '--quiet'], { env: minio.env });
        const listed = readNdjson(stdout).map((row) => String(row['key']));
        const after = args.includes('--start-after') ? args.at(-1)! : '';
        assert.deepEqual(listed.sort(), all.filter((key) => key > after), `${args.join(' ')} ${pageSize}`);
      }
    }
    await minio.client.send(new PutBucketVersioningCommand({ Bucket: 'beside', VersioningConfiguration: { Status: 'Enabled' } }));
    for (let put = 0; put < 25; put++) await minio.client.send(new PutObjectCommand({ Bucket: 'beside', Key: 'logs/a/b/050', Body: 'x' }));
    for (const concurrency of ['1', '16']) {
      const { stdout } = await s3scanDone(['list', 's3://beside', '--endpoint', minio.endpoint, '--versions', '--list-concurrency', concurrency, '--page-size', '9', '--columns', 'key', '--quiet'], { env: minio.env });
      assert.deepEqual([stdout.trimEnd().split('\n').length, stdout.split('"logs/a/b/050"').length - 1], [all.length + 25, 26], concurrency);
    }
  });

  test('MinIO: fifty thousand objects, as ranges and as one chain, are what the paginator of the SDK gives', { skip: withoutMinio }, async (t) => {
    const minio = await startMinio();
    t.after(() => minio.stop());
    const keys = Array.from({ length: 50_000 }, (_, i) => `${['logs/day=', 'images/é-', 'x'][i % 3]}${(i * 7919) % 1_000_003}/part`);
    await writeManyObjects(minio.client, 'many', keys);
    const rows: string[] = [];
    for await (const { Contents = [] } of paginateListObjectsV2({ client: minio.client }, { Bucket: 'many' })) {
      for (const { Key, Size, ETag } of Contents) rows.push(JSON.stringify({ key: Key, size: Size, etag: ETag?.replaceAll('"', '') }));
    }
    assert.ok(rows.length >= keys.length);
    for (const concurrency of ['1', '16', 'auto']) {
      const args = ['list', 's3://many', '--endpoint', minio.endpoint, '--columns', 'key,size,etag', '--list-concurrency', concurrency, '--quiet'];
      const { stdout } = await s3scanDone(args, { env: minio.env });
      assert.deepEqual(stdout.trimEnd().split('\n').sort(), [...rows].sort(), concurrency);
    }
  });

  test('a build that drops one page of the listing ends with exit code 4, and names what is missing (R2)', async (t) => {
    const { target } = await startSimCommand(t, ['--objects', '20000']);
    const parallel = new URL('../../src/listing/parallel.js', import.meta.url).href;
    const spoil = `import { ParallelListing } from ${JSON.stringify(parallel)};
      const { pages } = ParallelListing.prototype;
      ParallelListing.prototype.pages = async function* () {
        let nth = 0;
        for await (const page of pages.call(this)) if (++nth !== 7) yield page;
      };`;
    const env = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(spoil)}` };
    for (const command of ['list', 'head']) {
      const { code, stderr } = await s3scan([command, ...target, '--quiet', '--columns', 'key', '-o', 'out.ndjson'], { env });
      assert.equal(code, 4, stderr);
      assert.match(stderr, /the listing of s3:\/\/sim is not complete: 1 interval of the keyspace missing, the first: keys after /);
    }
  });

  test('auto, said or not, is the same', async (t) => {
    const { target } = await startSimCommand(t, ['--objects', '3000']);
    const { stdout } = await s3scanDone(['list', ...target, '--list-concurrency', 'auto', '--page-size', '80', '--columns', 'key', '--quiet']);
    assert.equal(stdout.trimEnd().split('\n').length, 3000);
    const heads = await s3scanDone(['head', ...target, '--workers', 'auto', '--list-concurrency', 'auto', '--columns', 'key', '--quiet']);
    assert.equal(heads.stdout.trimEnd().split('\n').length, 3000);
  });

  test('what --list-concurrency takes', async () => {
    for (const value of ['0', '-1', '1.5', 'many', '100000']) {
      assert.equal((await s3scan(['list', 's3://b', '--list-concurrency', value])).code, 2, value);
    }
  });
});
