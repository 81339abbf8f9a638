/**
 * The conformance matrix: one server, filled through the AWS SDK with the objects of `matrix-objects.ts`, and every row
 * that s3scan writes of it, in every format, compared with what the SDK reports for that key. What the server refused
 * or stored under another name is told by its own answers.
 */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  UploadPartCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { s3scanDone, type Environment } from './cli.ts';
import { HEADERS_PREFIX, LOCKED_CLASS, matrixObjects, type MatrixObject } from './matrix-objects.ts';
import { readWithPyarrow, withoutPyarrow } from './pyarrow.ts';
import { headRowsOrStatus, inParallel, listRows } from './sdk-oracle.ts';
import { readRows, readTable, without, type Row, type Rows } from './tables.ts';
import { byVersion, listedVersions, VERSION_HEAD_COLUMNS, versionHeads } from './versions-oracle.ts';

const BUCKET = 'matrix';
/** with object lock, so with versions */
const LOCKED_BUCKET = 'matrix-locked';
const VERSIONED_BUCKET = 'matrix-versions';
const PART_BYTES = 5 * 2 ** 20;
/** What a HEAD's row tells of the request and not of the object. */
const OF_THE_REQUEST = ['shard', 'latency_us', 'request_id', 'attempts'] as const;
export const FORMATS = ['parquet', 'arrow', 'ndjson', 'csv', 'txt'] as const;

type Format = (typeof FORMATS)[number];
type Command = 'list' | 'head';

export interface Endpoint {
  readonly endpoint: string;
  readonly env: Environment;
  readonly client: S3Client;
}

/** Something that s3scan says otherwise than the SDK. */
export interface Difference {
  readonly what: string;
  readonly key: string;
  readonly column: string;
  readonly sdk: unknown;
  readonly s3scan: unknown;
}

/** What became of one object. */
export type Fate =
  /** listed under its key */
  | { readonly kind: 'listed' }
  | { readonly kind: 'refused'; readonly answer: string }
  /** found under another key by its ETag */
  | { readonly kind: 'rewritten'; readonly key: string }
  /** accepted, and neither its key nor its ETag are listed */
  | { readonly kind: 'lost' };

export interface Written {
  readonly object: MatrixObject;
  readonly fate: Fate;
}

export interface MatrixResult {
  readonly server: string;
  readonly written: readonly Written[];
  /** how many versions and delete markers, in a bucket of their own */
  readonly versions: number;
  /** rows compared, over all commands and formats */
  readonly rows: number;
  readonly differences: readonly Difference[];
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, at) => at);
}

/** Sends UTF-8 where the SDK would send latin1: the signature, which is made before, is of the text and so of these bytes. */
function sendRaw(command: PutObjectCommand): void {
  command.middlewareStack.add(
    (next) => (args) => {
      const { headers } = args.request as { headers: Record<string, string> };
      for (const [name, value] of Object.entries(headers)) if (name.startsWith('x-amz-meta-')) headers[name] = Buffer.from(value, 'utf8').toString('latin1');
      return next(args);
    },
    { step: 'deserialize', priority: 'low' },
  );
}

async function putMultipart(client: S3Client, Bucket: string, { key: Key, body, headers }: MatrixObject): Promise<string | undefined> {
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ ...headers, Bucket, Key }));
  const Parts = [];
  for (let start = 0, PartNumber = 1; start < body.length; start += PART_BYTES, PartNumber++) {
    const { ETag } = await client.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body: body.subarray(start, start + PART_BYTES) }));
    Parts.push({ PartNumber, ETag });
  }
  return (await client.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts } }))).ETag;
}

async function put(client: S3Client, Bucket: string, object: MatrixObject): Promise<string | undefined> {
  if (object.multipart) return putMultipart(client, Bucket, object);
  const { key: Key, body: Body, headers, raw } = object;
  const command = new PutObjectCommand({ ...headers, Bucket, Key, Body, ...(raw && { Metadata: { ...raw } }) });
  if (raw) sendRaw(command);
  return (await client.send(command)).ETag;
}

interface Attempt {
  readonly object: MatrixObject;
  /** of what was stored, or null where it was refused */
  readonly etag: string | null;
  /** what a refusal said */
  readonly answer: string;
}

/** Writes every object that the server accepts. */
export async function fillWith(client: S3Client, bucket: string, objects: readonly MatrixObject[]): Promise<Attempt[]> {
  const attempts: Attempt[] = [];
  await inParallel(objects, async (object) => {
    try {
      const etag = await put(client, bucket, object);
      attempts.push({ object, etag: (etag ?? '').replaceAll('"', ''), answer: '' });
    } catch (error) {
      const { name, $metadata } = error as { name: string; $metadata?: { httpStatusCode?: number } };
      // What is no answer of the server is no opinion on the key.
      if ($metadata?.httpStatusCode === undefined) throw error;
      attempts.push({ object, etag: null, answer: `${$metadata.httpStatusCode} ${name}` });
    }
  });
  return attempts;
}

