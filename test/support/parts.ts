/** Reads directory outputs by software that is not ours, and by what the journal says. */
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readRows, type Row, type Rows } from './tables.ts';

/** The parts under their final names, in order; none where there is no folder yet. */
export async function partsOf(folder: string): Promise<string[]> {
  const names = await readdir(join(folder, 'data')).catch(() => []);
  return names.filter((name) => !name.endsWith('.partial')).sort();
}

/** All rows of all parts; a key that is in two of them fails (R1). */
export async function readParts(folder: string): Promise<Rows> {
  const rows = new Map<string, Row>();
  for (const name of await partsOf(folder)) {
    for (const [key, row] of await readRows(join(folder, 'data', name))) {
      assert.ok(!rows.has(key), `two rows of the key ${JSON.stringify(key)}`);
      rows.set(key, row);
    }
  }
  return rows;
}

/** The parts that the whole lines of the journal name, and how many rows they say these have. */
export async function committedParts(folder: string): Promise<Map<string, number>> {
  const text = await readFile(join(folder, '_journal.ndjson'), 'utf8').catch(() => '');
  const lines = text.split('\n').slice(1, -1).map((line) => JSON.parse(line) as { part?: string; rows?: number });
  return new Map(lines.flatMap(({ part, rows = 0 }) => (part === undefined ? [] : [[part, rows] as const])));
}

export async function committedRows(folder: string): Promise<number> {
  return [...(await committedParts(folder)).values()].reduce((sum, rows) => sum + rows, 0);
}
