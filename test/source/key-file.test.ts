import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';
import { after, before, test } from 'node:test';
import zlib from 'node:zlib';
import { Table, Utf8, tableToIPC, vectorFromArray } from 'apache-arrow';
import { createEncoder } from '../../src/output/create-encoder.ts';
import type { Format } from '../../src/output/format.ts';
import { HEAD_COLUMNS, LIST_COLUMNS, type Schema } from '../../src/records/columns.ts';
import { RecordBuilder } from '../../src/records/record-builder.ts';
import { readKeyFile, type FromFormat } from '../../src/source/key-file.ts';
import { keysOf, rowsOf, usage } from './key-rows.ts';

let directory = '';
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 's3scan-from-'));
});
after(() => rm(directory, { recursive: true }));

async function file(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, content);
  return path;
}

async function keys(path: string, format: FromFormat | null = null): Promise<string[]> {
  return keysOf(readKeyFile({ path, format, bucket: 'photos' }));
}

const CONTENTS: [string, string][] = [
  ['keys.txt', 'a\nb c\n'],
  ['keys.ndjson', '{"key":"a"}\n{"key":"b c"}\n'],
  ['keys.csv', 'key,size\na,1\nb c,2\n'],
];

test('text forms are read by ending, with or without byte order mark, plain and through gzip', async () => {
  for (const [name, content] of CONTENTS) {
    const marked = `\u{FEFF}${content}`;
    for (const bytes of [content, marked]) {
      assert.deepEqual(await keys(await file(name, bytes)), ['a', 'b c'], name);
      assert.deepEqual(await keys(await file(`${name}.gz`, zlib.gzipSync(bytes))), ['a', 'b c'], name);
    }
    assert.deepEqual(await keys(await file(name, '')), [], name);
  }
  assert.deepEqual(await keys(await file('keys.txt', '\u{FEFF}')), []);
  assert.deepEqual(await keys(await file('parts.txt.gz', Buffer.concat([zlib.gzipSync('a\nb'), zlib.gzipSync('c\n')]))), ['a', 'bc']);
});

test('zstd is read where Node has it, and refused with a way out where not', async () => {
  const { zstdCompressSync } = zlib as { zstdCompressSync?: (bytes: Buffer) => Buffer };
  if (zstdCompressSync === undefined) {
    await assert.rejects(keys(await file('keys.txt.zst', 'x')), usage(/keys\.txt\.zst is compressed with zstd/));
  } else {
    assert.deepEqual(await keys(await file('keys.txt.zst', zstdCompressSync(Buffer.from('a\nb\n')))), ['a', 'b']);
    await assert.rejects(keys(await file('keys.txt.zst', 'no zstd')), usage(/keys\.txt\.zst cannot be decompressed/));
  }
});

test('an explicit format wins over the ending; an unknown ending is looked into', async () => {
  assert.deepEqual(await keys(await file('list.csv', 'a\nb\n'), 'text'), ['a', 'b']);
  assert.deepEqual(await keys(await file('list.dat', '{"key":"a"}')), ['a']);
  assert.deepEqual(await keys(await file('list.dat', 'a\n')), ['a']);
  assert.deepEqual(await keys(await file('list.txt', '{"key":"a"}')), ['{"key":"a"}']);
});

test('what cannot be opened or decompressed says why', async () => {
  await assert.rejects(keys(join(directory, 'nowhere.txt')), usage(/nowhere\.txt cannot be read: there is no such file/));
  await assert.rejects(keys(join(directory, 'nowhere.parquet')), usage(/nowhere\.parquet cannot be read: there is no such file/));
  await mkdir(join(directory, 'folder.txt'));
  await assert.rejects(keys(join(directory, 'folder.txt')), usage(/folder\.txt cannot be read: it is a directory/));
  const compressed = zlib.gzipSync(Array.from({ length: 50_000 }, (_, i) => `key/${i * 7919}\n`).join(''));
  await assert.rejects(keys(await file('cut.txt.gz', compressed.subarray(0, -9))), usage(/cut\.txt\.gz cannot be decompressed/));
  await assert.rejects(keys(await file('plain.txt.gz', 'a\nb\n')), usage(/plain\.txt\.gz cannot be decompressed/));
  await assert.rejects(keys(await file('keys.parquet.gz', zlib.gzipSync('PAR1'))), usage(/parquet is not read through gzip/));
});

