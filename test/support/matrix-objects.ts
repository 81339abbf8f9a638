/**
 * What the conformance matrix writes into each server: some 600 objects by class, more than 500 of them with awkward
 * keys. Every body but the empty ones is unlike all others, so that an object that a server stores under another name
 * is found again by its ETag; for the same reason no key becomes another one when a server cleans paths.
 */
import type { PutObjectCommandInput } from '@aws-sdk/client-s3';

export type ObjectHeaders = Omit<PutObjectCommandInput, 'Bucket' | 'Key' | 'Body'>;

export interface MatrixObject {
  readonly objectClass: string;
  readonly key: string;
  readonly body: Buffer;
  readonly headers: ObjectHeaders;
  /** user metadata whose bytes on the wire are to be UTF-8, and not what the SDK makes of it */
  readonly raw?: Readonly<Record<string, string>>;
  /** in parts of 5 MiB */
  readonly multipart?: true;
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, at) => at);
}

function codePoints(from: number, through: number): string[] {
  return range(through - from + 1).map((at) => String.fromCodePoint(from + at));
}

function bytesOf(key: string): number {
  return Buffer.byteLength(key);
}

/** So many bytes, in names of at most `name` bytes between slashes, which file systems bound. */
function longKey(unit: string, bytes: number, name: number): string {
  let key = '';
  let inName = 0;
  while (bytesOf(key) + bytesOf(unit) <= bytes) {
    if (inName + bytesOf(unit) > name && bytesOf(key) + 1 + bytesOf(unit) <= bytes) {
      key += '/';
      inName = 0;
    }
    key += unit;
    inName += bytesOf(unit);
  }
  return key.padEnd(key.length + bytes - bytesOf(key), 'x');
}

/** A folder a key, so that none is both a file and a folder, and cleaning a path makes no two keys one. */
function inFolders(folder: string, names: readonly string[]): string[] {
  return names.map((name, at) => `${folder}/${at}/${name}`);
}

const BLOCKS: readonly number[] = [0xa1, 0x100, 0x250, 0x370, 0x400, 0x900, 0x1000, 0x1e00, 0x2000, 0x20a0, 0x2500, 0x3040, 0x4e00, 0xac00, 0xe000, 0xf900, 0xfb00, 0xfe00, 0xff01, 0xfffd];

/** Letters that have a composed and a decomposed form, and some that normalisation takes for others. */
const NORMALISED = ['é', 'Å', 'ñ', 'ü', 'ç', 'ệ', 'ǖ', 'ṩ', 'ཱི', '한', '각', 'が', 'ポ', 'Ḍ̇', 'क़', 'שׁ', 'أ', 'й', 'ΐ', '𑂚', '≠', 'ö̲'];

