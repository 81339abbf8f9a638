/**
 * Writes ListObjectsV2 answers in all the ways that servers do: how keys are encoded, how characters are
 * escaped, in which order elements stand, and what else is between them.
 */
import * as fc from 'fast-check';

export interface ListedObject {
  readonly key: string;
  readonly size: bigint;
  readonly lastModified: Date;
  readonly etag: string;
  readonly storageClass: string | null;
  readonly checksumAlgorithms: readonly string[];
  readonly checksumType: string | null;
  readonly owner: string | null;
  readonly restore: 'in-progress' | 'none' | Date | null;
}

/** How one server writes. */
export interface Dialect {
  /** null: the parameter is ignored, as versitygw does */
  readonly encoding: 'plus' | 'percent' | 'lower-case percent' | null;
  readonly encodingTypeAt: 'start' | 'end';
  readonly escape: 'named' | 'decimal' | 'hexadecimal';
  /** ETag as AWS writes it, as Go's encoder does, or with the quotes as they are */
  readonly quote: '&quot;' | '&#34;' | '"' | '';
  /** numbers that decide the order of the elements within each object */
  readonly order: number;
  readonly extras: boolean;
  readonly indent: string;
}

export const dialects: fc.Arbitrary<Dialect> = fc.record({
  encoding: fc.constantFrom('plus', 'percent', 'lower-case percent', null),
  encodingTypeAt: fc.constantFrom('start', 'end'),
  escape: fc.constantFrom('named', 'decimal', 'hexadecimal'),
  quote: fc.constantFrom('&quot;', '&#34;', '"', ''),
  order: fc.nat(),
  extras: fc.boolean(),
  indent: fc.constantFrom('', ' ', '\n  ', '\r\n\t'),
});

const AWS: Dialect = { encoding: 'plus', encodingTypeAt: 'start', escape: 'named', quote: '&quot;', order: 0, extras: false, indent: '' };

const keyCharacter = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('a', 'b', 'Z', '0', '/', '.', '-', '_') },
  { weight: 3, arbitrary: fc.constantFrom('+', '%', ' ', '&', '<', '>', '"', "'", '=', '?', '#', '%20', '%2', '&amp;', '\\', '//', '<Key>', '<EncodingType>url</EncodingType>') },
  { weight: 1, arbitrary: fc.constantFrom('\u0001', '\n', '\r', '\t', '\u007f', '\u0085', '\u2028', '\uffff', '\u{10000}', 'é', 'e\u0301', '漢', '😀') },
);

export const keys: fc.Arbitrary<string> = fc.array(keyCharacter, { minLength: 1, maxLength: 8 }).map((characters) => characters.join(''));

/** Strictly ascending, as bytes. */
export function inOrder<T>(items: readonly T[], keyOf: (item: T) => string): T[] {
  const byKey = new Map(items.map((item) => [keyOf(item), item]));
  return [...byKey.values()].sort((a, b) => Buffer.compare(Buffer.from(keyOf(a)), Buffer.from(keyOf(b))));
}

const times = fc.date({ min: new Date('1970-01-01'), max: new Date('2100-01-01'), noInvalidDate: true });

export const listings: fc.Arbitrary<ListedObject[]> = fc
  .array(
    fc.record<ListedObject>({
      key: keys,
      size: fc.oneof(fc.bigInt({ min: 0n, max: 10_000n }), fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }), fc.constant(2n ** 53n + 1n)),
      lastModified: times,
      etag: fc.oneof(fc.stringMatching(/^[0-9a-f]{32}(-[1-9])?$/), fc.constantFrom('a&b<c', '&quot;')),
      storageClass: fc.option(fc.constantFrom('STANDARD', 'GLACIER')),
      checksumAlgorithms: fc.array(fc.constantFrom('CRC32', 'SHA256', 'CRC64NVME'), { maxLength: 3 }),
      checksumType: fc.option(fc.constantFrom('FULL_OBJECT', 'COMPOSITE')),
      owner: fc.option(fc.stringMatching(/^[0-9a-f&]{1,20}$/)),
      restore: fc.option(fc.oneof(fc.constantFrom('in-progress' as const, 'none' as const), times)),
    }),
    { maxLength: 12 },
  )
  .map((objects) => inOrder(objects, ({ key }) => key));

function escape(text: string, how: Dialect['escape']): string {
  const named: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' };
  return text.replace(/[&<>"'\p{Cc}\p{Cn}]/gu, (character) => {
    if (how === 'named' && named[character] !== undefined) return named[character];
    const codePoint = character.codePointAt(0)!;
    return how === 'hexadecimal' ? `&#x${codePoint.toString(16)};` : `&#${codePoint};`;
  });
}

