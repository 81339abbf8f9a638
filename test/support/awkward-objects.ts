/** About 120 objects that S3 tools get wrong: their keys, headers and metadata. No server's behaviour is assumed here. */
import {
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  UploadPartCommand,
  type PutObjectCommandInput,
  type S3Client,
} from '@aws-sdk/client-s3';

type Headers = Omit<PutObjectCommandInput, 'Bucket' | 'Key' | 'Body'>;
type AwkwardObject = Headers & { readonly Key: string; readonly Body: Uint8Array };

const KEYS: readonly string[] = [
  'plain.txt',
  ' leading space',
  'trailing space ',
  'two  spaces/in a row',
  ' ',
  'plus+plus',
  'plus and space+ +',
  '100%',
  'per%cent',
  'literal%2Fslash',
  '%2e%2e/%41',
  '%',
  'query?a=b&c=d',
  'fragment#part',
  'semi;colon,comma:colon@at=$!',
  'double"quote',
  "single'quote",
  '<tag>&amp;</Key>',
  ']]>',
  'back\\slash',
  'pipe|caret^back`tick~tilde',
  '{braces}[brackets](parentheses)*',
  '.hidden',
  'folder/.hidden',
  '..two dots',
  '...',
  'trailing.dot.',
  '007',
  '1e5',
  '-0',
  'null',
  'true',
  '__proto__',
  'constructor',
  's3://other/key',
  '=1+1',
  '+1',
  '-1',
  '@cell',
  "'=quoted",
  "''plain",
  '＝full width',
  'über/größe',
  'caf\u00e9 composed',
  'cafe\u0301 decomposed',
  '\u0301 combining first',
  'angstrom \u212b',
  'angstrom \u00c5',
  'ﬁ ligature',
  'İstanbul ı ß ẞ',
  'ключ/файл',
  '日本語/鍵',
  '한글 \u1112\u1161\u11ab',
  'שלום עולם',
  'العربية',
  'override \u202edcba\u202c',
  'isolate \u2066x\u2069',
  'zero\u200bwidth\u200djoiner',
  'mark \ufeff inside',
  'line\u2028separator',
  'next\u0085line',
  'emoji 😀',
  'family 👩‍👩‍👧',
  'clef 𝄞',
  'plane 2 \u{20000}',
  'tag \u{e0041}',
  'private \ue000 \u{10fffd}',
  'last \uffff',
  'replacement \ufffd',
  'z \uff5e before \u{10000}',
  'tab\tinside',
  'new\nline',
  'carriage\rreturn',
  '\u0001control',
  'escape \u001b[31mred',
  'delete \u007f',
  '/leading slash',
  'trailing slash/',
  'empty//segment',
  '//two',
  'dot/./segment',
  'dot/../segment',
  Array.from({ length: 9 }, (_, i) => String(i).repeat(i === 8 ? 92 : 100)).join('/'),
  Array.from({ length: 9 }, () => '鍵'.repeat(33)).join('/'),
  Array.from({ length: 9 }, () => '%'.repeat(99)).join('/'),
];

/** Encoded words as AWS and MinIO send them, and what they mean. */
export const ENCODED_WORDS: ReadonlyMap<string, string> = new Map([
  ['=?UTF-8?B?Z3LDvMOfZQ==?=', 'grüße'],
  ['=?UTF-8?Q?na=C3=AFve_caf=C3=A9?=', 'naïve café'],
  ['=?utf-8?b?8J+YgA==?=', '😀'],
]);

const METADATA: readonly Record<string, string>[] = [
  { label: 'cat' },
  { label: 'two words', 'Upper-Case': 'Value' },
  { spaces: 'a  b   c', empty: '' },
  { list: 'a, b, "c"', url: 'https://example.com/?a=b&c=%2F' },
  ...[...ENCODED_WORDS.keys()].map((words) => ({ note: words, plain: 'x' })),
  { json: '{"a":[1,2]}', equals: '=1+1' },
  { constructor: 'c', tostring: 's' },
  Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`field-${i}`, String(i).repeat(20)])),
];

