/** Columns of numbers and truths under construction. */
import { grownInts, INITIAL_ROWS, Validity, type ColumnBuilder } from './column-memory.ts';
import type { ColumnData } from './record-batch.ts';
import { takeMemory } from './spare-memory.ts';

const HALVES_BYTES = 8 * INITIAL_ROWS;

export class Int32Builder implements ColumnBuilder {
  private values: Int32Array | null = null;
  private validity = new Validity();

  set(row: number, value: number): void {
    if (!this.validity.set(row)) return;
    let values = (this.values ??= new Int32Array(INITIAL_ROWS));
    if (row >= values.length) values = this.values = grownInts(values, row + 1);
    values[row] = value;
  }

  take(rows: number): ColumnData {
    const { validity } = this;
    let { values } = this;
    if (values === null) return { kind: 'null' };
    if (values.length < rows) values = grownInts(values, rows);
    this.values = null;
    this.validity = new Validity();
    return { kind: 'int32', validity: validity.take(rows), nullCount: rows - validity.count, values };
  }
}

const TWO_32 = 2 ** 32;

/** int64 and timestamp_ms: two 32-bit halves, so that no BigInt is made a row. */
export class Int64Builder implements ColumnBuilder {
  private halves: Int32Array | null = null;
  private validity = new Validity();

  private setHalves(row: number, low: number, high: number): void {
    if (!this.validity.set(row)) return;
    let halves = (this.halves ??= new Int32Array(takeMemory(HALVES_BYTES)).fill(0));
    if (row * 2 + 2 > halves.length) halves = this.halves = grownInts(halves, row * 2 + 2);
    halves[row * 2] = low;
    halves[row * 2 + 1] = high;
  }

  /** `value` must be a safe integer. */
  set(row: number, value: number): void {
    this.setHalves(row, value | 0, Math.floor(value / TWO_32));
  }

  setBigInt(row: number, value: bigint): void {
    this.setHalves(row, Number(BigInt.asIntN(32, value)), Number(value >> 32n));
  }

  take(rows: number): ColumnData {
    const { validity } = this;
    let { halves } = this;
    if (halves === null) return { kind: 'null' };
    if (halves.length < rows * 2) halves = grownInts(halves, rows * 2);
    this.halves = null;
    this.validity = new Validity();
    const values = new BigInt64Array(halves.buffer, 0, halves.length >> 1);
    return { kind: 'int64', validity: validity.take(rows), nullCount: rows - validity.count, values };
  }
}

export class BoolBuilder implements ColumnBuilder {
  private truths = new Validity();
  private validity = new Validity();

  set(row: number, value: boolean): void {
    if (this.validity.set(row) && value) this.truths.set(row);
  }

  take(rows: number): ColumnData {
    const { truths, validity } = this;
    if (validity.count === 0) return { kind: 'null' };
    this.truths = new Validity();
    this.validity = new Validity();
    return { kind: 'bool', validity: validity.take(rows), nullCount: rows - validity.count, values: truths.bits(rows) };
  }
}
