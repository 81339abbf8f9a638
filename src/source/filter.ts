/**
 * Which keys are wanted, decided before anything is asked about them. Pure (R9): limits of time are moments, resolved
 * where the command line is read.
 *
 * What is not known fulfils no condition: an object without a size is neither small nor large. Only the storage class
 * has a meaning where it is missing: STANDARD, for which S3 leaves it out.
 */
import type { Utf8Values } from '../records/record-batch.ts';
import { compileGlob } from './filter-glob.ts';
import { isSampled } from './filter-sample.ts';

/** Plain data; null and empty are no condition. All conditions must hold. */
export interface Filter {
  /** the key matches one of these globs at least */
  readonly include: readonly string[];
  /** and none of these */
  readonly exclude: readonly string[];
  /** bytes, both inclusive */
  readonly minSize: number | null;
  readonly maxSize: number | null;
  /** last modified at this moment or later; ms since the epoch */
  readonly newerThan: number | null;
  /** last modified before this moment */
  readonly olderThan: number | null;
  /** one of these */
  readonly storageClasses: readonly string[];
  /** share of the keys, above 0 and at most 1 */
  readonly sample: number | null;
}

/** What conditions may ask of a row besides its key, by the names of the columns of `list`. */
export type FilteredColumn = 'size' | 'last_modified' | 'storage_class';

/** Rows to decide on. A column that no condition asks for may be null. */
export interface FilterRows {
  readonly count: number;
  readonly keys: Utf8Values;
  /** below 0 where unknown */
  readonly size: BigInt64Array | null;
  /** ms since the epoch; below 0 where unknown */
  readonly lastModified: BigInt64Array | null;
  /** empty where missing */
  readonly storageClass: Utf8Values | null;
}

type Test = (rows: FilterRows, row: number) => boolean;

const STANDARD = 'STANDARD';

/** Exact within what a limit can be: above 2^53 a rounded value is still above it. */
function within(values: BigInt64Array | null, row: number, from: number, to: number): boolean {
  const value = values === null ? -1 : Number(values[row]);
  return value >= 0 && value >= from && value < to;
}

function globTest(globs: readonly string[]): (rows: FilterRows, row: number) => boolean {
  const matchers = globs.map(compileGlob);
  return ({ keys }, row) => {
    const { offsets, values } = keys;
    const key = Buffer.from(values.buffer, values.byteOffset + offsets[row]!, offsets[row + 1]! - offsets[row]!).toString();
    return matchers.some((matches) => matches(key));
  };
}

function storageClassTest(names: readonly string[]): Test {
  const wanted = names.map((name) => Buffer.from(name));
  const standard = names.includes(STANDARD);
  return ({ storageClass }, row) => {
    const start = storageClass?.offsets[row] ?? 0;
    const end = storageClass?.offsets[row + 1] ?? 0;
    if (storageClass === null || start === end) return standard;
    return wanted.some((name) => name.compare(storageClass.values, start, end) === 0);
  };
}

function testsOf(filter: Filter): Test[] {
  const { include, exclude, minSize, maxSize, newerThan, olderThan, storageClasses, sample } = filter;
  const tests: Test[] = [];
  // The cheap ones first: what they refuse costs no more.
  if (minSize !== null || maxSize !== null) {
    const [from, to] = [minSize ?? 0, maxSize === null ? Infinity : maxSize + 1];
    tests.push(({ size }, row) => within(size, row, from, to));
  }
  if (newerThan !== null || olderThan !== null) {
    const [from, to] = [newerThan ?? -Infinity, olderThan ?? Infinity];
    tests.push(({ lastModified }, row) => within(lastModified, row, from, to));
  }
  if (sample !== null) tests.push(({ keys }, row) => isSampled(keys.values, keys.offsets[row]!, keys.offsets[row + 1]!, sample));
  if (storageClasses.length > 0) tests.push(storageClassTest(storageClasses));
  if (include.length > 0) tests.push(globTest(include));
  if (exclude.length > 0) {
    const excluded = globTest(exclude);
    tests.push((rows, row) => !excluded(rows, row));
  }
  return tests;
}

export class RowFilter {
  /** what rows must tell besides their keys */
  readonly columns: ReadonlySet<FilteredColumn>;
  private readonly tests: readonly Test[];

  /** Throws Failure('usage') for what is no glob. */
  constructor(filter: Filter) {
    const columns = new Set<FilteredColumn>();
    if (filter.minSize !== null || filter.maxSize !== null) columns.add('size');
    if (filter.newerThan !== null || filter.olderThan !== null) columns.add('last_modified');
    if (filter.storageClasses.length > 0) columns.add('storage_class');
    this.columns = columns;
    this.tests = testsOf(filter);
  }

  /** The rows wanted, in their order; null where that is all of them. */
  kept(rows: FilterRows): number[] | null {
    const { tests } = this;
    const kept: number[] = [];
    for (let row = 0; row < rows.count; row++) {
      if (tests.every((test) => test(rows, row))) kept.push(row);
    }
    return kept.length === rows.count ? null : kept;
  }
}
