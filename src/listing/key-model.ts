/**
 * What the keys seen so far tell of those not seen: which characters occur at which place. A place is a number
 * of slashes, a distance from the last one, and the kind of the character before, so that names of different
 * lengths and patterns do not blur each other. Learns from a few keys of every page. Pure (R9).
 */
import { isSafe, type CodePoints } from '../keyspace/code-points.ts';

interface Characters {
  readonly seen: Set<number>;
  sorted: number[] | null;
}

const SLASH = 0x2f;
/** Keys have at most 1,024 bytes. */
const PLACES_A_SEGMENT = 1025;
const NONE: readonly number[] = [];

function kindOf(point: number): number {
  if (point >= 0x30 && point <= 0x39) return 1;
  if ((point >= 0x41 && point <= 0x5a) || (point >= 0x61 && point <= 0x7a)) return 2;
  return point < 0x80 ? 0 : 3;
}

/** The place of each character of a key, and of the one that would follow. */
export function placesOf(key: CodePoints): number[] {
  const places: number[] = [0];
  let segment = 0;
  let offset = 0;
  for (const point of key) {
    if (point === SLASH) {
      segment++;
      offset = 0;
    } else {
      offset++;
    }
    places.push((segment * PLACES_A_SEGMENT + offset) * 4 + kindOf(point));
  }
  return places;
}

export class KeyModel {
  private readonly places = new Map<number, Characters>();
  private readonly related = new Map<number, number[]>();

  learn(key: CodePoints): void {
    const places = placesOf(key);
    for (let depth = 0; depth < key.length; depth++) {
      let known = this.places.get(places[depth]!);
      if (known === undefined) this.places.set(places[depth]!, (known = { seen: new Set(), sorted: null }));
      if (known.seen.has(key[depth]!)) continue;
      known.seen.add(key[depth]!);
      known.sorted = null;
      this.related.clear();
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
