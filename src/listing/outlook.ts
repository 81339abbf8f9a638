/**
 * What is left of a range, as decisions see it: branches of a trie, those beside the cursor's path, from the deepest up, each
 * with an estimate of its keys. Branches that were seen elsewhere count in full; branches that only might be there count
 * by how seldom they had a chance to show. Pure (R9).
 */
import { commonPrefix, nextSafe, type CodePoints } from '../keyspace/code-points.ts';
import type { KeyModel } from './key-model.ts';

/** A range as the decision sees it. */
export interface RangeView {
  /** the last key listed */
  readonly cursor: CodePoints;
  /** null for the end of the prefix */
  readonly through: CodePoints | null;
  /** the first key of the page that ended at the cursor, and the page's keys */
  readonly pageFirst: CodePoints;
  readonly pageKeys: number;
  /** false while what was last cut off it has not answered: how much is left is not known before */
  readonly isOpen: boolean;
  /** keys are known to lie beyond its end */
  readonly isBounded: boolean;
  /** pages it has given so far */
  readonly pages: number;
  /** how often consecutive samples of the range parted at each depth: each time, what could follow deeper had its chance */
  readonly partings: readonly number[];
}

/** A branch beside the path: all keys that begin with `path[0, depth)` and then `point`. */
export interface Branch {
  readonly path: CodePoints;
  readonly depth: number;
  readonly point: number;
  /** of what follows the point */
  readonly place: number;
  readonly keys: number;
  /** the part of it that is in the range: all but for the end's own branch */
  readonly part: number;
  readonly isSeen: boolean;
}

export interface Outlook {
  /** keys that are left, in branches that were seen */
  readonly known: number;
  /** keys that may be left in branches that nobody has seen */
  readonly guessed: number;
  readonly branches: readonly Branch[];
}

const MAX_BRANCHES = 4096;
/** Branches of less than this, in pages, do not count in what is left of the one that the cursor is in. */
const FINEST = 1 / 8;
/** The share to give to a branch nobody has seen, between two that were. */
const BETWEEN = 0.5;

function above(sorted: readonly number[], least: number, most: number): number[] {
  return sorted.filter((point) => point > least && point <= most);
}

/** Those of `candidates` that nobody has seen there. */
function notSeen(candidates: readonly number[], seen: readonly number[], least: number, most: number): number[] {
  return above(candidates, least, most).filter((point) => !seen.includes(point));
}

const outlooks = new WeakMap<RangeView, { readonly version: number; readonly outlook: Outlook }>();

/** What is left of a range, nearest first. Kept until the model learns more: a decision looks at every range again. */
export function outlookOf(range: RangeView, model: KeyModel, prefixLength: number): Outlook {
  const kept = outlooks.get(range);
  if (kept?.version === model.version) return kept.outlook;
  const outlook = outlookNow(range, model, prefixLength);
  outlooks.set(range, { version: model.version, outlook });
  return outlook;
}

function outlookNow(range: RangeView, model: KeyModel, prefixLength: number): Outlook {
  const { cursor, through, pageFirst, pageKeys } = range;
  const places = model.placesOf(cursor);
  const breadthAt = (depth: number): number => Math.max(1, model.seen(places[depth]!, cursor[depth - 1]).length);
  const end = through === null ? prefixLength : commonPrefix(cursor, through);
  const parted = commonPrefix(pageFirst, cursor);
  const varied = Math.max(end, parted);
  const crossed = (fractionBefore(cursor, parted, places, model) - fractionBefore(pageFirst, parted, model.placesOf(pageFirst), model)) * breadthAt(parted);
  // Keys in one full branch at the depth where the page varies, or below it, where the range does.
  let keys = pageKeys / Math.max(crossed, 1 / 256);
  for (let depth = parted + 1; depth <= varied; depth++) keys /= breadthAt(depth);
  // What is left of the branch that the cursor is in.
  let deepest = varied;
  while (keys > pageKeys * FINEST && deepest < cursor.length - 1) keys /= breadthAt(++deepest);
  // The end's own branch is in the range only as far as the end.
  const partBefore = through === null ? 0 : fractionBefore(through, end + 1, model.placesOf(through), model);
  const chances = chancesOf(range.partings, places, model);
  const branches: Branch[] = [];
  let known = 0;
  let guessed = 0;
  for (let depth = deepest; depth >= end && branches.length < MAX_BRANCHES; depth--) {
    const here = cursor[depth] ?? -1;
    const limit = depth === end && through !== null ? through[depth]! : Infinity;
    const seen = above(model.seen(places[depth]!, cursor[depth - 1]), here, limit);
    // Between two branches that have keys, there are others.
    const chance = depth === end && range.isBounded ? Math.max(chances[depth]!, BETWEEN) : chances[depth]!;
    const isComplete = depth === cursor.length || depth > varied || model.isExact(places[depth]!);
    let others = isComplete ? [] : notSeen(model.likely(here), seen, here, limit);
    if (others.length === 0 && !isComplete) others = notSeen([nextSafe(here)], seen, here, limit);
    for (let i = 0, j = 0; i < seen.length || j < others.length; ) {
      const isSeen = j === others.length || (i < seen.length && seen[i]! < others[j]!);
      const point = isSeen ? seen[i++]! : others[j++]!;
      const whole = point === limit ? keys * partBefore : keys;
      const weighted = isSeen ? whole : whole * chance;
      branches.push({ path: cursor, depth, point, place: model.placeAfter(places[depth]!, point), keys: weighted, part: point === limit ? partBefore : 1, isSeen });
      if (isSeen) known += weighted;
      else guessed += weighted;
    }
    keys *= breadthAt(depth);
  }
  return { known, guessed, branches };
}

/** How far into its branch a key lies, 0 to 1: by the characters seen at the places from `depth` on. */
function fractionBefore(key: CodePoints, depth: number, places: readonly number[], model: KeyModel): number {
  let fraction = 0;
  let share = 1;
  for (let at = depth; at < key.length && at < depth + 4; at++) {
    const seen = model.seen(places[at]!, key[at - 1]);
    if (seen.length === 0) break;
    share /= seen.length;
    fraction += share * seen.filter((point) => point < key[at]!).length;
  }
  return fraction;
}

/**
 * The share to give to a branch at each depth that nobody has seen: small where it had many chances to show,
 * in this range or below other parents.
 */
function chancesOf(partings: readonly number[], places: readonly number[], model: KeyModel): number[] {
  let parted = 0;
  let parents = 1;
  return places.map((place, depth) => {
    const chance = 1 / (parted + parents);
    parted += partings[depth] ?? 0;
    parents *= Math.max(1, model.breadth(place));
    return chance;
  });
}
