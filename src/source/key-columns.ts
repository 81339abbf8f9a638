/**
 * The columns a table of keys may have: `key`, and what can be asked for, cross-checked (R4), routed by or filtered by. Names are
 * those that s3scan itself writes, so that an earlier table can be scanned again.
 */
import { Failure } from '../failure.ts';
import type { FilteredColumn } from './filter.ts';

/** Positions in the table; -1 where it has no such column. */
export interface KeyColumns {
  readonly key: number;
  readonly bucket: number;
  readonly versionId: number;
  readonly size: number;
  readonly etag: number;
  readonly lastModified: number;
  readonly storageClass: number;
}

const SHOWN_COLUMNS = 20;

/** Finds the columns by their exact names. `file` is how messages call the table. */
export function keyColumns(names: readonly string[], file: string): KeyColumns {
  const key = names.indexOf('key');
  if (key === -1) {
    const shown = names.slice(0, SHOWN_COLUMNS).map((name) => JSON.stringify(name)).join(', ');
    const more = names.length > SHOWN_COLUMNS ? ', …' : '';
    throw new Failure(
      'usage',
      `${file} has no column "key"${names.length === 0 ? '' : `: it has ${shown}${more}`}`,
      'name the column of the object keys "key"',
    );
  }
  const size = names.indexOf('size');
  return {
    key,
    bucket: names.indexOf('bucket'),
    versionId: names.indexOf('version_id'),
    size: size === -1 ? names.indexOf('content_length') : size,
    etag: names.indexOf('etag'),
    lastModified: names.indexOf('last_modified'),
    storageClass: names.indexOf('storage_class'),
  };
}

/** Whether the table tells what a filter asks for. */
export function hasColumn({ size, lastModified, storageClass }: KeyColumns): (column: FilteredColumn) => boolean {
  const positions: Readonly<Record<FilteredColumn, number>> = { size, last_modified: lastModified, storage_class: storageClass };
  return (column) => positions[column] !== -1;
}
