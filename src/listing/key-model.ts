/**
 * What the keys seen so far tell of those not seen: which characters occur at which place. A place is a number
 * of slashes, a distance from the last one, and the kind of the character before, so that names of different
 * lengths and patterns do not blur each other; nor do words, since only what was seen behind a character, at any place, is
 * taken to follow it. Where all names of folders are known, each beginning of one is a place of its own. Learns from a few
 * keys of every page. Pure (R9).
 */
import { commonPrefix, isSafe, type CodePoints } from '../keyspace/code-points.ts';

interface Characters {
  readonly seen: Set<number>;
  /** by the character before: those of them that were seen behind it anywhere, ascending */
  readonly behind: Map<number, Behind>;
}

/** Good for as long as no more are seen. */
interface Behind {
  readonly points: readonly number[];
  readonly ofSeen: number;
  readonly ofNext: number;
}

/** Whether a cut may contain it. */
export type IsFit = (point: number) => boolean;

const SLASH = 0x2f;
/** Keys have at most 1,024 bytes. */
const PLACES_A_SEGMENT = 1025;
/** of the character before */
const KINDS = 4;
const NONE: readonly number[] = [];
/** What stands before the first character. */
const BEGINNING = -1;

function kindOf(point: number): number {
  if (point >= 0x30 && point <= 0x39) return 1;
  if ((point >= 0x41 && point <= 0x5a) || (point >= 0x61 && point <= 0x7a)) return 2;
  return point < 0x80 ? 0 : 3;
}

/** A place among the names of folders that are known: what follows there, and the place of what follows that. */
interface NamePlace {
  readonly next: Map<number, number>;
  sorted: readonly number[] | null;
  /** the place that it would be otherwise */
  readonly general: number;
}

function generalAfter(place: number, point: number): number {
  const at = (place - (place % KINDS)) / KINDS;
  return (point === SLASH ? at - (at % PLACES_A_SEGMENT) + PLACES_A_SEGMENT : at + 1) * KINDS + kindOf(point);
}

export class KeyModel {
  /** how often it has learnt something new */
  version = 0;
  private readonly places = new Map<number, Characters>();
  /** what was seen behind each character, wherever that was */
  private readonly next = new Map<number, Set<number>>();
  private readonly related = new Map<number, number[]>();
  /** numbered from -1 down */
  private readonly named: NamePlace[] = [];
  private last: { readonly key: CodePoints; readonly places: readonly number[] } = { key: [], places: [0] };

  /**
   * The place of each character of a key, and of the one that would follow. `before`: those of a key that has the first
   * `shared` characters in common with it.
   */
  placesOf(key: CodePoints, before: readonly number[] = [this.named.length > 0 ? -1 : 0], shared: number = 0): number[] {
    const places = before.slice(0, shared + 1);
    let i = shared;
    for (; i < key.length && places[i]! < 0; i++) places.push(this.placeAfter(places[i]!, key[i]!));
    for (let place = places[i]!; i < key.length; i++) places.push((place = generalAfter(place, key[i]!)));
    return places;
  }

  /** The place of what follows a character. */
  placeAfter(place: number, point: number): number {
    if (place >= 0) return generalAfter(place, point);
    const { next, general } = this.named[-1 - place]!;
    return next.get(point) ?? generalAfter(general, point);
  }

  /** Whether all that may stand at a place is known. */
  isExact(place: number): boolean {
    return place < 0;
  }

  /** Whether what stands at a place may go on with what is fit: of the names that are known, all of one. */
  hasFit(place: number, isFit: IsFit): boolean {
    if (place >= 0) return true;
    for (const [point, after] of this.named[-1 - place]!.next) if (isFit(point) && this.hasFit(after, isFit)) return true;
    return false;
  }

  /** `names`: of all folders that there are, each with its slash. */
  learnNames(names: readonly CodePoints[]): void {
    const root: NamePlace = { next: new Map(), sorted: null, general: 0 };
    this.named.push(root);
    for (const name of names) {
      let at = root;
      for (const point of name.slice(0, -1)) {
        let place = at.next.get(point);
        if (place === undefined) {
          at.next.set(point, (place = -1 - this.named.length));
          this.named.push({ next: new Map(), sorted: null, general: generalAfter(at.general, point) });
        }
        at = this.named[-1 - place]!;
      }
      at.next.set(SLASH, generalAfter(at.general, SLASH));
    }
    this.last = { key: [], places: [-1] };
    this.version++;
  }

  learn(key: CodePoints): void {
    // What it shares with the key learnt last is known, and of long keys nearly everything.
    const shared = commonPrefix(key, this.last.key);
    const places = this.placesOf(key, this.last.places, shared);
    this.last = { key, places };
    for (let depth = shared; depth < key.length; depth++) {
      if (this.isExact(places[depth]!)) continue;
      const point = key[depth]!;
      const before = key[depth - 1] ?? BEGINNING;
      let known = this.places.get(places[depth]!);
      if (known === undefined) this.places.set(places[depth]!, (known = { seen: new Set(), behind: new Map() }));
      let next = this.next.get(before);
      if (next === undefined) this.next.set(before, (next = new Set()));
      if (known.seen.has(point) && next.has(point)) continue;
      known.seen.add(point);
      next.add(point);
      this.related.clear();
      this.version++;
    }
  }

  /** Characters seen at a place, those that were seen behind the one before, ascending. */
  seen(place: number, before: number = BEGINNING): readonly number[] {
    if (place < 0) {
      const named = this.named[-1 - place]!;
      return (named.sorted ??= [...named.next.keys()].sort((a, b) => a - b));
    }
    const known = this.places.get(place);
    const next = this.next.get(before);
    if (known === undefined || next === undefined) return NONE;
    const kept = known.behind.get(before);
    if (kept?.ofSeen === known.seen.size && kept.ofNext === next.size) return kept.points;
    const points = [...known.seen].filter((point) => next.has(point)).sort((a, b) => a - b);
    known.behind.set(before, { points, ofSeen: known.seen.size, ofNext: next.size });
    return points;
  }

  /** How many characters were seen at a place, behind whatever. */
  breadth(place: number): number {
    return place < 0 ? this.named[-1 - place]!.next.size : (this.places.get(place)?.seen.size ?? 0);
  }

  /** Those seen, with those that may occur there too. */
  seenOrLikely(place: number, before: number): readonly number[] {
    const seen = this.seen(place, before);
    if (this.isExact(place) || seen.length === 0) return seen;
    return [...new Set([...seen, ...this.likely(seen.at(-1)!)])].sort((a, b) => a - b);
  }

  /** Characters that may stand where this one does: those that stand with it in any place, and digits for a digit. Ascending. */
  likely(point: number): readonly number[] {
    const cached = this.related.get(point);
    if (cached !== undefined) return cached;
    const union = new Set<number>();
    for (const { seen } of this.places.values()) if (seen.has(point) && seen.size > 1) for (const other of seen) union.add(other);
    if (point >= 0x30 && point <= 0x39) for (let digit = 0x30; digit <= 0x39; digit++) union.add(digit);
    const sorted = [...union].filter(isSafe).sort((a, b) => a - b);
    this.related.set(point, sorted);
    return sorted;
  }
}
