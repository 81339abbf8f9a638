import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { test } from 'node:test';
import type { PublishedPart } from '../../src/output/part.ts';
import { PartsOutput } from '../../src/output/parts-output.ts';
import { batchesOf, options, PLAIN, temporaryFolder } from './rows.ts';

test('a part that does not fill up ends with its age: no more than a minute is at risk', async (context) => {
  const folder = await temporaryFolder(context);
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const parts = { first: 0, maxRows: 1_000_000 };
  const published: PublishedPart[] = [];
  let aged = 0;
  const output = new PartsOutput({ ...options('csv'), path: folder, overwrite: false, private: false, loadsEarly: true, parts }, parts, { onPart: (part) => published.push(part), onAge: () => aged++ });
  const [batch] = batchesOf([PLAIN, PLAIN]);
  await output.write(batch!, 1);
  context.mock.timers.tick(30_000);
  await output.write(batch!, 0);
  assert.equal(aged, 0);
  // The age is that of its first row.
  context.mock.timers.tick(29_000);
  assert.equal(aged, 1);
  await output.endPart();
  assert.deepEqual([await readdir(folder), published.map(({ rows, failed }) => [rows, failed])], [['part-00000.csv'], [[4, 1]]]);
  // There is none now, and none is begun without a row.
  context.mock.timers.tick(120_000);
  await output.endPart();
  await output.finish(true);
  assert.deepEqual([aged, await readdir(folder)], [1, ['part-00000.csv']]);
});