/** A record batch as `list` or `head` makes it. */
async function written(format: Format, schema: Schema, objects: readonly string[]): Promise<Buffer> {
  const builder = new RecordBuilder(schema, new Map([['bucket', 'photos']]));
  for (const [row, key] of objects.entries()) {
    builder.utf8('key')!.setText(row, key);
    builder.utf8('etag')!.setAscii(row, 'abc');
    builder.int64('last_modified')!.set(row, 1_700_000_000_000);
    for (const column of ['shard', 'attempts']) builder.int32(column)?.set(row, 1);
    builder.utf8('via')?.setAscii(row, 'head');
    (builder.int64('size') ?? builder.int64('content_length'))!.set(row, row);
    builder.endRow();
  }
  const compression = format === 'parquet' ? 'zstd' : 'none';
  const encoder = await createEncoder({ format, compression, schema, fileMetadata: {}, keysAreNear: true, terminal: false });
  const encoded: Uint8Array[] = [];
  for (const bytes of await encoder.encode(builder.take())) encoded.push(bytes.slice());
  for (const bytes of await encoder.end()) encoded.push(bytes.slice());
  return Buffer.concat(encoded);
}

test('a table that s3scan wrote can be scanned again, in each format', async () => {
  const objects = ['a/b.jpg', '@scope/pkg', "'=1", "''+", '-', '\r\n,"', 'é\u{10FFFF}\u2028', 's3://x/y', '－wide', "it's"];
  for (const [format, schema] of [
    ['ndjson', HEAD_COLUMNS],
    ['csv', HEAD_COLUMNS],
    ['csv', LIST_COLUMNS],
    ['parquet', LIST_COLUMNS],
    ['arrow', HEAD_COLUMNS],
  ] as const) {
    const path = await file(`earlier.${format}`, await written(format, schema, objects));
    assert.deepEqual(
      await rowsOf(readKeyFile({ path, format: null, bucket: null })),
      objects.map((key, size) => ({ bucket: 'photos', key, size, etag: 'abc', lastModified: 1_700_000_000_000 })),
      format,
    );
  }
});

async function openFiles(): Promise<number> {
  return (await readdir('/proc/self/fd')).length;
}

test('a file is closed when its reader leaves early', { skip: process.platform !== 'linux' }, async () => {
  const long = Array.from({ length: 200_000 }, (_, i) => `key/${i}\n`).join('');
  const paths = [
    await file('long.txt', long),
    await file('long.txt.gz', zlib.gzipSync(long)),
    await file('long.arrow', tableToIPC(new Table({ key: vectorFromArray(long.split('\n').slice(0, 10_000), new Utf8()) }), 'file')),
  ];
  const opened = await openFiles();
  for (const path of paths) {
    for await (const batch of readKeyFile({ path, format: null, bucket: 'photos' })) {
      assert.ok(batch.count > 0);
      break;
    }
  }
  for (let tries = 0; tries < 100 && (await openFiles()) > opened; tries++) await setTimeout(10);
  assert.ok((await openFiles()) <= opened);
});

const PROGRAM = `
  import { readKeyFile } from ${JSON.stringify(new URL('../../src/source/key-file.js', import.meta.url).href)};
  const keys = [];
  try {
    for await (const { keys: { offsets, values }, count } of readKeyFile({ path: '-', format: process.argv[1] || null, bucket: 'photos' })) {
      for (let i = 0; i < count; i++) keys.push(Buffer.from(values.subarray(offsets[i], offsets[i + 1])).toString());
    }
    console.log(JSON.stringify(keys));
  } catch (error) {
    console.log(error.kind, error.message);
  }
`;

/** What a process makes of its standard input, written in these pieces. */
async function standardInput(pieces: readonly (string | Uint8Array)[], format = ''): Promise<string> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', PROGRAM, format], { stdio: ['pipe', 'pipe', 'inherit'] });
  const output = text(child.stdout);
  child.stdin.on('error', () => {});
  for (const piece of pieces) {
    child.stdin.write(piece);
    await setTimeout(1);
  }
  child.stdin.end();
  await once(child, 'close');
  return (await output).trim();
}

test('standard input is looked into', async () => {
  const arrow = new Table({ key: vectorFromArray(['a', 'b'], new Utf8()) });
  const cases: [Promise<string>, RegExp][] = [
    [standardInput(['a', '\nb\n', 's3://photos/c']), /^\["a","b","c"\]$/],
    [standardInput(['\n', ' ', '{"key"', ':"a"}\n']), /^\["a"\]$/],
    [standardInput([]), /^\[\]$/],
    [standardInput([tableToIPC(arrow, 'stream')], 'arrow'), /^\["a","b"\]$/],
    [standardInput([tableToIPC(arrow, 'file')]), /^usage standard input is Arrow's file format, .*pipe/],
    [standardInput(['PA', 'R1...']), /^usage standard input is Parquet, .*pipe/],
    [standardInput(['a\n', Buffer.from([0xff])]), /^usage standard input line 2: .*UTF-8/],
  ];
  for (const [output, expected] of cases) assert.match(await output, expected);
});
