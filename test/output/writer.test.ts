import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { gunzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { Failure } from '../../src/failure.ts';
import { formatOf } from '../../src/output/format.ts';
import type { PublishedPart } from '../../src/output/part.ts';
import { Writer, type WriterListener, type WriterOptions } from '../../src/output/writer.ts';
import { RecordSender } from '../../src/records/channel.ts';
import { readArrow, readCsv, readParquet } from './readers.ts';
import { batchesOf, options, PLAIN, rowWithoutMarks, SCHEMA, temporaryFolder, type Row } from './rows.ts';

function target(path: string, changes: Partial<WriterOptions> = {}): WriterOptions {
  const format = changes.format === undefined ? formatOf(path, null, null) : {};
  return { ...options('ndjson'), ...format, path, overwrite: false, private: false, loadsEarly: true, parts: null, ...changes };
}

interface Heard extends WriterListener {
  readonly keyBatches: number[];
  rows: number;
  readonly failures: Failure[];
  readonly parts: PublishedPart[];
}

function listener(): Heard {
  return {
    keyBatches: [],
    rows: 0,
    failures: [],
    parts: [],
    onWritten(rows, keyBatches) {
      this.rows += rows;
      this.keyBatches.push(...keyBatches);
    },
    onPart(part) {
      this.parts.push(part);
    },
    onClosed() {},
    onFailure(failure) {
      this.failures.push(failure);
    },
  };
}

/** Sends a batch each time there is credit for one; resolves when all are sent. */
async function send(writer: Writer, rows: readonly Row[], firstId = 0): Promise<RecordSender> {
  const batches = batchesOf(rows, 50);
  let credit!: () => void;
  let waiting = new Promise<void>((resolve) => (credit = resolve));
  const sender = new RecordSender(writer.port(), () => {
    credit();
    waiting = new Promise((resolve) => (credit = resolve));
  });
  for (const [index, batch] of batches.entries()) {
    while (!sender.ready) await waiting;
    sender.send(batch, [firstId + index * 2, firstId + index * 2 + 1]);
  }
  return sender;
}

const READERS: Record<string, (path: string) => Promise<(string | null)[]>> = {
  'a.parquet': async (path) => (await readParquet(path)).map(({ key }) => key),
  'a.arrow': async (path) => readArrow(await readFile(path)).rows.map(({ key }) => key),
  'a.csv': async (path) => readCsv(await readFile(path)).map(({ key }) => key!),
  'a.txt': async (path) => (await readFile(path, 'utf8')).split('\n').slice(0, -1),
  'a.ndjson': async (path) =>
    (await readFile(path, 'utf8')).split('\n').slice(0, -1).map((line) => (JSON.parse(line) as Row).key),
  'a.jsonl.gz': async (path) =>
    gunzipSync(await readFile(path)).toString().split('\n').slice(0, -1).map((line) => (JSON.parse(line) as Row).key),
};

function position(key: string | null): number {
  return Number(key!.slice('key/'.length));
}

function ids(from: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => from + index);
}

for (const [name, keysIn] of Object.entries(READERS)) {
  test(`${name}: every row of two producers once, in each one's order, and the file whole at once (R1, R8)`, async (context) => {
    const folder = await temporaryFolder(context);
    const path = join(folder, name);
    const heard = listener();
    const writer = await Writer.start(target(path), heard);
    const rows = fc.sample(rowWithoutMarks, 500).map((row, index): Row => ({ ...row, key: `key/${index}` }));
    const [first, second] = await Promise.all([send(writer, rows.slice(0, 260)), send(writer, rows.slice(260), 1000)]);
    assert.deepEqual(await readdir(folder), [`${name}.partial`]);
    const result = await writer.finish(first.sent + second.sent);
    first.close();
    second.close();

    assert.deepEqual(await readdir(folder), [name]);
    assert.deepEqual(result, { path, rows: 500, bytes: (await readFile(path)).length });
    assert.equal(writer.written, 500);
    assert.equal(heard.rows, 500);
    const keys = await keysIn(path);
    assert.deepEqual(keys.map(position).toSorted((a, b) => a - b), rows.map((_, index) => index));
    for (const own of [keys.filter((key) => position(key) < 260), keys.filter((key) => position(key) >= 260)]) {
      assert.deepEqual(own, own.toSorted((a, b) => position(a) - position(b)));
    }
    assert.deepEqual(heard.keyBatches.toSorted((a, b) => a - b), [...ids(0, first.sent * 2), ...ids(1000, second.sent * 2)]);
  });
}

