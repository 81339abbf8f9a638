/**
 * Keys as CSV (RFC 4180) with a header row that names the columns. The key is exact, never a URL, and never
 * trimmed.
 *
 * Rows end as the header does. Where that is "\r\n", a bare '\n' ends a row as well; where it is '\n', a
 * '\r' before it belongs to the cell.
 *
 * s3scan's own CSV puts an apostrophe before what a spreadsheet would run as a formula. In a table with all the
 * columns of `list` or `head` it is taken off again. In any other, `'=1` may be that or a key: it is refused.
 */
import { pipeline } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
import { Failure } from '../failure.ts';
import type { KeyBatch } from '../queue/key-batch.ts';
import { HEAD_COLUMNS, LIST_COLUMNS } from '../records/columns.ts';
import { peek } from './byte-source.ts';
import { hasColumn, keyColumns, type KeyColumns } from './key-columns.ts';
import type { KeyBatcher } from './key-batcher.ts';

/** Bounds what one unclosed quote can take in (R5). */
const MAX_RECORD_BYTES = 1024 * 1024;
const MAX_HEADER_BYTES = 64 * 1024;
const NEWLINE = 0x0a;
const RETURN = 0x0d;

/**
 * Cells come as latin1, a character a byte: csv-parse would replace what is no UTF-8, and the key has to be
 * exact or refused (R3).
 */
function cellBytes(cell: string): Buffer {
  return Buffer.from(cell, 'latin1');
}

/** A guarded formula; in latin1 the full-width characters are the three bytes of their UTF-8. */
const GUARDED = /^'+(?:[=+\-@\t\r\n]|\xef\xbc[\x8b\x8d\x9d\xa0])/;

/** True for the header of a table that s3scan wrote with all its columns. */
function isOwnTable(names: readonly string[]): boolean {
  return [HEAD_COLUMNS, LIST_COLUMNS].some((schema) => schema.every(({ name, option }) => option !== null || names.includes(name)));
}

function unguarded(batcher: KeyBatcher, row: number, column: 'key' | 'version_id', cell: string, own: boolean): string {
  if (!GUARDED.test(cell)) return cell;
  if (own) return cell.slice(1);
  throw batcher.refusal(
    row,
    `the ${column} begins with an apostrophe that may only be there to keep a spreadsheet from running it`,
    'give the keys as NDJSON, Parquet or text',
  );
}

function addRow(batcher: KeyBatcher, row: number, cells: readonly string[], columns: KeyColumns, own: boolean): void {
  const bucket = cellBytes(cells[columns.bucket] ?? '');
  if (bucket.length === 0) batcher.bucketUnnamed(row);
  else batcher.bucketNamed(row, bucket, 0, bucket.length);
  const key = cellBytes(unguarded(batcher, row, 'key', cells[columns.key] ?? '', own));
  batcher.add(row, key, 0, key.length);
  if (columns.versionId !== -1) batcher.version(cellBytes(unguarded(batcher, row, 'version_id', cells[columns.versionId] ?? '', own)));
  batcher.size(cells[columns.size]);
  if (columns.etag !== -1) batcher.etag(cellBytes(cells[columns.etag] ?? ''));
  batcher.lastModified(cells[columns.lastModified]);
  if (batcher.wantsStorageClass) batcher.storageClass(cellBytes(cells[columns.storageClass] ?? ''));
}

function malformed(file: string, error: CsvError): Failure {
  return new Failure(
    'usage',
    `${file} line ${String(error['lines'])}: malformed CSV (${error.code})`,
    'cells are separated by commas, and those with a comma, quote or line end stand in double quotes (RFC 4180)',
    { cause: error },
  );
}

export async function* readCsv(source: AsyncGenerator<Buffer>, batcher: KeyBatcher): AsyncGenerator<KeyBatch> {
  const { head, chunks } = await peek(source, (bytes) => bytes.includes(NEWLINE) || bytes.length > MAX_HEADER_BYTES);
  const carriageReturns = head[head.indexOf(NEWLINE) - 1] === RETURN;
  const parser = parse({
    encoding: 'latin1',
    record_delimiter: carriageReturns ? ['\r\n', '\n'] : ['\n'],
    skip_empty_lines: true,
    max_record_size: MAX_RECORD_BYTES,
  });
  let columns: KeyColumns | null = null;
  let own = false;
  let row = 0;
  try {
    for await (const record of pipeline(chunks, parser, () => {})) {
      const cells = record as string[];
      if (columns === null) {
        const names = cells.map((cell) => cellBytes(cell).toString());
        columns = keyColumns(names, batcher.file);
        own = isOwnTable(names);
        batcher.requireColumns(hasColumn(columns));
        continue;
      }
      addRow(batcher, ++row, cells, columns, own);
      for (const batch of batcher.take()) yield batch;
    }
  } catch (error) {
    throw error instanceof CsvError ? malformed(batcher.file, error) : error;
  }
  yield* batcher.end();
}