function fateOf({ object, etag, answer }: Attempt, listed: Rows, names: ReadonlyMap<string, string>): Fate {
  if (etag === null) return { kind: 'refused', answer };
  if (listed.get(object.key)?.['etag'] === etag) return { kind: 'listed' };
  const key = names.get(etag);
  return key === undefined ? { kind: 'lost' } : { kind: 'rewritten', key };
}

function word(encoding: string, text: string): Buffer {
  if (encoding.toLowerCase() === 'b') return Buffer.from(text, 'base64');
  return Buffer.from(unescape(text.replaceAll('_', ' ').replaceAll('=', '%')), 'latin1');
}

/** What a value of user metadata means: bytes that are UTF-8 are text, and encoded words (RFC 2047) what they encode. */
function meaning(value: string): string {
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(Buffer.from(value, 'latin1'));
  return text
    .replaceAll(/\?=\s+(?==\?)/g, '?=')
    .replaceAll(/=\?utf-8\?([bq])\?([^?]*)\?=/gi, (_, encoding: string, encoded: string) => word(encoding, encoded).toString('utf8'));
}

/** Cells that differ. Of a row that tells an error, the SDK knows the status only. */
function compare(what: string, actual: Rows, expected: Rows): Difference[] {
  const differences: Difference[] = [];
  for (const key of new Set([...expected.keys(), ...actual.keys()])) {
    const row = actual.get(key);
    const truth = expected.get(key);
    if (row === undefined || truth === undefined) {
      differences.push({ what, key, column: 'key', sdk: truth && 'a row', s3scan: row && 'a row' });
      continue;
    }
    const isError = truth['status'] !== undefined && truth['status'] !== 200;
    for (const column of new Set([...Object.keys(truth), ...(isError ? [] : Object.keys(row))])) {
      const [sdk, told] = [truth[column], row[column]];
      if (JSON.stringify(sdk) !== JSON.stringify(told)) differences.push({ what, key, column, sdk, s3scan: told });
    }
  }
  return differences;
}

function asLines(rows: Rows): Rows {
  return new Map([...rows.keys()].filter((key) => !/[\r\n]/.test(key)).map((key) => [key, { key }]));
}

async function readLines(path: string): Promise<Rows> {
  const lines = (await readFile(path, 'utf8')).split('\n');
  assert.equal(lines.pop(), '', 'the last line does not end');
  assert.equal(new Set(lines).size, lines.length, 'a key twice');
  return new Map(lines.map((key) => [key, { key }]));
}

/** Keys with line ends are no lines of text. */
const NO_LINE_ENDS = ['--exclude', '**\n**', '--exclude', '**\r**'];

export interface Target {
  readonly bucket: string;
  readonly endpoint: string;
  readonly env: Environment;
  readonly formats: readonly Format[];
  /** all keys are asked in Parquet; in the other formats only those with this prefix, since servers are slow and writers know none */
  readonly headPrefix: string;
}

type Truth = Readonly<Record<Command, Rows>>;

/** Runs the command into the format, and compares what it wrote. */
async function pass(command: Command, format: Format, { bucket, endpoint, env, headPrefix }: Target, truth: Truth, folder: string): Promise<Difference[]> {
  const output = join(folder, `${command}.${format}`);
  const prefix = command === 'head' && format !== 'parquet' ? headPrefix : '';
  const expected: Rows = new Map([...truth[command]].filter(([key]) => key.startsWith(prefix)));
  const asked = command === 'head' ? ['--checksums'] : [];
  const args = [command, `s3://${bucket}/${prefix}`, '--endpoint', endpoint, '-o', output, '--quiet', ...asked];
  await s3scanDone([...args, ...(format === 'txt' ? NO_LINE_ENDS : [])], { env });
  const what = `${command}.${format}`;
  if (format === 'txt') return compare(what, await readLines(output), asLines(expected));
  const differences = compare(what, without(await readRows(output), ...OF_THE_REQUEST), expected);
  if (format !== 'parquet' || withoutPyarrow) return differences;
  return [...differences, ...compare(`${what} by pyarrow`, without(await readWithPyarrow(output), ...OF_THE_REQUEST), expected)];
}

interface Compared {
  readonly listed: Rows;
  /** compared with the SDK's, over all commands and formats */
  readonly rows: number;
  readonly differences: readonly Difference[];
}