for (const [name, keysIn] of Object.entries(READERS)) {
  test(`parts as ${name}: each whole, with as many rows as it has room for, and told with what is in it (R8)`, async (context) => {
    const folder = await temporaryFolder(context);
    const heard = listener();
    const told: [PublishedPart, number[]][] = [];
    heard.onPart = (part) => told.push([part, heard.keyBatches.splice(0)]);
    const { format, compression } = formatOf(name, null, null);
    const writer = await Writer.start(target(folder, { format, compression, parts: { first: 7, maxRows: 120 } }), heard);
    const rows = fc.sample(rowWithoutMarks, 500).map((row, index): Row => ({ ...row, key: `key/${index}` }));
    // Batches of 50 rows, each of two key batches.
    const sender = await send(writer, rows);
    const result = await writer.finish(sender.sent);
    sender.close();
    const names = [7, 8, 9, 10, 11].map((number) => `part-${String(number).padStart(5, '0')}${name.slice(1).replace('.jsonl', '.ndjson')}`);
    assert.deepEqual((await readdir(folder)).sort(), names);
    assert.deepEqual(told.map(([{ file }]) => file), names);
    assert.deepEqual(told.map(([, batches]) => batches), [0, 4, 8, 12, 16].map((from) => ids(from, 4)));
    for (const [at, [part]] of told.entries()) {
      const bytes = await readFile(join(folder, part.file));
      assert.deepEqual(part, { file: names[at], rows: 100, failed: 0, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') });
      assert.deepEqual((await keysIn(join(folder, part.file))).map(position), ids(at * 100, 100));
    }
    assert.deepEqual(result, { path: folder, rows: 500, bytes: told.reduce((sum, [{ bytes }]) => sum + bytes, 0) });
  });
}

test('parts: what is under way when writing is aborted, or the thread dies, is gone; what was published is not', async (context) => {
  for (const end of ['abort', 'death'] as const) {
    const folder = await temporaryFolder(context);
    const heard = listener();
    const writer = await Writer.start(target(folder, { format: 'csv', parts: { first: 0, maxRows: 100 } }), heard);
    const sender = await send(writer, ids(0, 150).map((index) => ({ ...PLAIN, key: `key/${index}` })));
    while (writer.written < 150) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.deepEqual((await readdir(folder)).sort(), ['part-00000.csv', 'part-00001.csv.partial']);
    if (end === 'abort') await writer.abort();
    else await (writer as unknown as { readonly worker: Worker }).worker.terminate();
    await assert.rejects(writer.finish(4));
    assert.deepEqual(await readdir(folder), ['part-00000.csv'], end);
    assert.equal(heard.parts.length, 1);
    sender.close();
  }
});

test('parts: a folder that is removed meanwhile is a failure of the output, and no wrong option', async (context) => {
  const folder = join(await temporaryFolder(context), 'data');
  await mkdir(folder);
  const heard = listener();
  const writer = await Writer.start(target(folder, { format: 'csv', parts: { first: 0, maxRows: 100 } }), heard);
  await rm(folder, { recursive: true });
  const sender = await send(writer, [PLAIN]);
  await assert.rejects(writer.finish(1), refused('output', 'data" does not exist'));
  sender.close();
});

test('parts: without a row, one part tells the columns, unless the scan was cut short', async (context) => {
  for (const isWhole of [true, false]) {
    const folder = await temporaryFolder(context);
    const writer = await Writer.start(target(folder, { format: 'parquet', compression: 'zstd', parts: { first: 0, maxRows: 100 } }), listener());
    await writer.finish(0, isWhole);
    assert.deepEqual(await readdir(folder), isWhole ? ['part-00000.parquet'] : []);
    if (isWhole) assert.deepEqual(await readParquet(join(folder, 'part-00000.parquet')), []);
  }
});

test('finish waits for batches that another thread has not sent yet', async (context) => {
  const path = join(await temporaryFolder(context), 'a.txt');
  const writer = await Writer.start(target(path), listener());
  const result = writer.finish(2);
  const port = writer.port();
  const producer = new Worker(
    `const { workerData: { port, batches } } = require('node:worker_threads');
     for (const batch of batches) port.postMessage({ batch, keyBatches: [] });
     port.close();`,
    { eval: true, workerData: { port, batches: batchesOf([PLAIN, PLAIN], 1) }, transferList: [port] },
  );
  assert.equal((await result).rows, 2);
  await producer.terminate();
  assert.equal(await readFile(path, 'utf8'), 'k\nk\n');
});

test('finish without a batch publishes a file of no rows', async (context) => {
  const path = join(await temporaryFolder(context), 'a.csv');
  const writer = await Writer.start(target(path), listener());
  assert.equal((await writer.finish(0)).rows, 0);
  assert.deepEqual(readCsv(await readFile(path)), []);
});

test('abort leaves neither file nor thread', async (context) => {
  const folder = await temporaryFolder(context);
  const heard = listener();
  const writer = await Writer.start(target(join(folder, 'a.parquet')), heard);
  const sender = await send(writer, [PLAIN]);
  const result = writer.finish(2);
  await writer.abort();
  await assert.rejects(result, Failure);
  assert.deepEqual(await readdir(folder), []);
  assert.deepEqual(heard.failures, []);
  await writer.abort();
  sender.close();
});

function refused(kind: string, word: string): (error: unknown) => boolean {
  return (error) => error instanceof Failure && error.kind === kind && `${error.message} ${error.hint}`.includes(word);
}

test('start refuses what cannot be written', async (context) => {
  const folder = await temporaryFolder(context);
  await writeFile(join(folder, 'a.csv'), 'precious');
  const schema = SCHEMA.filter(({ name }) => name !== 'key');
  const heard = listener();
  const cases: [WriterOptions, string][] = [
    [target(join(folder, 'a.csv')), '--overwrite'],
    [target(join(folder, 'none', 'a.csv')), 'does not exist'],
    [target(join(folder, 'a.txt'), { schema }), '--columns'],
    [{ ...target('a.parquet'), path: null, terminal: true }, 'terminal'],
    [{ ...target('a.ndjson.gz'), path: null, terminal: true }, 'terminal'],
  ];
  for (const [unusable, word] of cases) await assert.rejects(Writer.start(unusable, heard), refused('usage', word), word);
  assert.deepEqual(await readdir(folder), ['a.csv']);
  assert.deepEqual(heard.failures, []);
});

test('a failure in the thread reaches the listener and finish, and leaves nothing', async (context) => {
  const folder = await temporaryFolder(context);
  const heard = listener();
  const writer = await Writer.start(target(join(folder, 'a.txt')), heard);
  const result = writer.finish(3);
  const sender = await send(writer, [{ ...PLAIN, key: 'a\nb' }]);
  await assert.rejects(result, refused('output', 'line end'));
  assert.equal(heard.failures.length, 1);
  await assert.rejects(writer.finish(3), refused('output', 'line end'));
  await writer.abort();
  sender.close();
  assert.deepEqual(await readdir(folder), []);
});

test('a thread that dies leaves nobody waiting and no file', async (context) => {
  const folder = await temporaryFolder(context);
  const heard = listener();
  const writer = await Writer.start(target(join(folder, 'a.csv')), heard);
  const result = writer.finish(1);
  await (writer as unknown as { readonly worker: Worker }).worker.terminate();
  await assert.rejects(result, refused('defect', 'died'));
  assert.equal(heard.failures.length, 1);
  assert.deepEqual(await readdir(folder), []);
});

const CHILD = fileURLToPath(new URL('write-rows.js', import.meta.url));

test('a disk that takes no more is a failure with path and reason, and no partial file is left', async (context) => {
  const path = join(await temporaryFolder(context), 'a.txt');
  // A limit on the size of files that a process may write: works for root too, and needs no full disk.
  const { stderr } = await promisify(execFile)('sh', [
    '-c',
    'trap "" XFSZ; ulimit -f 100; exec "$@"',
    'sh',
    process.execPath,
    CHILD,
    path,
    '1000',
  ]);
  assert.equal(stderr, `output cannot write "${path}.partial": file too large (EFBIG);finish rejected;`);
  assert.deepEqual(await readdir(join(path, '..')), []);
});

test('standard output takes the rows; when its reader goes away that is told and nothing fails', async () => {
  const all = await promisify(execFile)(process.execPath, [CHILD, '-', '200']);
  assert.equal(all.stdout, `${'k'.repeat(999)}\n`.repeat(200));
  assert.equal(all.stderr, 'finished;');

  const child = spawn(process.execPath, [CHILD, '-', '2000'], { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.once('data', () => child.stdout.destroy());
  const told: Buffer[] = [];
  for await (const chunk of child.stderr as AsyncIterable<Buffer>) told.push(chunk);
  assert.equal(Buffer.concat(told).toString(), 'closed;finished;');
  assert.equal(child.exitCode ?? (await new Promise((resolve) => child.once('exit', resolve))), 0);
});
