/**
 * Where idle listers cut the ranges that are left: pure (R9). `(ranges, model, idle) → cuts`.
 *
 * Cuts lie where the estimate of what is left divides evenly, and where most of it is guesswork, on all scales at once:
 * galloping, so that one round finds the shape. What cannot be cut is cut off.
 */
import { before, hasOddSegment, isSafe, type CodePoints } from '../keyspace/code-points.ts';
import type { IsFit, KeyModel } from './key-model.ts';
import { outlookOf, type Branch, type Outlook, type RangeView } from './outlook.ts';

const PERCENT = 0x25;
/** How many characters beyond its branch a cut has at most. */
const MAX_DEPTH = 40;
/** How exact a cut is, in pages. */
const RESOLUTION = 1 / 32;
/** A range is cut into pieces of so many pages or more, on average. */
const LEAST_PIECE = 1.5;
/** What is reckoned to each piece, in pages, for estimates that are too low. */
const SLACK = 0.05;

/** Of several branches, one that can be cut, and how much of it is to lie before the cut. */
interface Spot {
  readonly at: number;
  readonly fraction: number;
}

/** What cannot be cut is cut off: at the end of the branch before it, or where the one behind it begins, whichever is nearer. */
function beside({ at, fraction }: Spot, count: number, canBeCut: (branch: number) => boolean, keysOf: (branch: number) => number): Spot | null {
  let lower = at;
  let upper = at;
  let toLower = keysOf(at) * fraction;
  let toUpper = keysOf(at) - toLower;
  for (lower--; lower >= 0 && !canBeCut(lower); lower--) toLower += keysOf(lower);
  for (upper++; upper < count && !canBeCut(upper); upper++) toUpper += keysOf(upper);
  if (lower >= 0 && (upper === count || toLower <= toUpper)) return { at: lower, fraction: 1 };
  return upper < count ? { at: upper, fraction: 0 } : null;
}

/** A key that divides a branch so that `fraction` of it lies before, as far as what was seen tells. */
function within(branch: Branch, fraction: number, model: KeyModel, pageKeys: number, isFit: IsFit): number[] {
  const point = [...branch.path.slice(0, branch.depth), branch.point];
  let rest = fraction * branch.part;
  let { place, keys } = branch;
  for (let depth = 0; depth < MAX_DEPTH && keys > pageKeys * (rest === 1 ? 1 : RESOLUTION) && rest > 0; depth++) {
    // What a branch ends with has seldom been seen when its end is wanted.
    const seen = rest === 1 ? model.seenOrLikely(place, point.at(-1)!) : model.seen(place, point.at(-1));
    if (seen.length === 0) break;
    const at = Math.min(seen.length - 1, Math.floor(rest * seen.length));
    let spot: Spot | null = { at, fraction: rest * seen.length - at };
    const here = place;
    const canBeCut = (index: number): boolean => isFit(seen[index]!) && model.hasFit(model.placeAfter(here, seen[index]!), isFit);
    if (!canBeCut(at)) spot = beside(spot, seen.length, canBeCut, () => 1);
    if (spot === null) break;
    point.push(seen[spot.at]!);
    rest = spot.fraction;
    keys /= seen.length;
    place = model.placeAfter(place, seen[spot.at]!);
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

/** What the server is known to take in a start-after for what it is. */
export interface Taken {
  /** a `%`: some servers decode it */
  readonly percent: boolean;
  /** a segment that is empty, `.` or `..`: some servers refuse it */
  readonly oddSegment: boolean;
}

/** Whether keys were seen to branch so, or only might. */
export type Basis = 'seen' | 'guessed';

/** How often cuts of either basis found keys behind them lately, 0 to 1. */
export type Luck = Readonly<Record<Basis, number>>;

/** Cuts of one range for `count` idle listers, ascending, strictly inside it. There may be fewer. */
function cutsOf(range: RangeView, view: Outlook, count: number, model: KeyModel, isFit: IsFit, taken: Taken): Cut[] {
  const { pageKeys, through, cursor } = range;
  const seen = view.branches.filter(({ isSeen, keys }) => isSeen && keys > 0);
  const unseen = view.branches.filter(({ isSeen }) => !isSeen);
  const bySeen = Math.min(count, Math.floor(view.known / (LEAST_PIECE * pageKeys)));
  const byGuess = view.guessed > pageKeys ? Math.min(count - bySeen, unseen.length) : 0;
  const cuts: Cut[] = [];
  const keys = view.known / (bySeen + 1);
  // Each piece a whole number of pages, so that its last one is full: half a page a cut is lost otherwise.
  const whole = Math.ceil(view.known / pageKeys + SLACK * (bySeen + 1));
  const canBeCut = (index: number): boolean => isFit(seen[index]!.point) && model.hasFit(seen[index]!.place, isFit);
  let passed = 0;
  let at = 0;
  for (let cut = 1; cut <= bySeen; cut++) {
    const target = (view.known * Math.round((whole * cut) / (bySeen + 1))) / whole;
    while (at < seen.length - 1 && passed + seen[at]!.keys < target) passed += seen[at++]!.keys;
    let spot: Spot | null = { at, fraction: Math.min(1, (target - passed) / seen[at]!.keys) };
    if (!canBeCut(at)) spot = beside(spot, seen.length, canBeCut, (index) => seen[index]!.keys);
    if (spot !== null) cuts.push({ at: within(seen[spot.at]!, spot.fraction, model, pageKeys, isFit), basis: 'seen', keys });
  }
  for (let cut = 0; cut < byGuess; cut++) {
    const branch = unseen[Math.floor(((cut + 0.5) * unseen.length) / byGuess)]!;
    cuts.push({ at: [...branch.path.slice(0, branch.depth), branch.point], basis: 'guessed', keys: branch.keys });
  }
  const inside = cuts.filter(({ at: cut }) => cut.every(isFit) && (taken.oddSegment || !hasOddSegment(cut)) && before(cursor, cut) && (through === null || before(cut, through)));
  inside.sort((a, b) => (before(a.at, b.at) ? -1 : before(b.at, a.at) ? 1 : 0));
  return inside.filter((cut, index) => index === 0 || before(inside[index - 1]!.at, cut.at));
}

/** What a range counts for, in pages: beyond this, estimates differ by more than they know. */
const MAX_PAGES = 100000;
/** A range with less left is better read by its owner alone. */
const MIN_PAGES = 2;
/** A cut is worth while if its pieces are this share of what an even division would give each lister. */
const FAIR_SHARE = 0.7;
/** Guesswork counts for as much as this, in pages, at most. */
const MAX_GUESSED_PAGES = 64;

function pagesLeft({ pageKeys, pages }: RangeView, { known, guessed }: Outlook, luck: Luck): number {
  return Math.min(known / pageKeys, MAX_PAGES * pages) * luck.seen + Math.min(guessed / pageKeys, MAX_GUESSED_PAGES) * luck.guessed;
}

/** About how many keys are left of a range: an estimate, good for a progress line. */
export function keysLeft(range: RangeView, model: KeyModel, luck: Luck, prefixLength: number): number {
  return pagesLeft(range, outlookOf(range, model, prefixLength), luck) * range.pageKeys;
}

/** Cuts for `idle` listers: always at the range that has most left for each of its listers. */
export function planCuts(ranges: readonly RangeView[], idle: number, model: KeyModel, luck: Luck, prefixLength: number, inFlight: number, taken: Taken): Cut[][] {
  const isFit: IsFit = (point) => isSafe(point) && (taken.percent || point !== PERCENT);
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
      const cuts = cutsOf(ranges[index]!, views[index]!, had + count, model, isFit, taken);
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
