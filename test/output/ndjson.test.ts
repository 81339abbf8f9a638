import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { batchesOf, BUCKET, encodeAll, NASTY, options, PLAIN, row, type Row } from './rows.ts';

/** What JSON.parse is to find: null columns left out. */
function expected({ key, note, status, seen, flag, metadata }: Row): Record<string, unknown> {
  const all = { bucket: BUCKET, key, note, status, seen: seen === null ? null : new Date(seen).toISOString(), flag };
  const set = Object.entries(all).filter(([, value]) => value !== null);
  return Object.fromEntries(metadata === null ? set : [...set, ['metadata', metadata]]);
}

function parsed(line: string): Record<string, unknown> {
  const value = JSON.parse(line) as Record<string, unknown>;
  delete value['size'];
  if (value['metadata'] !== undefined) value['metadata'] = Object.entries(value['metadata'] as object);
  return value;
}

/** A JSON object sorts names that are array indices first: compare entries without their order. */
function sorted(record: Record<string, unknown>): Record<string, unknown> {
  const { metadata } = record as { metadata?: [string, string][] };
  return metadata === undefined ? record : { ...record, metadata: metadata.toSorted(([a], [b]) => (a < b ? -1 : 1)) };
}

test('JSON.parse gets every row back, whatever its keys, headers and metadata names hold', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(row, { maxLength: 20 }), async (rows) => {
      const lines = (await encodeAll(options('ndjson'), batchesOf(rows))).toString('utf8').split('\n');
      assert.equal(lines.pop(), '');
      assert.equal(lines.length, rows.length);
      for (const [index, line] of lines.entries()) {
        assert.deepEqual(sorted(parsed(line)), sorted(expected(rows[index]!)));
        const size = /"size":(-?\d+)/.exec(line.slice(line.indexOf(',"size"')))?.[1];
        if (rows[index]!.size !== null) assert.ok(line.includes(`,"size":${rows[index]!.size}`), size);
      }
    }),
  );
});

test('a line holds no character at which some reader would cut it', async () => {
  // What Python's str.splitlines cuts at.
  const ends = ['\n', '\r', '\v', '\f', '\u001c', '\u001d', '\u001e', '\u0085', '\u2028', '\u2029'];
  const rows = [...ends, ...NASTY].map((note): Row => ({ ...PLAIN, key: note, note, metadata: [[note, note]] }));
  const lines = (await encodeAll(options('ndjson'), batchesOf(rows))).toString('utf8').split('\n');
  assert.equal(lines.length, rows.length + 1);
  for (const end of ends) assert.ok(lines.every((line) => !line.includes(end)));
});

test('values longer than the buffer they are written to', async () => {
  const rows = ['x', '"', '\u0001', 'é', '鍵'].map((character): Row => ({ ...PLAIN, key: character.repeat(300_000) }));
  const lines = (await encodeAll(options('ndjson'), batchesOf(rows))).toString('utf8').trimEnd().split('\n');
  assert.deepEqual(
    lines.map((line) => (JSON.parse(line) as { key: string }).key),
    rows.map(({ key }) => key),
  );
});

test('on a terminal nothing that steers it comes through, and the JSON says the same', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(row, { maxLength: 20 }), async (rows) => {
      const batches = batchesOf(rows);
      const plain = (await encodeAll(options('ndjson'), batches)).toString('utf8');
      const shown = (await encodeAll(options('ndjson', { terminal: true }), batches)).toString('utf8');
      assert.doesNotMatch(shown.replaceAll('\n', ''), /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      assert.deepEqual(shown.trimEnd().split('\n').map((line) => line && JSON.parse(line)), plain.trimEnd().split('\n').map((line) => line && JSON.parse(line)));
    }),
  );
});

test('no row: an empty file', async () => {
  assert.equal((await encodeAll(options('ndjson'), [])).length, 0);
});
