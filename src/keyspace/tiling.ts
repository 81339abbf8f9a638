/**
 * Which parts of the keyspace are covered by intervals, and which are not: the proof that a listing is
 * complete, and what is left to do after a crash (R2). Pure; knows nothing of pages or journals.
 */
import { compareEnds, compareKeys, type Interval } from './interval.ts';

/** `(a, a]` and worse hold no key. */
function isEmpty(interval: Interval): boolean {
  return compareEnds(interval.through, interval.after) <= 0;
}

function sorted(intervals: readonly Interval[]): Interval[] {
  return intervals.filter((interval) => !isEmpty(interval)).sort((a, b) => compareKeys(a.after, b.after));
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

/** The complement of `covered` (in any order) within `range`, in ascending order. Empty: the range is complete. */
export function missingIntervals(range: Interval, covered: readonly Interval[]): Interval[] {
  return gaps(range, sorted(covered));
}

/** The parts of the keyspace that more than one of the intervals covers, in ascending order and merged. */
export function overlaps(intervals: readonly Interval[]): Interval[] {
  const doubled = new Tiling();
  let covered: Uint8Array | null = new Uint8Array(0);
  for (const { after, through } of sorted(intervals)) {
    if (compareEnds(covered, after) > 0) {
      const shared = compareEnds(through, covered) < 0 ? through : covered;
      for (const part of doubled.missing({ after, through: shared })) doubled.add(part);
    }
    if (compareEnds(through, covered) > 0) covered = through;
  }
  return [...doubled.intervals];
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
