import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { readArrow } from './readers.ts';
import { batchesOf, BUCKET, encodeAll, options, PLAIN, rowWithoutMarks, SCHEMA } from './rows.ts';

const NEVERS = SCHEMA.filter(({ name }) => name.startsWith('never_')).map(() => null);

test('apache-arrow reads every row back', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(rowWithoutMarks, { maxLength: 40 }), fc.integer({ min: 1, max: 40 }), async (rows, size) => {
      const { rows: read } = readArrow(await encodeAll(options('arrow'), [...batchesOf(rows.slice(0, 1)), ...batchesOf(rows.slice(1), size)]));
      assert.deepEqual(
        read,
        rows.map((given) => ({ bucket: BUCKET, ...given, nevers: NEVERS })),
      );
    }),
    { numRuns: 50 },
  );
});

test('the schema and its metadata are there without a row', async () => {
  const { table } = readArrow(await encodeAll(options('arrow'), []));
  assert.equal(table.numRows, 0);
  assert.deepEqual(
    table.schema.fields.map(({ name, type, nullable }) => `${name} ${type} ${nullable}`),
    [
      'bucket Utf8 false',
      'key Utf8 false',
      'note Utf8 true',
      'status Int32 true',
      'size Int64 true',
      'seen Timestamp<MILLISECOND, UTC> true',
      'flag Bool true',
      'metadata Map<{key:Utf8, value:Utf8}> true',
      'never_utf8 Utf8 true',
      'never_int32 Int32 true',
      'never_int64 Int64 true',
      'never_bool Bool true',
      'never_seen Timestamp<MILLISECOND, UTC> true',
      'never_map Map<{key:Utf8, value:Utf8}> true',
    ],
  );
  assert.equal(table.schema.metadata.get('made'), 'für Tests');
});

test('a key that begins with U+FEFF keeps it', async () => {
  const { table } = readArrow(await encodeAll(options('arrow'), batchesOf([{ ...PLAIN, key: '\ufeffk' }])));
  assert.deepEqual([...(table.getChild('key')!.data[0]!.values as Uint8Array).subarray(0, 4)], [0xef, 0xbb, 0xbf, 0x6b]);
});