/** Every system header that S3 stores with an object. */
const SYSTEM_HEADERS: readonly Headers[] = [
  { ContentType: 'image/jpeg' },
  { ContentType: 'text/plain; charset=utf-8', ContentLanguage: 'de, en' },
  { ContentType: 'application/json', ContentEncoding: 'gzip' },
  { ContentType: 'application/vnd.x+json; q="a;b"', CacheControl: 'no-cache, max-age=0' },
  { ContentDisposition: 'attachment; filename="a b.txt"', CacheControl: 'public, max-age=31536000' },
  { Expires: new Date('2030-01-02T03:04:05Z') },
  { StorageClass: 'REDUCED_REDUNDANCY' },
  { Tagging: 'a=1&b=2' },
  { ChecksumAlgorithm: 'SHA256' },
  { ChecksumAlgorithm: 'CRC32C' },
  { ChecksumAlgorithm: 'CRC64NVME' },
  { ChecksumAlgorithm: 'SHA1' },
  {
    ContentType: 'video/mp4',
    CacheControl: 'private',
    ContentDisposition: 'inline',
    ContentEncoding: 'br',
    ContentLanguage: 'fr',
    Expires: new Date('2001-01-01T00:00:00Z'),
    Metadata: { all: 'of them' },
  },
];

function bytes(length: number): Uint8Array {
  return Buffer.alloc(length, 'x');
}

const OBJECTS: readonly AwkwardObject[] = [
  ...KEYS.map((Key, at) => ({ Key, Body: bytes(at) })),
  ...METADATA.map((Metadata, at) => ({ Key: `metadata/${at}`, Body: bytes(1), Metadata })),
  ...SYSTEM_HEADERS.map((headers, at) => ({ Key: `headers/${at}`, Body: bytes(1), ...headers })),
  { Key: 'size/zero', Body: bytes(0) },
  { Key: 'size/some', Body: bytes(100_000) },
];

const MULTIPART_KEY = 'size/multipart';
const PARTS = [bytes(5 * 1024 * 1024), bytes(3)];

async function putMultipart(client: S3Client, bucket: string): Promise<void> {
  const target = { Bucket: bucket, Key: MULTIPART_KEY };
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ ...target, ContentType: 'application/x-parts', Metadata: { parts: '2' } }));
  const Parts = [];
  for (const [at, Body] of PARTS.entries()) {
    const PartNumber = at + 1;
    const { ETag } = await client.send(new UploadPartCommand({ ...target, UploadId, PartNumber, Body }));
    Parts.push({ PartNumber, ETag });
  }
  await client.send(new CompleteMultipartUploadCommand({ ...target, UploadId, MultipartUpload: { Parts } }));
}

export interface Written {
  /** the keys that the server accepted; it may have stored some under another name */
  readonly accepted: readonly string[];
  /** the others, and what it said of each */
  readonly refused: readonly string[];
}

/** Makes the bucket and writes every object that the server accepts. */
export async function writeAwkwardObjects(client: S3Client, bucket: string): Promise<Written> {
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  const accepted: string[] = [];
  const refused: string[] = [];
  for (const object of OBJECTS) {
    try {
      await client.send(new PutObjectCommand({ Bucket: bucket, ...object }));
      accepted.push(object.Key);
    } catch (error) {
      const { name, $metadata } = error as { name: string; $metadata?: { httpStatusCode?: number } };
      // What is no answer of the server is no opinion on the key.
      if ($metadata?.httpStatusCode === undefined || $metadata.httpStatusCode >= 500) throw error;
      refused.push(`${JSON.stringify(object.Key)}: ${$metadata.httpStatusCode} ${name}`);
    }
  }
  await putMultipart(client, bucket);
  return { accepted: [...accepted, MULTIPART_KEY], refused };
}
