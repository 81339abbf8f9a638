import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HeadObjectCommand, S3Client, type HeadObjectCommandOutput } from '@aws-sdk/client-s3';
import * as fc from 'fast-check';
import { HEAD_COLUMNS, type Schema } from '../../src/records/columns.ts';
import { blockOf } from '../../src/http/header-block.ts';
import { HeaderDecoder } from '../../src/records/header-decoder.ts';
import { RecordBuilder } from '../../src/records/record-builder.ts';
import { rowsOf, type Cell, type Row } from './arrow-rows.ts';

/** A header as it is on the wire; strings are latin1. */
type Header = readonly [name: string, value: string];

function wire(headers: readonly Header[]): Buffer[] {
  return headers.flat().map((text) => Buffer.from(text, 'latin1'));
}

/** latin1 characters that are the UTF-8 bytes of the text. */
function utf8(text: string): string {
  return Buffer.from(text).toString('latin1');
}

/** One row for each answer, all through one decoder: it remembers what the answers before looked like. */
function decode(answers: readonly (readonly Header[])[], schema: Schema = HEAD_COLUMNS, errorRow = false): Row[] {
  const decoder = new HeaderDecoder(schema);
  const builder = new RecordBuilder(schema);
  for (const headers of answers) {
    decoder.read(blockOf(wire(headers)));
    decoder.write(builder, errorRow);
    builder.endRow();
  }
  return rowsOf(schema, builder.take());
}

function decodeOne(headers: readonly Header[], schema?: Schema, errorRow?: boolean): Row {
  return decode([headers], schema, errorRow)[0]!;
}

// ---- the oracle: the SDK's own reading of the same headers -------------------------------------------------

let answered: Record<string, string> = {};
const sdk = new S3Client({
  region: 'us-east-1',
  credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
  requestHandler: { handle: () => Promise.resolve({ response: { statusCode: 200, headers: { ...answered }, body: undefined } }) } as never,
});

/** Names in lower case, repeated ones joined, as Node's http hands them to the SDK. */
function joined(headers: readonly Header[]): Record<string, string> {
  const values: Record<string, string> = {};
  for (const [name, value] of headers) {
    const key = name.toLowerCase();
    values[key] = Object.hasOwn(values, key) ? `${values[key]}, ${value}` : value;
  }
  return values;
}

const TEXT_FIELDS: readonly (readonly [column: string, header: string, field: keyof HeadObjectCommandOutput])[] = [
  ['version_id', 'x-amz-version-id', 'VersionId'],
  ['content_type', 'content-type', 'ContentType'],
  ['cache_control', 'cache-control', 'CacheControl'],
  ['content_disposition', 'content-disposition', 'ContentDisposition'],
  ['content_encoding', 'content-encoding', 'ContentEncoding'],
  ['content_language', 'content-language', 'ContentLanguage'],
  ['accept_ranges', 'accept-ranges', 'AcceptRanges'],
  ['expires', 'expires', 'ExpiresString'],
  ['storage_class', 'x-amz-storage-class', 'StorageClass'],
  ['server_side_encryption', 'x-amz-server-side-encryption', 'ServerSideEncryption'],
  ['sse_customer_algorithm', 'x-amz-server-side-encryption-customer-algorithm', 'SSECustomerAlgorithm'],
  ['sse_customer_key_md5', 'x-amz-server-side-encryption-customer-key-md5', 'SSECustomerKeyMD5'],
  ['sse_kms_key_id', 'x-amz-server-side-encryption-aws-kms-key-id', 'SSEKMSKeyId'],
  ['website_redirect_location', 'x-amz-website-redirect-location', 'WebsiteRedirectLocation'],
  ['replication_status', 'x-amz-replication-status', 'ReplicationStatus'],
  ['restore', 'x-amz-restore', 'Restore'],
  ['expiration', 'x-amz-expiration', 'Expiration'],
  ['archive_status', 'x-amz-archive-status', 'ArchiveStatus'],
  ['request_charged', 'x-amz-request-charged', 'RequestCharged'],
  ['checksum_crc32', 'x-amz-checksum-crc32', 'ChecksumCRC32'],
  ['checksum_crc32c', 'x-amz-checksum-crc32c', 'ChecksumCRC32C'],
  ['checksum_crc64nvme', 'x-amz-checksum-crc64nvme', 'ChecksumCRC64NVME'],
  ['checksum_sha1', 'x-amz-checksum-sha1', 'ChecksumSHA1'],
  ['checksum_sha256', 'x-amz-checksum-sha256', 'ChecksumSHA256'],
  ['checksum_type', 'x-amz-checksum-type', 'ChecksumType'],
  ['object_lock_mode', 'x-amz-object-lock-mode', 'ObjectLockMode'],
  ['object_lock_legal_hold', 'x-amz-object-lock-legal-hold', 'ObjectLockLegalHoldStatus'],
];

