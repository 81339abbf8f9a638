import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { XMLParser } from 'fast-xml-parser';
import { Failure } from '../../src/failure.ts';
import type { KeyWindow } from '../../src/listing/listing.ts';
import { decodeListPage } from '../../src/listing/page-decoder.ts';
import { LIST_COLUMNS } from '../../src/records/columns.ts';
import { RecordBuilder } from '../../src/records/record-builder.ts';
import { dialects, keys, listings, plainObject, renderPage, type ListedObject } from './render-page.ts';
import { BUCKET, listBuilder, readRows, type Row } from './table.ts';

const ALL: KeyWindow = { after: Buffer.alloc(0), through: null, limit: Infinity };

function decode(body: Buffer | string, window: KeyWindow = ALL): { rows: Row[]; info: ReturnType<typeof decodeListPage> } {
  const builder = listBuilder();
  const info = decodeListPage(Buffer.from(body), window, builder);
  return { info, rows: readRows(builder.take()) };
}

/** The row of an object made of these elements, on a page that holds `rest` too. */
function decodeObject(elements: string, rest = ''): Row {
  return decode(`<ListBucketResult><Contents>${elements}</Contents><IsTruncated>false</IsTruncated>${rest}</ListBucketResult>`).rows[0]!;
}

function decodeKey(key: string, rest: string): unknown {
  return decodeObject(`<Key>${key}</Key>`, rest)['key'];
}

function rowOf(object: ListedObject): Row {
  const { restore } = object;
  const row: Row = { key: object.key, size: object.size, last_modified: BigInt(object.lastModified.getTime()), etag: object.etag };
  if (object.storageClass !== null) row['storage_class'] = object.storageClass;
  if (object.checksumAlgorithms.length > 0) row['checksum_algorithm'] = object.checksumAlgorithms.join(',');
  if (object.checksumType !== null) row['checksum_type'] = object.checksumType;
  if (object.owner !== null) row['owner_id'] = object.owner;
  if (restore === 'in-progress') row['restore_status'] = 'in-progress';
  if (restore instanceof Date) row['restore_status'] = restore.toISOString();
  return row;
}

test('a page in any dialect gives exactly the keys and values that it was made of (R1, R3)', () => {
  fc.assert(
    fc.property(listings, dialects, fc.array(keys, { maxLength: 3 }), fc.option(fc.string({ minLength: 1 })), (objects, dialect, commonPrefixes, token) => {
      const { rows, info } = decode(renderPage(objects, { dialect, commonPrefixes, token: token?.replace(/[\p{Cc}\p{Cs}]/gu, '.') ?? null }));
      assert.deepEqual(rows, objects.map(rowOf));
      assert.deepEqual(info, {
        objects: objects.length,
        count: objects.length,
        firstKey: objects.length === 0 ? null : new Uint8Array(Buffer.from(objects[0]!.key)),
        lastKey: objects.length === 0 ? null : new Uint8Array(Buffer.from(objects.at(-1)!.key)),
        // so short a page is told key by key
        sample: objects.map(({ key }) => new Uint8Array(Buffer.from(key))),
        skippedKey: null,
        sampleStride: 1,
        isTruncated: token !== null,
        nextContinuationToken: token?.replace(/[\p{Cc}\p{Cs}]/gu, '.') ?? null,
        commonPrefixes: commonPrefixes.map((prefix) => new Uint8Array(Buffer.from(prefix))),
      });
    }),
    { numRuns: 300 },
  );
});

