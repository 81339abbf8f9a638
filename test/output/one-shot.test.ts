import assert from 'node:assert/strict';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { Failure } from '../../src/failure.ts';
import { writeTable } from '../../src/output/one-shot.ts';
import { readParquet } from './readers.ts';
import { batchesOf, options, PLAIN, temporaryFolder } from './rows.ts';

test('a table is written at once', async (context) => {
  const path = join(await temporaryFolder(context), 'metrics.parquet');
  const [table] = batchesOf([PLAIN, { ...PLAIN, key: 'second' }]);
  await writeTable({ ...options('parquet'), path, overwrite: false }, table!);
  assert.deepEqual((await readParquet(path)).map(({ key }) => key), ['k', 'second']);
});

test('one that cannot be encoded leaves no file', async (context) => {
  const folder = await temporaryFolder(context);
  await writeFile(join(folder, 'a.txt'), 'before');
  const [table] = batchesOf([{ ...PLAIN, key: 'a\nb' }]);
  await assert.rejects(writeTable({ ...options('text'), path: join(folder, 'a.txt'), overwrite: true }, table!), Failure);
  assert.deepEqual(await readdir(folder), ['a.txt']);
});
