import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { Failure, type FailureKind } from '../../src/failure.ts';
import { FileSink } from '../../src/output/file-sink.ts';
import { temporaryFolder } from './rows.ts';

function failure(kind: FailureKind, ...words: string[]): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof Failure, String(error));
    assert.equal(error.kind, kind);
    for (const word of words) assert.ok(`${error.message} ${error.hint}`.includes(word), `${error.message} (${error.hint})`);
    return true;
  };
}

test('the file has its name only when it is whole', async (context) => {
  const folder = await temporaryFolder(context);
  const sink = await FileSink.open(join(folder, 'a.csv'), false);
  await sink.write(Buffer.from('one\n'));
  await sink.write(Buffer.from('two\n'));
  assert.deepEqual(await readdir(folder), ['a.csv.partial']);
  await sink.commit();
  assert.deepEqual(await readdir(folder), ['a.csv']);
  assert.equal(await readFile(join(folder, 'a.csv'), 'utf8'), 'one\ntwo\n');
  assert.equal(sink.bytes, 8);
  await sink.abort();
  assert.deepEqual(await readdir(folder), ['a.csv']);
});

test('abort leaves nothing, and not even a file that was to be overwritten changes', async (context) => {
  const folder = await temporaryFolder(context);
  await writeFile(join(folder, 'a.csv'), 'before');
  const sink = await FileSink.open(join(folder, 'a.csv'), true);
  await sink.write(Buffer.from('after'));
  await sink.abort();
  assert.deepEqual(await readdir(folder), ['a.csv']);
  assert.equal(await readFile(join(folder, 'a.csv'), 'utf8'), 'before');
});

test('overwrite replaces the file, and what a killed scan left behind', async (context) => {
  const folder = await temporaryFolder(context);
  await writeFile(join(folder, 'a.csv'), 'before');
  await writeFile(join(folder, 'a.csv.partial'), 'a much longer leftover');
  const sink = await FileSink.open(join(folder, 'a.csv'), true);
  await sink.write(Buffer.from('after'));
  await sink.commit();
  assert.equal(await readFile(join(folder, 'a.csv'), 'utf8'), 'after');
});

test('what cannot be written is refused at once', async (context) => {
  const folder = await temporaryFolder(context);
  const file = join(folder, 'a.csv');
  await writeFile(file, 'precious');
  await mkdir(join(folder, 'b.csv'));
  await assert.rejects(FileSink.open(file, false), failure('usage', 'a.csv', '--overwrite'));
  await assert.rejects(FileSink.open(join(folder, 'b.csv'), true), failure('usage', 'b.csv', 'folder'));
  await assert.rejects(FileSink.open(join(folder, 'none', 'a.csv'), true), failure('usage', 'none', 'does not exist'));
  await assert.rejects(FileSink.open(join(file, 'a.csv'), true), failure('usage', 'a.csv', 'ENOTDIR'));
  await assert.rejects(FileSink.open('/proc/a.csv', true), failure('usage', '/proc'));
  await assert.rejects(FileSink.open(join(folder, 'x'.repeat(300)), true), failure('usage', 'ENAMETOOLONG'));
  assert.equal(await readFile(file, 'utf8'), 'precious');
});

test('a device is not replaced by a file', async () => {
  await assert.rejects(FileSink.open('/dev/null', true), failure('usage', '/dev/null', '--output -'));
});

test('a link in the place of the partial file is not followed', async (context) => {
  const folder = await temporaryFolder(context);
  await writeFile(join(folder, 'elsewhere'), 'precious');
  await symlink(join(folder, 'elsewhere'), join(folder, 'a.csv.partial'));
  const sink = await FileSink.open(join(folder, 'a.csv'), false);
  await sink.write(Buffer.from('a'));
  await sink.commit();
  assert.equal(await readFile(join(folder, 'elsewhere'), 'utf8'), 'precious');
});

test('of two scans to one file, none publishes what the other has not finished', async (context) => {
  const folder = await temporaryFolder(context);
  const first = await FileSink.open(join(folder, 'a.csv'), false);
  await first.write(Buffer.from('first'));
  const second = await FileSink.open(join(folder, 'a.csv'), false);
  await second.write(Buffer.from('sec'));
  await assert.rejects(first.commit(), failure('output', 'another scan'));
  await first.abort();
  await second.write(Buffer.from('ond'));
  await second.commit();
  assert.equal(await readFile(join(folder, 'a.csv'), 'utf8'), 'second');
});

test('a file that appears during the scan is not overwritten, and the result is kept', async (context) => {
  const folder = await temporaryFolder(context);
  const sink = await FileSink.open(join(folder, 'a.csv'), false);
  await sink.write(Buffer.from('result'));
  await writeFile(join(folder, 'a.csv'), 'precious');
  await assert.rejects(sink.commit(), failure('output', 'exists', 'a.csv.partial'));
  await sink.abort();
  assert.equal(await readFile(join(folder, 'a.csv'), 'utf8'), 'precious');
  assert.equal(await readFile(join(folder, 'a.csv.partial'), 'utf8'), 'result');
});

test('a folder that is removed meanwhile is a failure of the output', async (context) => {
  const folder = join(await temporaryFolder(context), 'gone');
  await mkdir(folder);
  const sink = await FileSink.open(join(folder, 'a.csv'), false);
  await rm(folder, { recursive: true });
  await assert.rejects(sink.commit(), failure('output', 'a.csv'));
  await sink.abort();
});