const KEYS: Readonly<Record<string, readonly string[]>> = {
  'every printable ASCII character': codePoints(0x20, 0x7e).filter((char) => char !== '/' && char !== '.').map((char, at) => `ascii/${at}/a${char}b`),
  'ASCII at the ends': codePoints(0x20, 0x7e).filter((char) => !/[\w/.]/.test(char)).flatMap((char, at) => [`ends/${at}/${char}`, `ends/${at}b/${char}${char}`]),
  'empty segments': ['/lead', '//lead-two', '///lead-three', 'seg//empty', 'seg//two//empty', 'seg/three///empty', 'tail/', 'tail-two//', '/both/', '//both-two//'],
  dots: [
    '.hidden',
    '..two',
    '...',
    'dots/.hidden',
    'dots/trailing.',
    'dots/trailing..',
    './lead-dot',
    '../lead-up',
    'dot/./segment',
    'dot2/././segment',
    'up/../segment-up',
    'up2/a/../../segment-up2',
    'end-dot/.',
    'end-up/a/..',
    'dots/..hidden/x',
    'dots/%2e%2e/x',
    'dots/a..b',
  ],
  plus: inFolders('plus', ['+', '++', 'a+b', 'a b+c', '+lead', 'tail+', 'a%2Bb', '%20+', '+ +']),
  percent: inFolders('percent', ['%', '%%', '100%', '%2F', '%2f', '%41', '%00', '%zz', '%E9', '%C3%A9', '%25', '%2525', '%u00e9', '50%+1', 'a%20b', 'a%0Ab']),
  spaces: inFolders('spaces', [' lead', 'tail ', ' ', '  ', 'a  b', 'a\u00a0b', '\u2003wide', '\u3000full', 'x\u2028y', 'x\u2029y', 'x\u0085y', '\u180e', '\ufeffmark']),
  'quotes, brackets, ampersands': inFolders('markup', ['"', "'", '`', '<', '>', '&', '<tag>', '</Key>', '&amp;', '&lt;', '&#65;', '&#x0;', ']]>', '<!--', '<![CDATA[x]]>', '<?xml?>', '"a"&\'b\'<c>', '&nbsp;', '&unknown;']),
  'characters of URLs and shells': inFolders('url', ['?a=b&c=d', '#fragment', ';x', ':80', 'a@b', '$HOME', '!', '*', '(a)', '[b]', '{c}', '|', '^', '~', '\\', 'C:\\x', '=1+1', '-rf', '@cell', ',', 'http:', 's3:']),
  'control characters': inFolders('control', [...codePoints(0x01, 0x1f), '\u007f', ...codePoints(0x80, 0x9f)].map((char) => `a${char}b`)),
  'every plane of Unicode': [
    ...inFolders('bmp', BLOCKS.map((from) => codePoints(from, from + 2).join(''))),
    ...range(16).flatMap((plane) => inFolders(`plane${plane + 1}`, [0x0000, 0x0041, 0xfffd].map((low) => String.fromCodePoint((plane + 1) * 0x10000 + low)))),
    ...inFolders('emoji', ['😀', '👩‍👩‍👧', '🇩🇪', '👍🏽', '❤️', '🏴󠁧󠁢󠁥󠁮󠁧󠁿']),
    ...inFolders('non', ['\uffff', '\ufffe', '\u{1fffe}', '\u{10ffff}', '\ufdd0', '\ufffd']),
  ],
  'combining, both normalisations': NORMALISED.flatMap((text, at) => [`nf/${at}/c-${text.normalize('NFC')}`, `nf/${at}/d-${text.normalize('NFD')}`]).concat(
    inFolders('nf/more', ['\u0301alone', 'Ω', 'Ω', 'K', 'ﬁ', 'ſ', 'ẞ', 'İi', 'ıI', 'a\u0323\u0307', 'a\u0307\u0323', 'x\u200dy', 'x\u200cy', 'x\u200by']),
  ),
  'right to left': inFolders('rtl', ['שלום', 'مرحبا', 'שלום/עולם', 'abc שלום def', '\u202eabc\u202c', '\u2066abc\u2069', '\u200fx', '\u200ex', '\u061c', '١٢٣', 'ܫܠܡܐ', 'ߒߞߏ', '𐤀𐤁', '𞤀𞤣', 'a\u202db', '\u2067שלום\u2069']),
  '1,024 bytes': [
    ...['a', 'é', '鍵', '😀', '%', ' b', '+', '\u0301', 'שׁ', 'A'].map((unit, at) => `${at}/${longKey(unit, 1022, 255)}`),
    ...['a', '鍵', '😀'].map((unit, at) => `n${at}/${longKey(unit, 1021, 1024)}`),
    longKey('b/', 1023, 1024).replace(/x$/, 'y') + 'z',
    // a byte more than S3 allows
    `over/${longKey('c', 1020, 250)}`,
  ],
  'what reads as something else': inFolders('reads', ['007', '1e5', '-0', 'null', 'true', 'NaN', '__proto__', 'constructor', 'toString', 'CON', 'nul.txt', '.xl.meta', 'xl.meta', '.minio.sys', '.sgwtmp', 'index.html', '.DS_Store', '2026-01-01', '1,2', '=SUM(A1)', "'text"]),
  'names that differ in capitals only': inFolders('capitals', ['a', 'A', 'ß', 'SS', 'ǆ', 'ǅ', 'Ǆ', 'i', 'I']).concat(['Case/x', 'case/x', 'CASE/x']),
};

function metadata(...sets: readonly Record<string, string>[]): ObjectHeaders[] {
  return sets.map((Metadata) => ({ Metadata }));
}

const KEPT_UNTIL = new Date('2099-01-02T03:04:05Z');

/** Of the objects whose keys are plain and whose headers are not. */
export const HEADERS_PREFIX = 'headers/';

