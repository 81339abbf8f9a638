/**
 * Percent-encoding as S3 signs it: what is encoded here is both sent and signed, so it is encoded exactly once and
 * never normalised (R3). `encodeURIComponent` leaves `!'()*` alone, which S3 encodes, and knows strings only.
 */

/** 1 where a byte stands for itself: RFC 3986's unreserved characters. */
const UNRESERVED = new Uint8Array(256);
for (const char of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~') UNRESERVED[char.charCodeAt(0)] = 1;

const UNRESERVED_OR_SLASH = UNRESERVED.slice();
UNRESERVED_OR_SLASH['/'.charCodeAt(0)] = 1;

const PERCENT = '%'.charCodeAt(0);
const HEX = Buffer.from('0123456789ABCDEF', 'latin1');

/** S3 keys have at most 1,024 bytes; a longer one from a key file still has to be asked for. */
let scratch = Buffer.allocUnsafe(3 * 1024);

function encode(bytes: Uint8Array, start: number, end: number, kept: Uint8Array): string {
  if ((end - start) * 3 > scratch.length) scratch = Buffer.allocUnsafe((end - start) * 3);
  const out = scratch;
  let at = 0;
  for (let i = start; i < end; i++) {
    const byte = bytes[i]!;
    if (kept[byte] === 1) {
      out[at++] = byte;
    } else {
      out[at++] = PERCENT;
      out[at++] = HEX[byte >> 4]!;
      out[at++] = HEX[byte & 15]!;
    }
  }
  return out.toString('latin1', 0, at);
}

/** A key as the path of its request, without a leading slash: `/` kept, `.`, `..` and `//` as they are. */
export function encodeKeyPath(bytes: Uint8Array, start: number, end: number): string {
  return encode(bytes, start, end, UNRESERVED_OR_SLASH);
}

/** The canonical query string: sorted by encoded name, then by encoded value; no value gives `name=`. */
export function encodeQuery(parameters: readonly (readonly [name: string, value: string | Uint8Array])[]): string {
  const encoded = parameters.map(([name, value]) => [encodeValue(name), encodeValue(value)] as const);
  encoded.sort(([nameA, valueA], [nameB, valueB]) => compareAscii(nameA, nameB) || compareAscii(valueA, valueB));
  return encoded.map(([name, value]) => `${name}=${value}`).join('&');
}

function encodeValue(value: string | Uint8Array): string {
  const bytes = typeof value === 'string' ? Buffer.from(value, 'utf8') : value;
  return encode(bytes, 0, bytes.length, UNRESERVED);
}

function compareAscii(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
