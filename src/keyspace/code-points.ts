/**
 * Keys as code points: the digits that split points are made of. UTF-8 sorts as its code points do, so order
 * is kept, and a key cut between two code points is UTF-8 still (R3).
 */

export type CodePoints = readonly number[];

const SPACE = 0x20;
const DOT = 0x2e;
const SLASH = 0x2f;
const BACKSLASH = 0x5c;

/** `key` must be valid UTF-8. */
export function toCodePoints(key: Uint8Array): number[] {
  const points: number[] = [];
  points.length = key.length;
  let count = 0;
  for (let i = 0; i < key.length; ) {
    const lead = key[i]!;
    if (lead < 0x80) {
      points[count++] = lead;
      i += 1;
    } else if (lead < 0xe0) {
      points[count++] = ((lead & 0x1f) << 6) | (key[i + 1]! & 0x3f);
      i += 2;
    } else if (lead < 0xf0) {
      points[count++] = ((lead & 0x0f) << 12) | ((key[i + 1]! & 0x3f) << 6) | (key[i + 2]! & 0x3f);
      i += 3;
    } else {
      points[count++] = ((lead & 0x07) << 18) | ((key[i + 1]! & 0x3f) << 12) | ((key[i + 2]! & 0x3f) << 6) | (key[i + 3]! & 0x3f);
      i += 4;
    }
  }
  points.length = count;
  return points;
}

export function toKey(points: CodePoints): Uint8Array {
  return Buffer.from(String.fromCodePoint(...points), 'utf8');
}

/** Length of the common prefix. */
export function commonPrefix(a: CodePoints, b: CodePoints): number {
  const length = Math.min(a.length, b.length);
  let i = 0;
  while (i < length && a[i] === b[i]) i++;
  return i;
}

/** Whether `a` sorts before `b`. */
export function before(a: CodePoints, b: CodePoints): boolean {
  const at = commonPrefix(a, b);
  return at < b.length && (at === a.length || a[at]! < b[at]!);
}

/**
 * Whether a split point may contain it. XML 1.0 knows no control characters, surrogates or U+FFFE and U+FFFF,
 * and S3 refuses a start-after with one of them. Some servers decode a `%` twice: that is for who cuts to know.
 */
export function isSafe(point: number): boolean {
  return (point >= 0x20 || point === 0x09 || point === 0x0a || point === 0x0d) && point !== 0x7f && (point < 0xd800 || point > 0xdfff) && point < 0x110000 && (point & 0xfffe) !== 0xfffe;
}

/** The first above it that a split point may contain; 0x110000 where there is none. */
export function nextSafe(point: number): number {
  let next = point + 1;
  while (!isSafe(next) && next < 0x110000) next++;
  return next;
}

// oxlint-disable-next-line no-control-regex -- white space, as servers see it
const ODD_SEGMENT = /\/\/|(?:^|[/\\])[\0- ]*\.\.?[\0- ]*(?:[/\\]|$)/;

/**
 * Whether a segment, between two slashes, is empty, or, between slashes of either kind, is `.` or `..` but for white space around it. MinIO
 * has no such keys, and refuses a start-after with one.
 */
export function hasOddSegment(points: CodePoints): boolean {
  // Nearly no key has one: it is not made a string for nothing.
  let previous = SLASH;
  for (let at = 0; at < points.length; at++) {
    const point = points[at]!;
    if ((previous === SLASH || previous === BACKSLASH) && (point <= SPACE || point === DOT || point === SLASH)) return ODD_SEGMENT.test(String.fromCodePoint(...points));
    previous = point;
  }
  return false;
}
