/**
 * Where idle listers cut the ranges that are left: pure (R9). `(ranges, model, idle) → cuts`.
 *
 * What is left of a range is seen as branches of a trie: those beside the cursor's path, from the deepest up,
 * each with an estimate of its keys. Branches that were seen elsewhere count in full; branches that only might
 * be there count by how seldom they had a chance to show. Cuts lie where the estimate divides evenly, and
 * where most of it is guesswork, on all scales at once: galloping, so that one round finds the shape.
 */
import { before, commonPrefix, isSafe, nextSafe, type CodePoints } from '../keyspace/code-points.ts';
import { placesOf, type KeyModel } from './key-model.ts';

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
interface Branch {
  readonly path: CodePoints;
  readonly depth: number;
  readonly point: number;
  readonly keys: number;
  /** the part of it that is in the range: all but for the end's own branch */
  readonly part: number;
  readonly isSeen: boolean;
}

interface Outlook {
  /** keys that are left, in branches that were seen */
  readonly known: number;
  /** keys that may be left in branches that nobody has seen */
  readonly guessed: number;
  readonly branches: readonly Branch[];
}

const PERCENT = 0x25;
const MAX_BRANCHES = 4096;
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
function outlookOf(range: RangeView, model: KeyModel, prefixLength: number): Outlook {
  const kept = outlooks.get(range);
  if (kept?.version === model.version) return kept.outlook;
  const outlook = outlookNow(range, model, prefixLength);
  outlooks.set(range, { version: model.version, outlook });
  return outlook;
}

function outlookNow(range: RangeView, model: KeyModel, prefixLength: number): Outlook {
  const { cursor, through, pageFirst, pageKeys } = range;
  const places = placesOf(cursor);
  const breadthAt = (depth: number): number => Math.max(1, model.seen(places[depth]!).length);
  const end = through === null ? prefixLength : commonPrefix(cursor, through);
  const parted = commonPrefix(pageFirst, cursor);
  const varied = Math.max(end, parted);
  const crossed = (fractionBefore(cursor, parted, places, model) - fractionBefore(pageFirst, parted, placesOf(pageFirst), model)) * breadthAt(parted);
  // Keys in one full branch at the depth where the page varies, or below it, where the range does.
  let keys = pageKeys / Math.max(crossed, 1 / 256);
  for (let depth = parted + 1; depth <= varied; depth++) keys /= breadthAt(depth);
  // The end's own branch is in the range only as far as the end.
  const partBefore = through === null ? 0 : fractionBefore(through, end + 1, placesOf(through), model);
  const chances = chancesOf(range.partings, places, model);
  const branches: Branch[] = [];
  let known = 0;
  let guessed = 0;
  for (let depth = varied; depth >= end && branches.length < MAX_BRANCHES; depth--) {
    const here = cursor[depth] ?? -1;
    const limit = depth === end && through !== null ? through[depth]! : Infinity;
    const seen = above(model.seen(places[depth]!), here, limit);
    // Between two branches that have keys, there are others.
    const chance = depth === end && range.isBounded ? Math.max(chances[depth]!, BETWEEN) : chances[depth]!;
    let others = depth < cursor.length ? notSeen(model.likely(here), seen, here, limit) : [];
    if (others.length === 0 && depth < cursor.length) others = notSeen([nextSafe(here)], seen, here, limit);
    for (let i = 0, j = 0; i < seen.length || j < others.length; ) {
      const isSeen = j === others.length || (i < seen.length && seen[i]! < others[j]!);
      const point = isSeen ? seen[i++]! : others[j++]!;
      const whole = point === limit ? keys * partBefore : keys;
      const weighted = isSeen ? whole : whole * chance;
      branches.push({ path: cursor, depth, point, keys: weighted, part: point === limit ? partBefore : 1, isSeen });
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
    const seen = model.seen(places[at]!);
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
    parents *= Math.max(1, model.seen(place).length);
    return chance;
  });
}

/** A key that divides a branch so that `fraction` of it lies before, as far as what was seen tells. */
function within(branch: Branch, fraction: number, model: KeyModel, resolution: number): number[] {
  const point = [...branch.path.slice(0, branch.depth), branch.point];
  let rest = fraction * branch.part;
  let keys = branch.keys;
  for (let depth = branch.depth + 1; depth < branch.depth + 40 && keys > resolution; depth++) {
    const seen = model.seen(placesOf(point)[depth]!);
    if (seen.length === 0) break;
    const at = Math.min(seen.length - 1, Math.floor(rest * seen.length));
    point.push(seen[at]!);
    rest = rest * seen.length - at;
    keys /= seen.length;
  }
  return point;
}

/** A place to cut, and what spoke for it. */
export interface Cut {
  readonly at: CodePoints;
  readonly basis: Basis;
  /** about how many keys lie between it and the next one */
  readonly keys: number;
}

/** Whether keys were seen to branch so, or only might. */
export type Basis = 'seen' | 'guessed';

/** How often cuts of either basis found keys behind them lately, 0 to 1. */
export type Luck = Readonly<Record<Basis, number>>;