/** Headers by class. */
const HEADERS: Readonly<Record<string, readonly ObjectHeaders[]>> = {
  'user metadata, ASCII': metadata(
    { label: 'cat' },
    { 'upper-case-name': 'Value', 'x.y_z': 'dots and underlines' },
    { spaces: 'a  b   c' },
    { list: 'a, b, "c"', url: 'https://example.com/?a=b&c=%2F' },
    { json: '{"a":[1,2]}', equals: '=1+1' },
    { markup: '<a href="x">&amp;</a>', quotes: `"'"` },
    { constructor: 'c', tostring: 's' },
    { 'content-type': 'not/it', etag: 'nor this' },
    { long: 'x'.repeat(1500) },
    Object.fromEntries(range(30).map((at) => [`field-${at}`, String(at).repeat(20)])),
  ),
  'user metadata, RFC 2047 words': metadata(
    { note: '=?UTF-8?B?Z3LDvMOfZQ==?=', plain: 'x' },
    { note: '=?UTF-8?Q?na=C3=AFve_caf=C3=A9?=' },
    { note: '=?utf-8?b?8J+YgA==?=' },
    { note: '=?UTF-8?q?half?= =?UTF-8?q?_and_half?=' },
    { note: '=?UTF-8?X?broken?=', other: '=?UTF-8?B?' },
  ),
  'system headers': [
    { ContentType: 'image/jpeg' },
    { ContentType: 'text/plain; charset=utf-8', ContentLanguage: 'de, en' },
    { ContentType: 'application/json', ContentEncoding: 'gzip' },
    { ContentType: 'application/vnd.x+json; q="a;b"', CacheControl: 'no-cache, max-age=0' },
    { ContentDisposition: 'attachment; filename="a b.txt"', CacheControl: 'public, max-age=31536000' },
    { Expires: new Date('2030-01-02T03:04:05Z') },
    { WebsiteRedirectLocation: '/elsewhere' },
    { Tagging: 'a=1&b=2' },
    {
      ContentType: 'video/mp4',
      CacheControl: 'private',
      ContentDisposition: 'inline',
      ContentEncoding: 'br',
      ContentLanguage: 'fr',
      Expires: new Date('2001-01-01T00:00:00Z'),
      Metadata: { all: 'of them' },
    },
  ],
  'storage classes': (['STANDARD', 'REDUCED_REDUNDANCY', 'STANDARD_IA', 'ONEZONE_IA', 'INTELLIGENT_TIERING', 'GLACIER', 'DEEP_ARCHIVE', 'GLACIER_IR'] as const).map((StorageClass) => ({ StorageClass })),
  checksums: (['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'] as const).map((ChecksumAlgorithm) => ({ ChecksumAlgorithm })),
  'SSE-S3': [{ ServerSideEncryption: 'AES256' }, { ServerSideEncryption: 'AES256', Metadata: { secret: 'not this' } }],
  'object lock': [
    { ObjectLockMode: 'GOVERNANCE', ObjectLockRetainUntilDate: KEPT_UNTIL },
    { ObjectLockLegalHoldStatus: 'ON' },
    { ObjectLockMode: 'COMPLIANCE', ObjectLockRetainUntilDate: KEPT_UNTIL, ObjectLockLegalHoldStatus: 'OFF' },
  ],
};

const RAW: readonly Readonly<Record<string, string>>[] = [{ raw: 'grüße' }, { raw: '日本語' }, { raw: 'naïve, "quoted" 😀' }, { raw: 'ключ '.repeat(40).trim(), ascii: 'x' }];

/** Objects with these need a bucket that is made for it. */
export const LOCKED_CLASS = 'object lock';

function unlike(at: number): Buffer {
  return Buffer.from(`object ${at}\n`);
}

/** All of them, in the same order every time. */
export function matrixObjects(): MatrixObject[] {
  const objects: Omit<MatrixObject, 'body'>[] = [];
  for (const [objectClass, keys] of Object.entries(KEYS)) objects.push(...keys.map((key) => ({ objectClass, key, headers: {} })));
  for (const [objectClass, sets] of Object.entries(HEADERS)) {
    const name = objectClass.replaceAll(/[^A-Za-z0-9]+/g, '-');
    objects.push(...sets.map((headers, at) => ({ objectClass, key: `${HEADERS_PREFIX}${name}/${at}`, headers })));
  }
  objects.push(...RAW.map((raw, at) => ({ objectClass: 'user metadata, raw UTF-8', key: `${HEADERS_PREFIX}raw/${at}`, headers: {}, raw })));
  return [
    ...objects.map((object, at) => ({ ...object, body: unlike(at) })),
    ...range(3).map((at) => ({ objectClass: 'zero bytes', key: `size/zero-${at}`, headers: {}, body: Buffer.alloc(0) })),
    ...range(2).map((at): MatrixObject => ({ objectClass: 'multipart', key: `size/parts-${at}`, headers: { Metadata: { parts: '2' } }, body: Buffer.alloc(5 * 2 ** 20 + at + 1, `${at}`), multipart: true })),
  ];
}
