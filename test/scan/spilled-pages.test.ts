import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { transferList } from '../../src/records/record-batch.ts';
import { RecordBuilder } from '../../src/records/record-builder.ts';
import { SpillFile } from '../../src/scan/spilled-pages.ts';
import { Failure } from '../../src/failure.ts';
import { column, rowsOf, type Row } from '../records/arrow-rows.ts';
import { temporaryFolder } from '../support/folder.ts';

const SCHEMA = [column('bucket', 'utf8'), column('text', 'utf8'), column('number', 'int32'), column('time', 'timestamp_ms'), column('flag', 'bool')];
const row = fc.record({ text: fc.string({ unit: 'grapheme', maxLength: 8 }), number: fc.integer(), time: fc.maxSafeInteger(), flag: fc.boolean() }, { requiredKeys: [] });

test('batches come back as they were, in any order, fit for the way to the writer', async (t) => {
  const folder = await temporaryFolder(t);
  const file = await SpillFile.open(folder);
  t.after(() => file.close());
  assert.deepEqual(await readdir(folder), [], 'nothing to be left behind');
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(row, { maxLength: 20 }), { maxLength: 5 }), async (batches) => {
      const places = [];
      for (const rows of batches) {
        // A bucket of that name must not be taken for an array's place.
        const builder = new RecordBuilder(SCHEMA, new Map([['bucket', '{"@":["u8",0,1]}']]));
        for (const { text, number, time, flag } of rows) {
          if (text !== undefined) builder.utf8('text')!.setText(builder.rows, text);
          if (number !== undefined) builder.int32('number')!.set(builder.rows, number);
          if (time !== undefined) builder.int64('time')!.set(builder.rows, time);
          if (flag !== undefined) builder.bool('flag')!.set(builder.rows, flag);
          builder.endRow();
        }
        places.push(await file.write(builder.take()));
      }
      for (const at of [...places.keys()].reverse()) {
        const batch = await file.read(places[at]!);
        const moved = structuredClone(batch, { transfer: transferList(batch) });
        assert.deepEqual(rowsOf(SCHEMA, moved), batches[at]!.map((values): Row => ({ bucket: '{"@":["u8",0,1]}', ...values })));
      }
    }),
    { numRuns: 50 },
  );
});

test('a folder that cannot be written to is said, with what to do', async (t) => {
  const folder = join(await temporaryFolder(t), 'not-there');
  await assert.rejects(SpillFile.open(folder), (error) => error instanceof Failure && error.kind === 'output' && error.message.includes(folder) && error.hint!.includes('--sorted'));
});
