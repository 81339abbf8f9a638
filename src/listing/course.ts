/**
 * How the pages of one range follow one another: what to ask next, and how much of a page can be kept so that it can be
 * gone on from. Decides only (R9).
 *
 * The token of a page that was asked from a key that does not exist may skip a key (minio/minio#21463), and a key
 * that holds what XML cannot is no start-after. So a range that begins at such a key has to come to one that can be
 * given before it may use tokens.
 */
import type { RecordBatchData } from '../records/record-batch.ts';
import { selectRows } from '../records/select-rows.ts';
import { Continuation, isFitForStartAfter, type Position } from './continuation.ts';
import type { ListPageInfo } from './listing.ts';

export class Course {
  /** the page asked for next lies above this: where the range goes on, or below it where keys are read again to get there */
  from: Uint8Array;
  private readonly continuation: Continuation;
  private isAnchored: boolean;
  private told: { readonly token: string | null; readonly lastKey: Uint8Array | null } | null = null;

  /** `isKey`: `from` is a key of the bucket for sure. `byKey`: goes on by start-after wherever it can. */
  constructor(from: Uint8Array, isKey: boolean, byKey: boolean) {
    this.from = from;
    this.isAnchored = isKey || from.length === 0;
    this.continuation = new Continuation(from, byKey);
  }

  /** What to ask now. `percentIsSafe`: the server takes a `%` in a start-after for what it is. */
  position(percentIsSafe: boolean): Position {
    const { continuation, told } = this;
    if (told !== null) {
      this.told = null;
      continuation.advance(told.token, told.lastKey, percentIsSafe);
      this.isAnchored ||= continuation.position.startAfter !== null;
    }
    return continuation.position;
  }

  /** How many rows of a page that others follow to keep; null where it cannot be gone on from. */
  keeps({ count, lastKey, skippedKey, sample, sampleStride }: ListPageInfo, percentIsSafe: boolean): number | null {
    const isFit = (key: Uint8Array): boolean => isFitForStartAfter(key, percentIsSafe);
    const last = lastKey ?? skippedKey;
    // What cannot be cut, versions of keys, has tokens that skip nothing.
    if (this.isAnchored || last === null || sampleStride === 0 || isFit(last)) return count;
    const fit = sample.findLastIndex(isFit);
    return fit < 0 ? null : fit * sampleStride + 1;
  }

  /** Takes in what a page that others follow said, and the last of its keys that is kept or skipped. */
  tell(token: string | null, lastKey: Uint8Array | null): void {
    this.told = { token, lastKey };
    if (lastKey !== null) this.from = lastKey;
  }
}

/** The page up to the row that `keeps` said. */
export function keptPage({ count, lastKey, sample, sampleStride }: ListPageInfo, rows: RecordBatchData, keeps: number): { rows: RecordBatchData; lastKey: Uint8Array | null } {
  if (keeps === count) return { rows, lastKey };
  return { rows: selectRows(rows, Array.from({ length: keeps }, (_, row) => row)), lastKey: sample[(keeps - 1) / sampleStride]! };
}