/** Values are bytes that are UTF-8, or else latin1. */
function textOf(value: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(value, 'latin1'));
  } catch {
    return value;
  }
}

async function rowBySdk(headers: readonly Header[]): Promise<Row> {
  answered = joined(headers);
  const output = await sdk.send(new HeadObjectCommand({ Bucket: 'bucket', Key: 'key' }));
  const cells: Record<string, Cell | undefined> = {
    content_length: output.ContentLength === undefined ? undefined : BigInt(output.ContentLength),
    last_modified: output.LastModified?.getTime(),
    etag: output.ETag === undefined ? undefined : textOf(output.ETag.replace(/^"(.*)"$/s, '$1')),
    metadata: Object.entries(output.Metadata ?? {}).map(([name, value]) => [name, textOf(value)] as const),
    bucket_key_enabled: output.BucketKeyEnabled,
    delete_marker: output.DeleteMarker,
    parts_count: output.PartsCount,
    missing_meta: output.MissingMeta,
    tag_count: output.TagCount,
    object_lock_retain_until: output.ObjectLockRetainUntilDate?.getTime(),
    request_id: answered['x-amz-request-id'] && textOf(answered['x-amz-request-id']),
    extra_headers: extraOf(answered),
  };
  for (const [column, , field] of TEXT_FIELDS) {
    const value = output[field];
    if (typeof value === 'string') cells[column] = textOf(value);
  }
  return Object.fromEntries(Object.entries(cells).filter((cell): cell is [string, Cell] => cell[1] !== undefined));
}

const COLUMN_HEADERS = new Set(HEAD_COLUMNS.map(({ header }) => header));

function extraOf(headers: Readonly<Record<string, string>>): [string, string][] {
  const extra = Object.entries(headers).filter(([name]) => !COLUMN_HEADERS.has(name) && !name.startsWith('x-amz-meta-'));
  return extra.map(([name, value]) => [name, textOf(value)]);
}

// ---- headers at random -----------------------------------------------------------------------------------

const printable = fc.string({ unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)), minLength: 1, maxLength: 12 });
const value = fc
  .oneof(printable, printable, fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 }).map(utf8), fc.string({ unit: fc.constantFrom('é', 'Ü', 'a', '\xff'), minLength: 1, maxLength: 8 }))
  .map((text) => text.replace(/[\p{Cc} ]/gu, '.'))
  // encoded words are RFC 2047's tests
  .filter((text) => !text.includes('=?'));
