/**
 * Which parts of the keyspace are covered by intervals, and which are not: the proof that a listing is
 * complete, and what is left to do after a crash (R2). Pure; knows nothing of pages or journals.
 */
import { compareEnds, compareKeys, type Interval } from './interval.ts';

/** `(a, a]` and worse hold no key. */
function isEmpty(interval: Interval): boolean {
  return compareEnds(interval.through, interval.after) <= 0;
}

/** What of `range` no interval of `ordered` (by `after`) covers, in ascending order. */
function gaps(range: Interval, ordered: readonly Interval[]): Interval[] {
  const missing: Interval[] = [];
  let covered: Uint8Array | null = range.after;
  for (const { after, through } of ordered) {
    if (compareEnds(range.through, after) <= 0) break;
    if (compareKeys(after, covered) > 0) missing.push({ after: covered, through: after });
    if (compareEnds(through, covered) > 0) covered = through;
    if (covered === null) return missing;
  }
  if (compareEnds(range.through, covered) > 0) missing.push({ after: covered, through: range.through });
  return missing;
}

/** What of `scope` none of the intervals (in any order) covers, in ascending order. Empty: the scope is complete. */
export function complement(covered: readonly Interval[], scope: Interval): Interval[] {
  const ordered = covered.filter((interval) => !isEmpty(interval)).sort((a, b) => compareKeys(a.after, b.after));
  return gaps(scope, ordered);
}

/**
 * A growing set of disjoint intervals. Neighbours are merged as they arrive, so that a scan of any length
 * holds about as many as it has ranges in progress (R5).
 */
export class Tiling {
  private readonly merged: Interval[] = [];

  /** What is covered, in ascending order, no two of them adjacent. */
  get intervals(): readonly Interval[] {
    return this.merged;
  }

  /** False, and nothing is added, where part of the interval is covered already. */
  add(interval: Interval): boolean {
    if (isEmpty(interval)) return true;
    const { merged } = this;
    const at = this.firstAbove(interval.after);
    const before = merged[at - 1];
    const next = merged[at];
    if (before !== undefined && compareEnds(before.through, interval.after) > 0) return false;
    if (next !== undefined && compareEnds(interval.through, next.after) > 0) return false;
    const joinsBefore = before !== undefined && compareEnds(before.through, interval.after) === 0;
    const joinsNext = next !== undefined && compareEnds(interval.through, next.after) === 0;
    const after = joinsBefore ? before.after : interval.after;
    const through = joinsNext ? next.through : interval.through;
    merged.splice(at - (joinsBefore ? 1 : 0), (joinsBefore ? 1 : 0) + (joinsNext ? 1 : 0), { after, through });
    return true;
  }

  /** What of the range is not covered, in ascending order. Empty: the range is complete. */
  missing(range: Interval): Interval[] {
    return gaps(range, this.merged);
  }

  /** The first interval that begins at or above the key. */
  private firstAbove(key: Uint8Array): number {
    let low = 0;
    let high = this.merged.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareKeys(this.merged[middle]!.after, key) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
