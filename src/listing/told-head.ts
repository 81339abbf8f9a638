/**
 * What a listing tells of an object in place of a HEAD. MinIO, asked with `metadata=true`, puts the headers that it keeps
 * with an object into `<UserMetadata>`, an element a header. They are written here as the head of the answer that a HEAD
 * would have had, so that one decoder makes rows of both.
 *
 * An object of which anything might read otherwise in a HEAD is told nothing of, and is asked (never guessed): MinIO
 * encodes what is not ASCII in headers (RFC 2047) and not in listings, XML cannot hold every byte of a header, white
 * space at the ends is lost in headers, and a HEAD of an object under SSE-C or KMS tells more, or nothing without the key.
 * Read in MinIO's source (`setObjectHeaders`, `generateListObjectsV2Response`), and seen by asking.
 */
import { resolveReferences } from '../s3/xml.ts';
import { ETAG, LAST_MODIFIED, SIZE, SPAN_STRIDE, STORAGE_CLASS, USER_METADATA, type PageScan } from './page-scan.ts';
import { parseTimestamp } from './timestamp.ts';

const LESS_THAN = 0x3c;
const GREATER_THAN = 0x3e;
const SLASH = 0x2f;

/** What is the same in any case and in any encoding. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;
/** Printable ASCII without white space at its ends. */
const VALUE = /^(?:[!-~](?:[ -~]*[!-~])?)?$/;
const DIGITS = /^[0-9]{1,19}$/;
const ETAG_TEXT = /^"?([!#-~]+)"?$/;

const META_PREFIX = 'x-amz-meta-';
const ENCRYPTION = 'x-amz-server-side-encryption';
const CLASS = 'x-amz-storage-class';
/** Told by elements of their own, or of the connection. */
const NOT_KEPT: ReadonlySet<string> = new Set(['content-length', 'etag', 'last-modified', 'connection', 'transfer-encoding', 'date', 'content-range']);

type Header = readonly [name: string, value: string];

function textOf(body: Buffer, start: number, end: number): string {
  const text = body.toString('latin1', start, end);
  return text.includes('&') ? resolveReferences(body, start, end).toString('latin1') : text;
}

/** The elements in `[start, end)`, names in lower case; null where one of them might read otherwise in a header. */
function headersIn(body: Buffer, start: number, end: number): Header[] | null {
  const headers: Header[] = [];
  for (let at = start; at < end; ) {
    if (body[at] !== LESS_THAN) return null;
    const nameEnd = body.indexOf(GREATER_THAN, at);
    const textEnd = body.indexOf(LESS_THAN, nameEnd);
    const name = body.toString('latin1', at + 1, nameEnd);
    const close = textEnd + 2 + name.length;
    if (!NAME.test(name) || body[textEnd + 1] !== SLASH || body[close] !== GREATER_THAN || body.toString('latin1', textEnd + 2, close) !== name) return null;
    const value = textOf(body, nameEnd + 1, textEnd);
    if (!VALUE.test(value)) return null;
    headers.push([name.toLowerCase(), value]);
    at = close + 1;
  }
  return headers;
}

/** Whether a HEAD says just these, as far as they say anything of a column. */
function isPlain(headers: readonly Header[], storageClass: string): boolean {
  let hasType = false;
  let toldClass: string | null = null;
  let last = '';
  for (const [name, value] of headers) {
    // A name in two spellings is two entries here, and one of a HEAD's.
    if (name === last || NOT_KEPT.has(name)) return false;
    last = name;
    if (name.startsWith(ENCRYPTION) && (name !== ENCRYPTION || value !== 'AES256')) return false;
    if (value === '' && !name.startsWith(META_PREFIX)) return false;
    hasType ||= name === 'content-type';
    if (name === CLASS) toldClass = value;
  }
  // An object that was moved to another tier has that tier's name in a HEAD, and in the listing's own element.
  return hasType && storageClass === (toldClass ?? 'STANDARD');
}

/** The head of the answer that a HEAD of the page's object would have, or null where only a HEAD can tell. */
export function toldHead({ body, spans }: PageScan, object: number): string | null {
  const base = object * SPAN_STRIDE;
  const start = spans[base + 2 * USER_METADATA]!;
  const end = spans[base + 2 * USER_METADATA + 1]!;
  if (start === end) return null;
  const headers = headersIn(body, start, end);
  if (headers === null) return null;
  headers.sort(([a], [b]) => (a < b ? -1 : 1));
  const text = (field: number): string => textOf(body, spans[base + 2 * field]!, spans[base + 2 * field + 1]!);
  const modified = parseTimestamp(body, spans[base + 2 * LAST_MODIFIED]!, spans[base + 2 * LAST_MODIFIED + 1]!);
  const size = text(SIZE);
  const etag = ETAG_TEXT.exec(text(ETAG))?.[1];
  if (Number.isNaN(modified) || !DIGITS.test(size) || etag === undefined || !isPlain(headers, text(STORAGE_CLASS))) return null;
  let head = `HTTP/1.1 200 OK\r\ncontent-length: ${size}\r\netag: "${etag}"\r\nlast-modified: ${new Date(modified).toUTCString()}\r\n`;
  for (const [name, value] of headers) head += `${name}: ${value}\r\n`;
  return `${head}\r\n`;
}
