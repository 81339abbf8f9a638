/**
 * What the keys seen so far tell of those not seen: which characters occur at which place. A place is a number
 * of slashes, a distance from the last one, and the kind of the character before, so that names of different
 * lengths and patterns do not blur each other. Learns from a few keys of every page. Pure (R9).
 */
import { commonPrefix, isSafe, type CodePoints } from '../keyspace/code-points.ts';

interface Characters {
  readonly seen: Set<number>;
  sorted: number[] | null;
}

const SLASH = 0x2f;
/** Keys have at most 1,024 bytes. */
const PLACES_A_SEGMENT = 1025;
/** of the character before */
const KINDS = 4;
const NONE: readonly number[] = [];

function kindOf(point: number): number {
  if (point >= 0x30 && point <= 0x39) return 1;
  if ((point >= 0x41 && point <= 0x5a) || (point >= 0x61 && point <= 0x7a)) return 2;
  return point < 0x80 ? 0 : 3;
}

/**
 * The place of each character of a key, and of the one that would follow. `before`: those of a key that has the first
 * `shared` characters in common with it.
 */
export function placesOf(key: CodePoints, before: readonly number[] = [0], shared: number = 0): number[] {
  const places = before.slice(0, shared + 1);
  let place = Math.floor(places[shared]! / KINDS);
  for (let i = shared; i < key.length; i++) {
    const point = key[i]!;
    place = point === SLASH ? (Math.floor(place / PLACES_A_SEGMENT) + 1) * PLACES_A_SEGMENT : place + 1;
    places.push(place * KINDS + kindOf(point));
  }
  return places;
}

export class KeyModel {
  /** how often it has learnt something new */
  version = 0;
  private readonly places = new Map<number, Characters>();
  private readonly related = new Map<number, number[]>();
  private last: { readonly key: CodePoints; readonly places: readonly number[] } = { key: [], places: [0] };

  learn(key: CodePoints): void {
    // What it shares with the key learnt last is known, and of long keys nearly everything.
    const shared = commonPrefix(key, this.last.key);
    const places = placesOf(key, this.last.places, shared);
    this.last = { key, places };
    for (let depth = shared; depth < key.length; depth++) {
      let known = this.places.get(places[depth]!);
      if (known === undefined) this.places.set(places[depth]!, (known = { seen: new Set(), sorted: null }));
      if (known.seen.has(key[depth]!)) continue;
      known.seen.add(key[depth]!);
      known.sorted = null;
      this.related.clear();
      this.version++;
    }
  }

  /** Characters seen at a place, ascending. */
  seen(place: number): readonly number[] {
    const known = this.places.get(place);
    if (known === undefined) return NONE;
    return (known.sorted ??= [...known.seen].filter(isSafe).sort((a, b) => a - b));
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