test('values are those that fast-xml-parser reads from the same page', () => {
  const parser = new XMLParser({ parseTagValue: false, trimValues: false, htmlEntities: true, isArray: (name) => name === 'Contents' || name === 'ChecksumAlgorithm' });
  interface Parsed {
    ListBucketResult: { Contents?: { Key: string; Size: string; LastModified: string; ETag: string; StorageClass?: string; ChecksumAlgorithm?: string[]; Owner?: { ID: string } }[] };
  }
  const pages = fc.tuple(listings, dialects).filter(([objects]) => !objects.some(({ key }) => key.includes('\u0001') || key.includes('\uffff')));
  fc.assert(
    fc.property(pages, ([objects, dialect]) => {
      const body = renderPage(objects, { dialect });
      const expected = ((parser.parse(body) as Parsed).ListBucketResult.Contents ?? []).map((object) => [
        dialect.encoding === null ? object.Key : decodeURIComponent(object.Key.replaceAll('+', ' ')),
        BigInt(object.Size),
        BigInt(Date.parse(object.LastModified)),
        dialect.quote === '' ? object.ETag : object.ETag.slice(1, -1),
        object.StorageClass,
        object.ChecksumAlgorithm?.join(','),
        object.Owner?.ID,
      ]);
      const columns = ['key', 'size', 'last_modified', 'etag', 'storage_class', 'checksum_algorithm', 'owner_id'];
      assert.deepEqual(decode(body).rows.map((row) => columns.map((column) => row[column])), expected);
    }),
    { numRuns: 60 },
  );
});

test('keys are decoded only where the answer says that they are encoded', () => {
  const url = '<EncodingType>url</EncodingType>';
  assert.equal(decodeKey('a+b%2Bc%20d', url), 'a b+c d');
  assert.equal(decodeKey('a+b%2Bc%20d', ''), 'a+b%2Bc%20d');
  assert.equal(decodeKey('a+b', `<Other>${url}</Other>`), 'a+b');
  assert.equal(decodeKey('&lt;EncodingType&gt;url+', ''), '<EncodingType>url+');
  assert.equal(decodeKey('%2541', url), '%41', 'decoded once');
  assert.equal(decodeKey('%26amp;', url), '&amp;', 'references are resolved before, not after');
});

test('keys that look like numbers or are long stay what they are', () => {
  const odd = ['007', '1e5', '0x10', 'x'.repeat(1024), 'y'.repeat(2000) + ' ', 'true', ' lead', 'null', '\u{10ffff}'];
  const objects = [...odd].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))).map(plainObject);
  assert.deepEqual(decode(renderPage(objects)).rows.map((row) => row['key']), objects.map(({ key }) => key));
});

test('a selection of columns is filled, the others are left alone', () => {
  const schema = LIST_COLUMNS.filter(({ name }) => ['size', 'etag'].includes(name));
  const builder = new RecordBuilder(schema, BUCKET);
  const info = decodeListPage(renderPage([plainObject('a'), plainObject('b')]), ALL, builder);
  assert.deepEqual(Buffer.from(info.lastKey!).toString(), 'b');
  assert.deepEqual(readRows(builder.take(), schema), Array.from({ length: 2 }, () => ({ size: 1n, etag: 'd41d8cd98f00b204e9800998ecf8427e' })));
});

test('pages follow one another in one builder', () => {
  const builder = listBuilder();
  decodeListPage(renderPage(['a', 'b'].map(plainObject)), ALL, builder);
  decodeListPage(renderPage([{ ...plainObject('c'), storageClass: 'GLACIER' }]), ALL, builder);
  const rows = readRows(builder.take());
  assert.deepEqual(rows.map((row) => [row['key'], row['storage_class']]), [['a', 'STANDARD'], ['b', 'STANDARD'], ['c', 'GLACIER']]);
});

test('empty elements tell nothing; ETags lose their quotes only as a pair', () => {
  assert.deepEqual(decodeObject('<Key>k</Key><Size/><LastModified></LastModified><ETag/><StorageClass></StorageClass><Owner><ID/></Owner><RestoreStatus/>'), { key: 'k' });
  assert.equal(decodeObject('<Key>k</Key><ETag>""</ETag>')['etag'], '');
  for (const etag of ['"', 'a"', '"a', 'W/"a"']) assert.equal(decodeObject(`<Key>k</Key><ETag>${etag}</ETag>`)['etag'], etag);
  assert.equal(decodeObject('<Key>k</Key><ETag>&quot;</ETag>')['etag'], '"');
  assert.equal(decodeObject('<Key>k</Key><Size>9223372036854775807</Size>')['size'], 2n ** 63n - 1n);
});

