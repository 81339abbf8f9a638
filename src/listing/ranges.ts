/**
 * The ranges of a parallel listing: they tile what was asked for, each has at most one request on its way, and
 * only here are they cut, advanced and closed. No I/O: `next` says what to ask, `finish` is told the answer.
 */
import { commonPrefix, hasOddSegment, toCodePoints, toKey, type CodePoints } from '../keyspace/code-points.ts';
import { BEGINNING, compareEnds, compareKeys, type Interval } from '../keyspace/interval.ts';
import { isFitForStartAfter } from './continuation.ts';
import { KeyModel } from './key-model.ts';
import type { RangeView } from './outlook.ts';
import { keysLeft, planCuts, type Basis, type Cut } from './split.ts';

/** A page to ask for: the keys above `after`. */
export interface PageOrder {
  readonly range: number;
  readonly after: Uint8Array;
}

/** A page as it came. */
export interface PageNews {
  /** keys of the page within the range */
  readonly count: number;
  readonly firstKey: Uint8Array | null;
  readonly lastKey: Uint8Array | null;
  /** some of its keys, ascending */
  readonly sample: readonly Uint8Array[];
  /** nothing of the range is left */
  readonly isLast: boolean;
}

interface Range {
  readonly id: number;
  after: Uint8Array;
  through: Uint8Array | null;
  /** the last key known to lie below its cursor that can be given as start-after; empty: the beginning of the bucket */
  anchor: Uint8Array;
  points: CodePoints | null;
  pageFirst: CodePoints | null;
  pageKeys: number;
  pages: number;
  readonly partings: number[];
  asked: boolean;
  /** its page is being taken in: where it ends stays until that is done */
  fixed: boolean;
  /** the neighbour above; null at the end */
  next: Range | null;
  /** whether its first page had keys; null before it came */
  hasKeys: boolean | null;
  /** about how many keys it was thought to have when it was cut off; null for the first */
  readonly expected: number | null;
  /** what spoke for the cut that made it; null for the first */
  readonly basis: Basis | null;
  /** as decisions saw it last, and where it ended then */
  view: (RangeView & { readonly end: Uint8Array | null }) | null;
}

/** How much one cut's outcome counts against those before. */
const LUCK_WEIGHT = 1 / 32;
/** Names that do not come are not waited for any longer than this many pages. */
const PAGES_WITHOUT_NAMES = 3;

/** Of what is left of a range, no more than so many times what it has listed is believed in an estimate. */
const FORESIGHT = 4;

export class Ranges {
  splits = 0;
  /** whether the server takes a `%` in a start-after for what it is */
  percentIsSafe = false;
  /** whether it takes an empty segment, `.` or `..` there: one that has keys with such segments does */
  private oddSegmentIsSafe = false;
  private readonly open = new Map<number, Range>();
  private readonly model: KeyModel = new KeyModel();
  private readonly prefixLength: number;
  private readonly luck = { seen: 1, guessed: 1 };
  private awaitsNames = false;
  private pages = 0;
  /** where cuts are of no use: see `retreat` */
  private readonly uncut: { readonly after: Uint8Array; readonly through: Uint8Array }[] = [];
  private nextId = 0;
  private asked = 0;

  /** `missing`: what is to be listed, disjoint. */
  constructor(missing: readonly Interval[], prefix: Uint8Array) {
    this.prefixLength = toCodePoints(prefix).length;
    for (const { after, through } of missing) this.add({ after, through, anchor: BEGINNING, next: null, basis: null, expected: null });
  }

  private add(beginning: Pick<Range, 'after' | 'through' | 'anchor' | 'next' | 'basis' | 'expected'>): Range {
    const range: Range = { ...beginning, id: this.nextId++, points: null, pageFirst: null, pageKeys: 0, pages: 0, partings: [], asked: false, fixed: false, hasKeys: null, view: null };
    this.open.set(range.id, range);
    return range;
  }

  get created(): number {
    return this.nextId;
  }

  get inFlight(): number {
    return this.asked;
  }

  /**
   * Where the range ends now: what is beyond belongs to the neighbour. To be asked when the answer is there, for it may
   * have moved since the page was asked for; from then on it stays until `finish`.
   */
  through(id: number): Uint8Array | null {
    const range = this.open.get(id)!;
    range.fixed = true;
    return range.through;
  }

  /** The requests to send so that as many as `inFlight` are on their way. */
  next(inFlight: number): PageOrder[] {
    const orders: PageOrder[] = [];
    for (const range of this.open.values()) {
      if (this.asked >= inFlight) return orders;
      if (!range.asked) orders.push(this.order(range));
    }
    if (this.awaitsNames && this.pages <= PAGES_WITHOUT_NAMES) return orders;
    if (this.asked < inFlight) for (const range of this.split(inFlight - this.asked)) orders.push(this.order(range));
    return orders;
  }

  private order(range: Range): PageOrder {
    range.asked = true;
    this.asked++;
    return { range: range.id, after: range.after };
  }