const seconds = fc.integer({ min: 0, max: Date.UTC(2100, 0) }).map((ms) => Math.floor(ms / 1000) * 1000);
const small = fc.nat(2 ** 31 - 1).map(String);
const truth = fc.constantFrom('true', 'false');
const VALUES: Readonly<Record<string, fc.Arbitrary<string>>> = {
  ...Object.fromEntries(TEXT_FIELDS.map(([, header]) => [header, value])),
  'content-length': fc.oneof(fc.maxSafeInteger().map((n) => String(Math.abs(n))), fc.constantFrom('0', '1', String(Number.MAX_SAFE_INTEGER))),
  'last-modified': seconds.map((ms) => new Date(ms).toUTCString()),
  'x-amz-object-lock-retain-until-date': seconds.map((ms) => new Date(ms).toISOString()),
  etag: fc.oneof(value.map((tag) => `"${tag.replaceAll('"', '')}"`), value),
  'x-amz-server-side-encryption-bucket-key-enabled': truth,
  'x-amz-delete-marker': truth,
  'x-amz-mp-parts-count': small,
  'x-amz-missing-meta': small,
  'x-amz-tagging-count': small,
  'x-amz-request-id': value,
  server: value,
  date: value,
  'x-unknown': value,
};

/** The name in the case that the bits say. */
function spelt(name: string, bits: number): string {
  return name.split('').map((letter, at) => ((bits >> at % 31) & 1 ? letter.toUpperCase() : letter)).join('');
}

const headerOf = (name: string, values: fc.Arbitrary<string>): fc.Arbitrary<Header> =>
  fc.tuple(fc.oneof(fc.constant(0), fc.nat()), values).map(([bits, text]) => [spelt(name, bits), text] as const);
const plain = fc.constantFrom(...Object.keys(VALUES)).chain((name) => headerOf(name, VALUES[name]!));
/** Few names: they repeat, and come back in the next answer at another place. Of repeated values the SDK sees only the join, which must be UTF-8 as a whole. */
const meta = fc.constantFrom('a', 'b', 'label', 'x-amz-meta-', 'constructor').chain((name) => headerOf(`x-amz-meta-${name}`, value.map((text) => utf8(textOf(text)))));
/** Metadata may repeat; what else repeats, Node drops or joins by rules of its own. */
const answer = fc
  .tuple(fc.uniqueArray(plain, { selector: ([name]) => name.toLowerCase(), maxLength: 20 }), fc.array(meta, { maxLength: 5 }), fc.infiniteStream(fc.nat()))
  .map(([headers, metas, dice]) => [...headers, ...metas].map((header) => [dice.next().value, header] as const).sort(([a], [b]) => a - b).map(([, header]) => header));
/** Answers alike but for their values, as servers send them, and answers that have nothing in common. */
const alike = answer.chain((headers) =>
  fc.array(
    fc
      .tuple(fc.tuple(...headers.map(([name]) => headerOf(name.toLowerCase(), VALUES[name.toLowerCase()] ?? printable))), fc.oneof(fc.constant(99), fc.nat(20)))
      // some of them end earlier, or go on where the one before has ended
      .map(([same, length]) => same.slice(0, length)),
    { minLength: 1, maxLength: 4 },
  ),
);
const answers = fc.array(fc.oneof(alike, answer.map((one) => [one])), { minLength: 1, maxLength: 4 }).map((groups) => groups.flat());

test('any headers, in any order and case, are what the SDK makes of them', async () => {
  await fc.assert(
    fc.asyncProperty(answers, async (all) => {
      const expected: Row[] = [];
      for (const headers of all) expected.push(await rowBySdk(headers));
      const decoded = decode(all);
      // The SDK's objects have an order of their own: integer-like names first.
      assert.deepEqual(decoded.map(sortedMaps), expected.map(sortedMaps));
    }),
    { numRuns: 40 },
  );
});

function sortedMaps(row: Row): Row {
  const cells = Object.entries(row).map(([name, cell]) => [name, Array.isArray(cell) ? [...(cell as [string, string][])].sort(([a], [b]) => (a < b ? -1 : 1)) : cell] as const);
  return Object.fromEntries(cells);
}