test('the window: rows end at its upper end or its limit, and the page says so', () => {
  const body = renderPage(['a', 'b', 'c', 'd', 'e'].map(plainObject));
  const cut = (through: string | null, limit: number): [string, number, number] => {
    const { rows, info } = decode(body, { after: Buffer.alloc(0), through: through === null ? null : Buffer.from(through), limit });
    assert.equal(info.lastKey === null ? undefined : Buffer.from(info.lastKey).toString(), rows.at(-1)?.['key']);
    return [rows.map((row) => row['key']).join(''), info.count, info.objects];
  };
  assert.deepEqual(cut(null, Infinity), ['abcde', 5, 5]);
  assert.deepEqual(cut('c', Infinity), ['abc', 3, 5]);
  assert.deepEqual(cut('bb', Infinity), ['ab', 2, 5]);
  assert.deepEqual(cut('A', Infinity), ['', 0, 5]);
  assert.deepEqual(cut('d', 2), ['ab', 2, 5]);
  assert.deepEqual(cut('b', 4), ['ab', 2, 5]);
});

test('keys that do not ascend are refused, wherever on the page they are (R2)', () => {
  const refused = (names: string[], window: KeyWindow = ALL): void =>
    assert.throws(
      () => decode(renderPage(names.map(plainObject)), window),
      (error: Failure) => error instanceof Failure && error.kind === 'listing' && /not ascending: object \d+ of the page/.test(error.message),
    );
  refused(['a', 'a']);
  refused(['b', 'a']);
  refused(['a', 'c', 'b', 'd']);
  refused(['a/b', 'a']);
  refused(['\u{10000}', '\uffff']);
  refused(['a', 'b'], { ...ALL, after: Buffer.from('a') });
  refused(['a', 'b'], { ...ALL, after: Buffer.from('ab') });
  refused(['a', 'z', 'b'], { ...ALL, through: Buffer.from('c') });
  refused(['a', 'z', 'b'], { ...ALL, limit: 1 });
  assert.equal(decode(renderPage(['\uffff', '\u{10000}'].map(plainObject))).rows.length, 2);
});

test('long keys are compared to their last byte, wherever they part (R2)', () => {
  const tail = fc.string({ unit: fc.constantFrom('a', 'b', 'z', 'ü', '漢'), maxLength: 3 });
  fc.assert(
    fc.property(fc.oneof(fc.nat({ max: 1000 }), fc.integer({ min: 120, max: 136 })), fc.nat({ max: 900 }), fc.nat({ max: 900 }), tail, tail, (shared, more, other, first, second) => {
      const pair = [`${first}${'x'.repeat(more)}`, `${second}${'x'.repeat(other)}`].map((end) => `${'k'.repeat(shared)}${end}`) as [string, string];
      fc.pre(pair.every((key) => key !== ''));
      const page = renderPage(pair.map(plainObject));
      if (Buffer.compare(Buffer.from(pair[0]), Buffer.from(pair[1])) < 0) assert.deepEqual(decode(page).rows.map(({ key }) => key), pair);
      else assert.throws(() => decode(page), /not ascending: object 2 of the page/);
    }),
    { numRuns: 1000 },
  );
});

test('objects that only lead to the window are passed over: what is left is as on a page without them', () => {
  fc.assert(
    fc.property(listings, fc.integer({ min: 1, max: 12 }), (objects, most) => {
      fc.pre(objects.length > 0);
      const skipped = Math.min(most, objects.length);
      const after = Buffer.from(objects[skipped - 1]!.key);
      const { rows, info } = decode(renderPage(objects), { ...ALL, after, from: Buffer.alloc(0) });
      const plain = decode(renderPage(objects.slice(skipped)));
      assert.deepEqual(rows, plain.rows);
      assert.deepEqual(info, { ...plain.info, skippedKey: new Uint8Array(after) });
    }),
  );
  assert.throws(() => decode(renderPage(['b', 'c'].map(plainObject)), { ...ALL, from: Buffer.from('b'), after: Buffer.from('c') }), /not ascending: object 1 .*"b", does not come after "b"/);
  assert.throws(() => decode(renderPage(['b', 'a', 'd'].map(plainObject)), { ...ALL, from: Buffer.from(''), after: Buffer.from('c') }), /not ascending: object 2/);
});
