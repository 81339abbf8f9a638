import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { readCsv } from './readers.ts';
import { batchesOf, BUCKET, encodeAll, options, PLAIN, row, SCHEMA, type Row } from './rows.ts';

/** As the header comment of csv.ts tells readers to. */
function recovered(cell: string | null): string | null {
  return cell !== null && /^'+[=+\-@＝＋－＠\t\r\n]/.test(cell) ? cell.slice(1) : cell;
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}

function expected({ key, note, status, size, seen, flag }: Row): Record<string, string | null> {
  return {
    bucket: BUCKET,
    key,
    note,
    status: status === null ? null : String(status),
    size: size === null ? null : String(size),
    seen: seen === null ? null : new Date(seen).toISOString(),
    flag: flag === null ? null : String(flag),
    ...Object.fromEntries(SCHEMA.filter(({ name }) => name.startsWith('never_')).map(({ name }) => [name, null])),
  };
}

test('csv-parse gets every cell back, null apart from empty', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 20 }), async (rows) => {
      const records = readCsv(await encodeAll(options('csv'), batchesOf(rows)));
      assert.equal(records.length, rows.length);
      for (const [index, { metadata, ...cells }] of records.entries()) {
        const { key, note } = cells;
        const given = rows[index]!;
        assert.deepEqual({ ...cells, key: recovered(key!), note: recovered(note!) }, expected(given));
        const map = metadata == null ? null : Object.entries(JSON.parse(metadata) as object).toSorted(byName);
        assert.deepEqual(map, given.metadata && given.metadata.map(([name, value]) => [name, value] as const).toSorted(byName));
      }
    }),
    { numRuns: 50 },
  );
});

test('no cell of text is run by a spreadsheet', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 20 }), async (rows) => {
      for (const { key, note } of readCsv(await encodeAll(options('csv'), batchesOf(rows)))) {
        assert.doesNotMatch(`${key}`, /^[=+\-@\t\r\n]/);
        assert.doesNotMatch(`${note}`, /^[=+\-@\t\r\n]/);
      }
    }),
    { numRuns: 50 },
  );
});

test('the header comes once, and also where there is no row', async () => {
  const header = `${SCHEMA.map(({ name }) => name).join(',')}\n`;
  assert.equal((await encodeAll(options('csv'), [])).toString(), header);
  const text = (await encodeAll(options('csv'), batchesOf(Array.from({ length: 20 }, () => PLAIN)))).toString();
  assert.ok(text.startsWith(header));
  assert.equal(text.split('bucket,').length, 2);
});