test('what the shard asks of an answer is of that answer, whatever came before it', () => {
  fc.assert(
    fc.property(answers, (all) => {
      const decoder = new HeaderDecoder(HEAD_COLUMNS);
      for (const headers of all) {
        decoder.read(blockOf(wire(headers)));
        const values = joined(headers);
        assert.equal(decoder.contentLength(), Number(values['content-length'] ?? -1));
        assert.ok(Object.is(decoder.lastModified(), Date.parse(values['last-modified'] ?? '')));
        const tag = decoder.etag();
        assert.equal(tag && Buffer.from(tag).toString('latin1'), values['etag']?.replace(/^"(.*)"$/s, '$1') ?? null);
        for (const name of ['server', 'date', 'x-unknown', 'x-amz-request-id', 'retry-after']) assert.equal(decoder.text(name), values[name] ?? null);
      }
    }),
    { numRuns: 100 },
  );
});

function exact(digits: string): Cell | undefined {
  return decodeOne([['Content-Length', digits]])['content_length'];
}

test('Content-Length is exact up to the largest int64; what is no such number is null', () => {
  for (const digits of ['0', '9007199254740991', '9007199254740993', '9223372036854775807', '0000000000000000005']) assert.equal(exact(digits), BigInt(digits));
  for (const garbage of ['9223372036854775808', '99999999999999999999', '', '-1', '+1', '1e3', '0x10', '1.5', '12a', ' 1', '1, 1', '١']) {
    assert.equal(exact(garbage), undefined, garbage);
  }
});

test('a Content-Length that is no number is none to compare with LIST (R4)', () => {
  const decoder = new HeaderDecoder(HEAD_COLUMNS);
  for (const garbage of ['', 'abc', '-5', '12a', '1, 1']) {
    decoder.read(blockOf(wire([['Content-Length', garbage]])));
    assert.equal(decoder.contentLength(), -1, garbage);
  }
  decoder.read(blockOf(wire([['Content-Length', '9223372036854775807']])));
  assert.equal(decoder.contentLength(), 2 ** 63);
});

test('numbers and dates that are none are null, and cost only their own column', () => {
  for (const garbage of ['', 'x', '1.5', '2147483648', '0x1', '1e2', '-']) {
    const row = decodeOne([['x-amz-tagging-count', garbage], ['last-modified', garbage], ['etag', '"e"']]);
    assert.deepEqual(row, { etag: 'e', metadata: [], extra_headers: [] });
  }
});

function etag(sent: string): Cell | undefined {
  return decodeOne([['ETag', sent]])['etag'];
}

test('an ETag loses its quotes and nothing else', () => {
  assert.equal(etag('"d41d8cd98f00b204e9800998ecf8427e-17"'), 'd41d8cd98f00b204e9800998ecf8427e-17');
  assert.equal(etag('unquoted'), 'unquoted');
  assert.equal(etag('W/"weak"'), 'W/"weak"');
  assert.equal(etag('""'), '');
  assert.equal(etag('"'), '"');
  assert.equal(etag('"a'), '"a');
  assert.equal(etag(''), '');
});

test('metadata: raw UTF-8, latin1, encoded words, empty values, hostile names', () => {
  const row = decodeOne([
    ['X-Amz-Meta-Utf8', utf8('grün 鍵')],
    ['x-amz-meta-latin1', 'gr\xfcn'],
    ['x-amz-meta-word', '=?UTF-8?B?Z3LDvG4=?='],
    ['x-amz-meta-empty', ''],
    ['x-amz-meta-__proto__', 'x'],
    ['x-amz-meta-', 'no name'],
    ['x-amz-meta-=?UTF-8?Q?a?=', 'a name is no word'],
  ]);
  assert.deepEqual(row['metadata'], [['utf8', 'grün 鍵'], ['latin1', 'grün'], ['word', 'grün'], ['empty', ''], ['__proto__', 'x'], ['', 'no name'], ['=?utf-8?q?a?=', 'a name is no word']]);
});