  /** Takes a page in. The interval that it proves: from the range's cursor to its last key, or to the range's end. */
  finish(id: number, page: PageNews): Interval {
    const range = this.answered(id);
    // An empty page that others follow, as of a run of delete markers: it tells nothing.
    if (!page.isLast && page.lastKey === null) return { after: range.after, through: range.after };
    this.pages++;
    if (range.hasKeys === null && range.basis !== null) this.luck[range.basis] += ((page.count > 0 ? 1 : 0) - this.luck[range.basis]) * LUCK_WEIGHT;
    range.hasKeys ??= page.count > 0;
    const sample = page.sample.map(toCodePoints);
    this.learn(sample);
    for (let i = 1; i < sample.length; i++) {
      const parted = commonPrefix(sample[i - 1]!, sample[i]!);
      range.partings[parted] = (range.partings[parted] ?? 0) + 1;
    }
    const { after } = range;
    this.anchor(range, page.sample);
    if (page.isLast) {
      this.open.delete(id);
      return { after, through: range.through };
    }
    range.after = page.lastKey!;
    range.points = toCodePoints(page.lastKey!);
    range.pageFirst = toCodePoints(page.firstKey!);
    range.pageKeys = page.count;
    range.pages++;
    return { after, through: page.lastKey };
  }

  private answered(id: number): Range {
    const range = this.open.get(id)!;
    range.asked = false;
    range.fixed = false;
    this.asked--;
    return range;
  }

  /** What a range has come past is an anchor for those above it too, up to one that has its own. */
  private anchor(range: Range, sample: readonly Uint8Array[]): void {
    const anchor = sample.findLast((key) => isFitForStartAfter(key, this.percentIsSafe));
    if (anchor === undefined) return;
    for (let each: Range | null = range; each !== null && compareKeys(each.anchor, anchor) < 0; each = each.next) each.anchor = anchor;
  }

  /**
   * The range begins at a cut and cannot go on from its first page: what lies up to `above` has to be listed by who comes
   * from below, with tokens. Either the neighbour gets it, and the range begins above, or is gone; or, where that one has
   * ended, the range is to be asked from the key that is given back, which lies below it. Null: as `next` says.
   */
  retreat(id: number, above: Uint8Array): Uint8Array | null {
    const range = this.answered(id);
    const below = [...this.open.values()].find(({ next }) => next === range);
    if (below?.fixed === true) return null;
    this.uncut.push({ after: range.after, through: above });
    if (below === undefined) return range.anchor;
    if (compareEnds(range.through, above) > 0) {
      below.through = range.after = above;
    } else {
      below.through = range.through;
      below.next = range.next;
      this.open.delete(id);
    }
    return null;
  }

  /** Names of folders were asked for: nothing is cut before they come, or for long. */
  awaitNames(): void {
    this.awaitsNames = true;
  }

  /** Takes in the names of folders: what keys begin with there is as good as keys seen. `isWhole`: there are no others. */
  learnNames(names: readonly Uint8Array[], isWhole: boolean): void {
    this.awaitsNames = false;
    const points = names.map(toCodePoints);
    this.learn(points);
    if (isWhole && names.length > 0) this.model.learnNames(points);
  }

  private learn(keys: readonly CodePoints[]): void {
    for (const key of keys) this.model.learn(key);
    this.oddSegmentIsSafe ||= keys.some(hasOddSegment);
  }

  private split(idle: number): Range[] {
    const candidates = [...this.open.values()].filter((range) => range.points !== null && !range.fixed);
    const views = candidates.map(viewOf);
    const plans = planCuts(views, idle, this.model, this.luck, this.prefixLength, this.asked + idle, { percent: this.percentIsSafe, oddSegment: this.oddSegmentIsSafe });
    return candidates.flatMap((range, index) => this.cut(range, plans[index]!));
  }

  /** About how many keys are left to list: an estimate. Null before anything is known. */
  keysLeft(): number | null {
    let left: number | null = null;
    for (const range of this.open.values()) {
      const listed = range.pages * range.pageKeys;
      const here = range.points === null ? range.expected : Math.min(keysLeft(viewOf(range), this.model, this.luck, this.prefixLength), listed * FORESIGHT);
      if (here !== null) left = (left ?? 0) + here;
    }
    return left;
  }

  /** Cuts a range at ascending keys strictly inside what is left of it. */
  private cut(range: Range, cuts: readonly Cut[]): Range[] {
    const added: Range[] = [];
    // From the last on: each is the neighbour of the one before.
    for (const { at, basis, keys } of cuts.toReversed()) {
      const key = this.movedUp(toKey(at));
      if (compareEnds(range.through, key) <= 0) continue;
      range.next = this.add({ after: key, through: range.through, anchor: range.anchor, next: range.next, basis, expected: Math.min(keys, (basis === 'seen' ? FORESIGHT * range.pages : 1) * range.pageKeys) });
      range.through = key;
      added.push(range.next);
    }
    this.splits += added.length;
    return added;
  }

  /** The cut, or a place above it where a range can begin. */
  private movedUp(cut: Uint8Array): Uint8Array {
    for (const { after, through } of this.uncut) if (compareKeys(cut, after) >= 0 && compareKeys(cut, through) < 0) return through;
    return cut;
  }
}

/** A range that has had a page, as decisions see it: the same object as long as nothing of it has changed. */
function viewOf(range: Range): RangeView {
  const { view, points, next } = range;
  const isOpen = next?.hasKeys !== null;
  const isBounded = next?.hasKeys === true;
  if (view !== null && view.cursor === points && view.end === range.through && view.isOpen === isOpen && view.isBounded === isBounded) return view;
  range.view = {
    cursor: points!,
    end: range.through,
    through: range.through === null ? null : toCodePoints(range.through),
    pageFirst: range.pageFirst!,
    isOpen,
    isBounded,
    pageKeys: range.pageKeys,
    pages: range.pages,
    partings: range.partings,
  };
  return range.view;
}
