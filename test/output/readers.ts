/** Reads each format back with software that is not ours, into the rows it was written from. */
import { tableFromIPC, type Table } from 'apache-arrow';
import { DuckDBInstance, DuckDBMapValue, DuckDBTimestampTZValue, type DuckDBConnection } from '@duckdb/node-api';
import { parse } from 'csv-parse/sync';
import type { Row } from './rows.ts';

let connection: Promise<DuckDBConnection> | undefined;

async function duckdb(): Promise<DuckDBConnection> {
  connection ??= DuckDBInstance.create(':memory:').then((instance) => instance.connect());
  return connection;
}

export async function query(sql: string): Promise<Record<string, unknown>[]> {
  const reader = await (await duckdb()).runAndReadAll(sql);
  return reader.getRowObjects();
}

/** Any reader's row, its maps as entries in order and its numbers and times in our units. */
export type ReadRow = Row & { readonly bucket: string; readonly nevers: readonly unknown[] };

function neversOf(record: Record<string, unknown>): unknown[] {
  return Object.keys(record)
    .filter((name) => name.startsWith('never_'))
    .map((name) => record[name]);
}

export async function readParquet(path: string): Promise<ReadRow[]> {
  const records = await query(`select * from read_parquet('${path}')`);
  return records.map((record) => ({
    bucket: record['bucket'] as string,
    key: record['key'] as string,
    note: record['note'] as string | null,
    status: record['status'] as number | null,
    size: record['size'] as bigint | null,
    seen: record['seen'] instanceof DuckDBTimestampTZValue ? Number(record['seen'].micros / 1000n) : null,
    flag: record['flag'] as boolean | null,
    metadata:
      record['metadata'] instanceof DuckDBMapValue
        ? record['metadata'].entries.map(({ key, value }) => [key as string, value as string] as const)
        : null,
    nevers: neversOf(record),
  }));
}

export function readArrow(bytes: Uint8Array): { readonly table: Table; readonly rows: ReadRow[] } {
  const table = tableFromIPC(bytes);
  const at = (name: string, index: number): unknown => table.getChild(name)!.get(index);
  const rows = Array.from({ length: table.numRows }, (_, index): ReadRow => {
    const metadata = at('metadata', index) as Iterable<[string, string]> | null;
    const seen = at('seen', index) as number | bigint | null;
    return {
      bucket: at('bucket', index) as string,
      key: at('key', index) as string,
      note: at('note', index) as string | null,
      status: at('status', index) as number | null,
      size: at('size', index) as bigint | null,
      seen: seen === null ? null : Number(seen),
      flag: at('flag', index) as boolean | null,
      metadata: metadata === null ? null : [...metadata].map(([name, value]) => [name, value] as const),
      nevers: table.schema.names.filter((name) => String(name).startsWith('never_')).map((name) => at(String(name), index)),
    };
  });
  return { table, rows };
}

/** Cells as they are in the file: null where empty and not quoted. */
export function readCsv(bytes: Buffer): Record<string, string | null>[] {
  return parse(bytes, {
    columns: true,
    bom: false,
    cast: (value, { quoting }) => (value === '' && !quoting ? null : value),
  });
}
