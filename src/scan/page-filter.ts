/**
 * Listed pages to those of their rows that are wanted. What a page proves stays as it was: a key that is left out is
 * listed (R2). Conditions may need columns that nobody wants to see, so pages are listed with these and lose them here.
 */
import type { ListedPage } from '../listing/listing.ts';
import { LIST_COLUMNS, type Schema } from '../records/columns.ts';
import { columnIndex, type ColumnData, type RecordBatchData } from '../records/record-batch.ts';
import { selectRows } from '../records/select-rows.ts';
import { RowFilter, type Filter } from '../source/filter.ts';
import { int64Values, utf8Values } from './listing-source.ts';

const NO_KEYS = { offsets: new Int32Array(1), values: new Uint8Array(0) };

export class PageFilter {
  /** what pages are to be listed with */
  readonly schema: Schema;
  /** rows left out so far */
  filtered = 0;
  private readonly filter: RowFilter | null;
  /** so many columns come first in `schema`: those wanted */
  private readonly wanted: number;

  /** `filter` null: pages pass as they are. Throws Failure('usage') for what is no glob. */
  constructor(filter: Filter | null, wanted: Schema) {
    this.filter = filter && new RowFilter(filter);
    const needed = new Set<string>(this.filter === null ? [] : ['key', ...this.filter.columns]);
    for (const { name } of wanted) needed.delete(name);
    this.schema = [...wanted, ...LIST_COLUMNS.filter(({ name }) => needed.has(name))];
    this.wanted = wanted.length;
  }

  apply(page: ListedPage): ListedPage {
    const { filter, schema, wanted } = this;
    if (filter === null) return page;
    const { rows: count, columns } = page.rows;
    const column = (name: string): ColumnData | undefined => columns[columnIndex(schema, name)];
    const kept = filter.kept({
      count,
      keys: utf8Values(column('key'), count) ?? NO_KEYS,
      size: int64Values(column('size'), count),
      lastModified: int64Values(column('last_modified'), count),
      storageClass: utf8Values(column('storage_class'), count),
    });
    const rows: RecordBatchData = { rows: count, columns: columns.slice(0, wanted) };
    if (kept === null) return { ...page, rows };
    this.filtered += count - kept.length;
    return { ...page, rows: selectRows(rows, kept) };
  }
}