function encodeKey(key: string, encoding: Dialect['encoding']): string {
  if (encoding === null) return key;
  const encoded = encodeURIComponent(key).replaceAll('%2F', '/');
  if (encoding === 'plus') return encoded.replaceAll('%20', '+');
  return encoding === 'percent' ? encoded : encoded.replace(/%[0-9A-F]{2}/g, (sequence) => sequence.toLowerCase());
}

function reordered<T>(items: readonly T[], order: number): T[] {
  return items.map((item, i) => ({ item, at: (order * (i + 7) * 2_654_435_761) % 1013 })).sort((a, b) => a.at - b.at).map(({ item }) => item);
}

/** What no s3scan column is made of: MinIO's metadata, with names that are also those of columns, and inventions. */
const EXTRAS = [
  '<UserMetadata><X-Amz-Meta-Label>cat</X-Amz-Meta-Label><content-type>image/jpeg</content-type><Key>no</Key><x-amz-meta-a!b>&#1;</x-amz-meta-a!b></UserMetadata>',
  '<Internal><K>1</K><M>0</M></Internal>',
  '<Future a="1"><Contents><Key>no</Key></Contents><Size/>text<Size>7</Size><EncodingType>url</EncodingType></Future>',
];

function renderObject(object: ListedObject, dialect: Dialect): string {
  const { indent, quote } = dialect;
  const text = (value: string): string => escape(value, dialect.escape);
  const elements = [
    `<Key>${text(encodeKey(object.key, dialect.encoding))}</Key>`,
    `<LastModified>${object.lastModified.toISOString()}</LastModified>`,
    `<ETag>${quote}${text(object.etag)}${quote}</ETag>`,
    `<Size>${object.size}</Size>`,
    ...(object.storageClass === null ? [] : [`<StorageClass>${object.storageClass}</StorageClass>`]),
    object.checksumAlgorithms.map((name) => `<ChecksumAlgorithm>${name}</ChecksumAlgorithm>`).join(indent),
    ...(object.checksumType === null ? [] : [`<ChecksumType>${object.checksumType}</ChecksumType>`]),
    ...(object.owner === null ? [] : [`<Owner><DisplayName><ID>no</ID></DisplayName>${indent}<ID>${text(object.owner)}</ID><Key>no</Key></Owner>`]),
    ...(dialect.extras ? EXTRAS : []),
  ];
  if (object.restore !== null) {
    const date = object.restore instanceof Date ? `<RestoreExpiryDate>${object.restore.toISOString()}</RestoreExpiryDate>` : '';
    elements.push(`<RestoreStatus><IsRestoreInProgress>${object.restore === 'in-progress'}</IsRestoreInProgress>${date}<Size>9</Size></RestoreStatus>`);
  }
  return `<Contents>${indent}${reordered(elements, dialect.order).join(indent)}${indent}</Contents>`;
}

export interface PageOptions {
  readonly token?: string | null;
  readonly commonPrefixes?: readonly string[];
  readonly dialect?: Dialect;
}

/** One page; truncated where a token is given. */
export function renderPage(objects: readonly ListedObject[], { token = null, commonPrefixes = [], dialect = AWS }: PageOptions = {}): Buffer {
  const { encoding, indent } = dialect;
  const encodingType = encoding === null ? '<EncodingType></EncodingType>' : '<EncodingType>url</EncodingType>';
  const elements = [
    '<Name>b</Name><Prefix/>',
    ...(dialect.encodingTypeAt === 'start' ? [encodingType] : []),
    `<KeyCount>${objects.length + commonPrefixes.length}</KeyCount><MaxKeys>1000</MaxKeys>`,
    ...(token === null ? [] : [`<NextContinuationToken>${escape(token, dialect.escape)}</NextContinuationToken>`]),
    ...objects.map((object) => renderObject(object, dialect)),
    ...commonPrefixes.map((prefix) => `<CommonPrefixes><Prefix>${escape(encodeKey(prefix, encoding), dialect.escape)}</Prefix></CommonPrefixes>`),
    `<IsTruncated>${token !== null}</IsTruncated>`,
    ...(dialect.encodingTypeAt === 'end' ? [encodingType] : []),
  ];
  const body = elements.join(indent);
  return Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${indent}${body}${indent}</ListBucketResult>`);
}

/** An object of which only the key matters. */
export function plainObject(key: string): ListedObject {
  return {
    key,
    size: 1n,
    lastModified: new Date('2026-11-20T12:34:56.789Z'),
    etag: 'd41d8cd98f00b204e9800998ecf8427e',
    storageClass: 'STANDARD',
    checksumAlgorithms: [],
    checksumType: null,
    owner: null,
    restore: null,
  };
}