/** Both commands in every format against what the SDK says of the bucket. */
export async function compareBucket(client: S3Client, target: Target): Promise<Compared> {
  const list = await listRows(client, target.bucket);
  const head = await headRowsOrStatus(client, target.bucket, [...list.keys()], { checksums: true, meaning });
  const truth: Truth = { list, head };
  const folder = await mkdtemp(join(tmpdir(), 's3scan-matrix-'));
  try {
    const differences: Difference[] = [];
    let rows = 0;
    for (const format of target.formats) {
      // Two at a time: the one waits for the server while the other starts.
      const both = await Promise.all((['list', 'head'] as const).map((command) => pass(command, format, target, truth, folder)));
      differences.push(...both.flat());
      rows += list.size + (format === 'parquet' ? head.size : [...head.keys()].filter((key) => key.startsWith(target.headPrefix)).length);
    }
    return { listed: list, rows, differences };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function byName(rows: Rows): Map<string, string> {
  return new Map([...rows].map(([key, row]: [string, Row]) => [String(row['etag']), key]));
}

/** Keys with several versions, keys that are deleted, and some that were there before versions were. */
async function fillVersions(client: S3Client): Promise<void> {
  const target = { Bucket: VERSIONED_BUCKET };
  await client.send(new CreateBucketCommand(target));
  const keys = range(12).map((at) => `${at % 4 === 0 ? 'folder/' : ''}k ${at}+%é`);
  const write = (Key: string, Body: string): Promise<unknown> => client.send(new PutObjectCommand({ ...target, Key, Body }));
  for (const key of keys.slice(0, 3)) await write(key, 'before');
  await client.send(new PutBucketVersioningCommand({ ...target, VersioningConfiguration: { Status: 'Enabled' } }));
  for (const [at, key] of keys.entries()) {
    for (const version of range(1 + (at % 3))) await write(key, 'x'.repeat(version));
    if (at % 5 === 1) await client.send(new DeleteObjectCommand({ ...target, Key: key }));
    if (at === 6) await write(key, 'again');
  }
}

/** `list --versions` and `head --versions` in every format that is a table. */
async function compareVersions({ client, endpoint, env }: Endpoint): Promise<{ readonly versions: number; readonly rows: number; readonly differences: Difference[] }> {
  await fillVersions(client);
  const list = await listedVersions(client, VERSIONED_BUCKET);
  const head = await versionHeads(client, VERSIONED_BUCKET, list);
  const folder = await mkdtemp(join(tmpdir(), 's3scan-matrix-'));
  const differences: Difference[] = [];
  const formats = FORMATS.filter((format) => format !== 'txt');
  try {
    for (const format of formats) {
      await Promise.all(
        (['list', 'head'] as const).map(async (command) => {
          const output = join(folder, `${command}.${format}`);
          const columns = command === 'head' ? ['--columns', VERSION_HEAD_COLUMNS.join(',')] : [];
          await s3scanDone([command, `s3://${VERSIONED_BUCKET}`, '--versions', '--endpoint', endpoint, '-o', output, '--quiet', ...columns], { env });
          differences.push(...compare(`${command}.${format} --versions`, byVersion(await readTable(output)), command === 'list' ? list : head));
        }),
      );
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return { versions: list.size, rows: list.size * 2 * formats.length, differences };
}

/** Fills the server and compares all that s3scan says of it. `fast`: every key is asked in every format. */
export async function runMatrix(server: string, { client, endpoint, env }: Endpoint, fast: boolean): Promise<MatrixResult> {
  const all = matrixObjects();
  const buckets: readonly { bucket: string; formats: readonly Format[]; lock: boolean; objects: MatrixObject[] }[] = [
    { bucket: BUCKET, formats: FORMATS, lock: false, objects: all.filter(({ objectClass }) => objectClass !== LOCKED_CLASS) },
    { bucket: LOCKED_BUCKET, formats: ['parquet'], lock: true, objects: all.filter(({ objectClass }) => objectClass === LOCKED_CLASS) },
  ];
  const written: Written[] = [];
  const differences: Difference[] = [];
  let rows = 0;
  for (const { bucket, formats, lock, objects } of buckets) {
    await client.send(new CreateBucketCommand({ Bucket: bucket, ...(lock && { ObjectLockEnabledForBucket: true }) }));
    const attempts = await fillWith(client, bucket, objects);
    const compared = await compareBucket(client, { bucket, endpoint, env, formats, headPrefix: fast ? '' : HEADERS_PREFIX });
    const names = byName(compared.listed);
    written.push(...attempts.map((attempt) => ({ object: attempt.object, fate: fateOf(attempt, compared.listed, names) })));
    differences.push(...compared.differences);
    rows += compared.rows;
  }
  const versioned = await compareVersions({ client, endpoint, env });
  differences.push(...versioned.differences);
  rows += versioned.rows;
  // Answers came in any order.
  const order = new Map(all.map((object, at) => [object.key, at]));
  written.sort((a, b) => order.get(a.object.key)! - order.get(b.object.key)!);
  return { server, written, versions: versioned.versions, rows, differences };
}
