/**
 * How much faster rows come from a listing that carries headers than from HEADs: MinIO on one core, filled with objects
 * that have metadata, `head --via head` and `head --via list` in turns, and their rows compared.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { DuckDBInstance } from '@duckdb/node-api';
import { Pool } from 'undici';
import type { MetricsReport } from '../src/metrics/report.ts';
import { EMPTY_SHA256, Signer } from '../src/s3/sigv4.ts';
import { MINIO } from '../test/support/minio.ts';
import { CREDENTIALS, startServer } from '../test/support/server.ts';
import { BUCKET, IN_FLIGHT, S3SCAN } from './head-command.ts';
import { measure, median, SERVER_CORE, type Usage } from './measured-command.ts';
import { temporaryFolder } from './owned.ts';
import { finishRun, shownCommand } from './run-report.ts';

const { values: flags } = parseArgs({
  options: {
    objects: { type: 'string', default: '100000' },
    repeats: { type: 'string', default: '2' },
    'no-keep': { type: 'boolean', default: false },
  },
});
const objects = Number(flags.objects);
const repeats = Number(flags.repeats);
const COLUMNS = 'key,status,content_length,content_type,cache_control,content_encoding,etag,last_modified,storage_class,metadata';
const WRITERS = 32;
const MICRO = 1e6;

const folder = temporaryFolder();
const { path, args } = MINIO;
if (path === null) throw new Error(MINIO.howToInstall);
// taskset becomes the server: its process id is the server's.
const server = await startServer({ ...MINIO, path: 'taskset', args: (...where) => ['-c', SERVER_CORE, path, ...args(...where)] });

/** Empty objects, with two entries of metadata each, as fast as the server takes them. */
async function fill(): Promise<void> {
  await server.client.send(new CreateBucketCommand({ Bucket: BUCKET }));
  const { host } = new URL(server.endpoint);
  const kinds = ['train', 'val', 'test'].map((split) => {
    const signedHeaders = [['host', host], ['x-amz-meta-label', `label of ${split}`], ['x-amz-meta-split', split], ['x-amz-content-sha256', EMPTY_SHA256]] as const;
    return { signedHeaders, signer: new Signer({ credentials: CREDENTIALS, region: 'us-east-1', signedHeaders }) };
  });
  const pool = new Pool(server.endpoint, { connections: WRITERS });
  let next = 0;
  const writer = async (): Promise<void> => {
    while (next < objects) {
      const object = next++;
      const { signedHeaders, signer } = kinds[object % kinds.length]!;
      const target = `/${BUCKET}/images/${String(object % 100).padStart(2, '0')}/${String(object).padStart(8, '0')}.jpg`;
      const date = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '');
      const headers = [...signedHeaders.flat(), 'content-type', 'image/jpeg', 'x-amz-date', date, 'authorization', signer.authorization('PUT', target, '', date)];
      const { statusCode, body } = await pool.request({ method: 'PUT', path: target, headers });
      if (statusCode !== 200) throw new Error(await body.text());
      await body.dump();
    }
  };
  await Promise.all(Array.from({ length: WRITERS }, writer));
  await pool.close();
}

interface Sample {
  readonly usage: Usage;
  readonly rowsPerSecond: number;
}

type Via = 'head' | 'list' | 'list, page after page';

/** MinIO keeps a walk of its folders for a chain of pages, and begins one for each range. */
const RUNS: ReadonlyMap<Via, readonly string[]> = new Map([
  ['head', ['--via', 'head']],
  ['list', ['--via', 'list']],
  ['list, page after page', ['--via', 'list', '--list-concurrency', '1']],
]);
const VIAS = [...RUNS.keys()];

const outputOf = (via: Via): string => join(folder, `${VIAS.indexOf(via)}.parquet`);

function commandOf(via: Via): string[] {
  const telling = ['--metrics', join(folder, 'metrics.json'), '--quiet'];
  const asked = ['head', `s3://${BUCKET}`, '--endpoint', server.endpoint, ...RUNS.get(via)!, '--concurrency', String(IN_FLIGHT), '--columns', COLUMNS];
  return [...S3SCAN, ...asked, '-o', outputOf(via), '--overwrite', ...telling];
}

async function sampleOf(via: Via): Promise<Sample> {
  const usage = await measure(commandOf(via), { folder, environment: { ...process.env, ...server.env, AWS_REGION: 'us-east-1' } });
  const { overall, listing } = JSON.parse(readFileSync(join(folder, 'metrics.json'), 'utf8')) as MetricsReport;
  if (overall.ok !== objects || overall.told !== (via === 'head' ? 0 : objects)) throw new Error(`${overall.ok} rows, ${overall.told} of them from the listing`);
  const times = [overall, listing!].flatMap(({ start_time: start, end_time: end }) => [Date.parse(start!), Date.parse(end!)]);
  return { usage, rowsPerSecond: (objects * 1000) / (Math.max(...times) - Math.min(...times)) };
}

/** With metadata in the order of its names. */
function rowsOf(via: Via): string {
  return `SELECT * REPLACE (list_sort(map_entries(metadata))::VARCHAR AS metadata) FROM '${outputOf(via)}'`;
}

function countExcept(via: Via, other: Via): string {
  return `SELECT count(*) FROM (${rowsOf(via)} EXCEPT ALL ${rowsOf(other)})`;
}

/** Rows of the one that are not in the other, either way. */
async function differingRows(): Promise<number> {
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  const reader = await connection.runAndReadAll(`SELECT ${VIAS.slice(1).map((via) => `(${countExcept('head', via)}) + (${countExcept(via, 'head')})`).join(' + ')}`);
  return Number(reader.getRows()[0]![0]);
}

const samples = new Map<Via, Sample[]>(VIAS.map((via) => [via, []]));
let differing = 0;
try {
  console.error(`filling: ${objects} objects`);
  await fill();
  for (let repeat = 1; repeat <= repeats; repeat++) {
    for (const via of VIAS) {
      console.error(`${repeat} of ${repeats}: --via ${via}`);
      samples.get(via)!.push(await sampleOf(via));
    }
  }
  differing = await differingRows();
} finally {
  await server.stop();
}

const rate = (via: Via): number => median(samples.get(via)!.map(({ rowsPerSecond }) => rowsPerSecond));

finishRun(
  {
    name: 'via',
    parameters: { objects, repeats, inFlight: IN_FLIGHT },
    notes: [
      'MinIO over one folder on core 1, the client on core 0; turns, and medians',
      'rows/s from the first request to the last answer, the listing included; CPU of the whole client, start-up included',
      `empty objects with a content type and two entries of metadata; columns ${COLUMNS}`,
    ],
    tables: [
      {
        title: 'Rows of head, by the requests that tell them',
        columns: ['--via', 'rows/s', 'from', 'to', 'client CPU µs a row'],
        rows: VIAS.map((via) => {
          const rates = samples.get(via)!.map(({ rowsPerSecond }) => rowsPerSecond);
          return [via, Math.round(rate(via)), Math.round(Math.min(...rates)), Math.round(Math.max(...rates)), median(samples.get(via)!.map(({ usage }) => (usage.cpuSeconds * MICRO) / objects))];
        }),
      },
    ],
    goals: [
      { what: 'rows from the listing, page after page, of the rate of HEADs', value: rate('list, page after page') / rate('head'), bound: 'at least', limit: 5, unit: '×' },
      { what: 'rows that differ', value: differing, bound: 'at most', limit: 0, unit: 'rows' },
    ],
    commands: VIAS.map((via) => shownCommand(commandOf(via), folder)),
  },
  !flags['no-keep'],
);
