/** Several endpoints of one cluster: one that dies is passed over and comes back, and no row is lost or doubled (R1). */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { MetricsReport } from '../../src/metrics/report.ts';
import { createKeySpace, startSim, startSimProcess, type Sim, type SimOptions } from '../../src/sim/sim.ts';
import { closedPort } from '../http/raw-server.ts';
import { s3scan, s3scanDone } from '../support/cli.ts';
import { temporaryFolder } from '../support/folder.ts';
import { readRows } from '../support/tables.ts';

const KEYS = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' };
const ENV = { AWS_ACCESS_KEY_ID: KEYS.accessKeyId, AWS_SECRET_ACCESS_KEY: KEYS.secretAccessKey };
/** Signatures are checked: each endpoint has a Host of its own. */
const CLUSTER: Partial<SimOptions> = { bucket: 'sim', layout: 'dated', credentials: KEYS };

/** Runs until it is closed, by the test or with it. */
async function node(t: TestContext, options: Partial<SimOptions>, start = startSim): Promise<Sim> {
  const sim = await start({ ...CLUSTER, ...options });
  let closed: Promise<void> | null = null;
  const close = (): Promise<void> => (closed ??= sim.close());
  t.after(close);
  return { ...sim, close };
}

function flagsOf(...endpoints: readonly string[]): string[] {
  return endpoints.flatMap((endpoint) => ['--endpoint', endpoint]);
}

async function deadEndpoint(): Promise<string> {
  return `http://127.0.0.1:${await closedPort()}`;
}

/** Every key once. */
async function checkKeys(path: string, objects: number): Promise<void> {
  const space = createKeySpace('dated', objects, 1);
  const rows = await readRows(path);
  assert.deepEqual([...rows.keys()].sort(), Array.from({ length: objects }, (_, index) => space.keyAt(index)).sort());
  for (const row of rows.values()) if ('status' in row) assert.equal(row['status'], 200);
}

async function metricsOf(output: string): Promise<MetricsReport> {
  return JSON.parse(await readFile(output.replace(/\.\w+$/, '.metrics.json'), 'utf8')) as MetricsReport;
}

test('an endpoint that is killed in the middle of a scan and started again: every row, and the summary tells', async (t) => {
  const objects = 7000;
  const options = { objects, headLatencyMs: 40 };
  const [first, second] = await Promise.all([node(t, options, startSimProcess), node(t, options, startSimProcess)]);
  const output = join(await temporaryFolder(t), 'headers.parquet');
  const restarted = (async (): Promise<Sim> => {
    while (first.stats().heads < 500) await sleep(5);
    await first.close();
    await sleep(700);
    return node(t, { ...options, port: Number(new URL(first.endpoint).port) }, startSimProcess);
  })();
  const { stderr } = await s3scanDone(['head', 's3://sim', ...flagsOf(first.endpoint, second.endpoint), '-o', output], { env: ENV });
  await checkKeys(output, objects);

  const { endpoints, overall } = await metricsOf(output);
  assert.deepEqual([overall.ok, overall.failed], [objects, 0]);
  const [dead, other] = endpoints;
  assert.deepEqual(endpoints.map(({ endpoint, outages }) => [endpoint, outages]), [[first.endpoint, 1], [second.endpoint, 0]]);
  assert.equal(dead!.keys + other!.keys, objects);
  assert.ok(dead!.unanswered > 0 && dead!.out_time > 0 && Date.parse(dead!.back_at!) > Date.parse(dead!.out_at!));
  assert.match(stderr, new RegExp(`${first.endpoint}: .* taken out at \\S+ until \\S+ UTC`));
  const again = await restarted;
  await again.close();
  assert.ok(again.stats().heads > 0, 'it was asked again');
});

test('an endpoint that is dead from the start costs nothing but its tries, for listings and key files alike', async (t) => {
  const [sim, dead] = await Promise.all([node(t, { objects: 1500 }), deadEndpoint()]);
  const folder = await temporaryFolder(t);
  const [listed, headers, again] = ['keys.csv', 'headers.parquet', 'again.parquet'].map((name) => join(folder, name)) as [string, string, string];
  const runs = [['list', 's3://sim', '-o', listed], ['head', 's3://sim', '-o', headers], ['head', '--from', listed, '-o', again]];
  for (const args of runs) {
    const { stderr } = await s3scanDone([...args, ...flagsOf(dead, sim.endpoint), '--retries', '0'], { env: ENV });
    await checkKeys(args.at(-1)!, 1500);
    assert.match(stderr, new RegExp(`${dead}: .*taken out at \\S+ UTC and did not come back`));
  }
  const { endpoints } = await metricsOf(headers);
  assert.deepEqual(endpoints.map(({ keys }) => keys), [0, 1500]);
});

test('a listing goes on at another endpoint where its own dies', async (t) => {
  const objects = 60_000;
  const [first, second] = await Promise.all([node(t, { objects, listLatencyMs: 30 }), node(t, { objects, listLatencyMs: 30 })]);
  const output = join(await temporaryFolder(t), 'keys.parquet');
  const dies = (async (): Promise<void> => {
    while (first.stats().lists < 10) await sleep(2);
    await first.close();
  })();
  await s3scanDone(['list', 's3://sim', ...flagsOf(first.endpoint, second.endpoint), '-o', output], { env: ENV });
  await dies;
  await checkKeys(output, objects);
  assert.ok(second.stats().lists > 1);
});

test('endpoints that are all dead, or not of one cluster, or cannot go together, are a clear end', async (t) => {
  const folder = await temporaryFolder(t);
  const keyFile = join(folder, 'keys.txt');
  await writeFile(keyFile, 'a\nb\n');
  const [sim, other, dead, dead2] = await Promise.all([node(t, { objects: 10 }), node(t, { objects: 10, bucket: 'elsewhere' }), deadEndpoint(), deadEndpoint()]);
  const cases: readonly (readonly [code: number, message: RegExp, args: readonly string[]])[] = [
    [75, new RegExp(`${dead}, ${dead2}: nothing accepts connections`), ['list', 's3://sim', ...flagsOf(dead, dead2)]],
    // Its keys would all be answered with 404.
    [5, new RegExp(`${other.endpoint}: there is no such bucket`), ['head', 's3://sim', '--from', keyFile, ...flagsOf(sim.endpoint, other.endpoint)]],
    [2, /given twice/, ['list', 's3://sim', ...flagsOf(dead, dead)]],
    [2, /--connect-to/, ['list', 's3://sim', ...flagsOf(dead, sim.endpoint), '--connect-to', '127.0.0.1:1']],
    [2, /--engine sdk/, ['head', 's3://sim', ...flagsOf(dead, sim.endpoint), '--engine', 'sdk']],
    [2, /S3 Express/, ['head', 's3://a--use1-az4--x-s3', ...flagsOf('https://one.example.com', 'https://two.example.com')]],
  ];
  for (const [code, message, args] of cases) {
    const result = await s3scan(args, { env: ENV });
    assert.equal(result.code, code, result.stderr);
    assert.match(result.stderr, message);
  }
});