/** Cuts of one range for `count` idle listers, ascending, strictly inside it. There may be fewer. */
function cutsOf(range: RangeView, view: Outlook, count: number, model: KeyModel, percentIsSafe: boolean): Cut[] {
  const { pageKeys, through, cursor } = range;
  const seen = view.branches.filter(({ isSeen }) => isSeen);
  const unseen = view.branches.filter(({ isSeen }) => !isSeen);
  const bySeen = Math.min(count, Math.floor(view.known / (1.5 * pageKeys)));
  const byGuess = view.guessed > pageKeys ? Math.min(count - bySeen, unseen.length) : 0;
  const cuts: Cut[] = [];
  let passed = 0;
  let at = 0;
  for (let cut = 1; cut <= bySeen; cut++) {
    const target = (view.known * cut) / (bySeen + 1);
    while (at < seen.length - 1 && passed + seen[at]!.keys < target) passed += seen[at++]!.keys;
    cuts.push({ at: within(seen[at]!, Math.min(1, (target - passed) / seen[at]!.keys), model, view.known / (bySeen + 1) / 8), basis: 'seen', keys: view.known / (bySeen + 1) });
  }
  for (let cut = 0; cut < byGuess; cut++) {
    const branch = unseen[Math.floor(((cut + 0.5) * unseen.length) / byGuess)]!;
    cuts.push({ at: [...branch.path.slice(0, branch.depth), branch.point], basis: 'guessed', keys: branch.keys });
  }
  const inside = cuts.filter(({ at: cut }) => cut.every(isSafe) && (percentIsSafe || !cut.includes(PERCENT)) && before(cursor, cut) && (through === null || before(cut, through)));
  inside.sort((a, b) => (before(a.at, b.at) ? -1 : before(b.at, a.at) ? 1 : 0));
  return inside.filter((cut, index) => index === 0 || before(inside[index - 1]!.at, cut.at));
}

/** What a range counts for, in pages: beyond this, estimates differ by more than they know. */
const MAX_PAGES = 100000;
/** A range with less left is better read by its owner alone: every cut costs half a page on average. */
const MIN_PAGES = 3;
/** A cut is worth while if its pieces are this share of what an even division would give each lister. */
const FAIR_SHARE = 0.7;
/** Guesswork counts for as much as this, in pages, at most. */
const MAX_GUESSED_PAGES = 256;

function pagesLeft({ pageKeys, pages }: RangeView, { known, guessed }: Outlook, luck: Luck): number {
  return Math.min(known / pageKeys, MAX_PAGES * pages) * luck.seen + Math.min(guessed / pageKeys, MAX_GUESSED_PAGES) * luck.guessed;
}

/** About how many keys are left of a range: an estimate, good for a progress line. */
export function keysLeft(range: RangeView, model: KeyModel, luck: Luck, prefixLength: number): number {
  return pagesLeft(range, outlookOf(range, model, prefixLength), luck) * range.pageKeys;
}

/** Cuts for `idle` listers: always at the range that has most left for each of its listers. */
export function planCuts(ranges: readonly RangeView[], idle: number, model: KeyModel, luck: Luck, prefixLength: number, inFlight: number, percentIsSafe: boolean): Cut[][] {
  const views = ranges.map((range) => outlookOf(range, model, prefixLength));
  const pages = views.map((view, index) => pagesLeft(ranges[index]!, view, luck));
  const least = Math.max(MIN_PAGES, (FAIR_SHARE * pages.reduce((sum, each) => sum + each, 0)) / inFlight);
  const plans: Cut[][] = ranges.map(() => []);
  const exhausted = new Set(ranges.flatMap(({ isOpen }, index) => (isOpen ? [] : [index])));
  let left = idle;
  while (left > 0) {
    const counts = allot(pages, plans.map((cuts) => cuts.length), exhausted, left, least);
    const wanted = counts.reduce((sum, count) => sum + count, 0);
    if (wanted === 0) break;
    for (const [index, count] of counts.entries()) {
      if (count === 0) continue;
      const had = plans[index]!.length;
      const cuts = cutsOf(ranges[index]!, views[index]!, had + count, model, percentIsSafe);
      if (cuts.length < had + count) exhausted.add(index);
      plans[index] = cuts;
      left -= Math.max(0, cuts.length - had);
    }
  }
  return plans;
}

/** How many more of `idle` each range gets; none where no more cuts are to be had. */
function allot(pages: readonly number[], given: readonly number[], exhausted: ReadonlySet<number>, idle: number, least: number): number[] {
  const counts = given.map(() => 0);
  for (let round = 0; round < idle; round++) {
    let best = -1;
    let most = least;
    for (let index = 0; index < pages.length; index++) {
      const share = pages[index]! / (given[index]! + counts[index]! + 1);
      if (share > most && !exhausted.has(index)) {
        best = index;
        most = share;
      }
    }
    if (best < 0) break;
    counts[best] = counts[best]! + 1;
  }
  return counts;
}