test('a metadata header sent several times is one entry, as RFC 9110, 5.3, joins it', () => {
  const row = decodeOne([['x-amz-meta-a', '1'], ['x-amz-meta-b', 'x'], ['X-Amz-Meta-A', '=?UTF-8?Q?2?='], ['x-amz-meta-a', '']]);
  assert.deepEqual(row['metadata'], [['a', '1, 2, '], ['b', 'x']]);
});

test('a header that has a column and comes twice counts the first time', () => {
  const row = decodeOne([['x-amz-request-id', '1'], ['x-amz-request-id', '2'], ['content-length', '3'], ['content-length', '4'], ['x-amz-tagging-count', '5'], ['x-amz-tagging-count', '6']]);
  assert.deepEqual([row['request_id'], row['content_length'], row['tag_count']], ['1', 3n, 5]);
});

test('the row of an error has the request id, the version and the delete marker, and nothing of the error document', () => {
  const headers: Header[] = [
    ['Content-Type', 'application/xml'],
    ['Content-Length', '243'],
    ['Last-Modified', 'Sun, 06 Nov 1994 08:49:37 GMT'],
    ['x-amz-meta-a', '1'],
    ['x-amz-meta-a', '2'],
    ['Server', 'x'],
    ['x-amz-request-id', 'id'],
    ['x-amz-version-id', 'v'],
    ['x-amz-delete-marker', 'true'],
  ];
  assert.deepEqual(decodeOne(headers, HEAD_COLUMNS, true), { request_id: 'id', version_id: 'v', delete_marker: true });
});

test('columns that the scan leaves out are left out, also where what would fill them repeats', () => {
  const headers: Header[] = [['x-amz-meta-a', '1'], ['x-amz-meta-a', '2'], ['X-Other', '1'], ['x-other', '2'], ['ETag', '"e"']];
  const only = (...names: string[]): Row => decodeOne(headers, HEAD_COLUMNS.filter(({ name }) => names.includes(name)));
  assert.deepEqual(only('etag'), { etag: 'e' });
  assert.deepEqual(only('metadata'), { metadata: [['a', '1, 2']] });
  assert.deepEqual(only('extra_headers'), { extra_headers: [['x-other', '1, 2'], ['etag', '"e"']] });
});

// ---- answers about the first part ----------------------------------------------------------------------

test('where parts are asked for, Content-Range tells the length of the object, wherever it stands', () => {
  const decoder = new HeaderDecoder(HEAD_COLUMNS, true);
  const lengthOf = (...headers: readonly Header[]): [told: number, written: unknown] => {
    const builder = new RecordBuilder(HEAD_COLUMNS);
    decoder.read(blockOf(wire(headers)));
    decoder.write(builder, false);
    builder.endRow();
    return [decoder.contentLength(), rowsOf(HEAD_COLUMNS, builder.take())[0]!['content_length']];
  };
  const part: Header = ['Content-Length', '5242880'];
  assert.deepEqual(lengthOf(part, ['Content-Range', 'bytes 0-5242879/12000000']), [12_000_000, 12_000_000n]);
  assert.deepEqual(lengthOf(['content-range', 'bytes 0-5242879/5497558138880'], part), [5_497_558_138_880, 5_497_558_138_880n]);
  assert.deepEqual(lengthOf(part), [5_242_880, 5_242_880n]);
  // So moto describes the part of an object without a byte.
  assert.deepEqual(lengthOf(['Content-Length', '0'], ['Content-Range', 'bytes 0--1/0']), [0, 0n]);
  // Not that of the part: the object's is not told.
  for (const range of ['bytes 0-5242879/*', 'items 0-1/2', '']) assert.deepEqual(lengthOf(part, ['content-range', range]), [-1, undefined]);
});

test('nobody asked for a part: Content-Range means nothing', () => {
  assert.equal(decodeOne([['content-range', 'bytes 0-1/5'], ['content-length', '2']])['content_length'], 2n);
});
