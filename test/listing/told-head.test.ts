/** What of a listing's metadata stands for a HEAD's answer, and what has to be asked because it might read otherwise there. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeListPage } from '../../src/listing/page-decoder.ts';
import { LIST_COLUMNS, TOLD_HEAD } from '../../src/records/columns.ts';
import { RecordBuilder } from '../../src/records/record-builder.ts';

const KEY = LIST_COLUMNS.filter(({ name }) => name === 'key');
const TYPE = '<content-type>image/jpeg</content-type>';

interface Told {
  readonly metadata: string;
  readonly storageClass?: string;
  readonly size?: string;
  readonly etag?: string;
  readonly modified?: string;
}

/** As MinIO writes it. */
function page({ metadata, storageClass = 'STANDARD', size = '3', etag = '&#34;abc-2&#34;', modified = '2026-11-21T01:56:13.999Z' }: Told): Buffer {
  const object = `<Key>k</Key><LastModified>${modified}</LastModified><ETag>${etag}</ETag><Size>${size}</Size><StorageClass>${storageClass}</StorageClass>${metadata}<Internal><K>1</K><M>0</M></Internal>`;
  return Buffer.from(`<ListBucketResult><IsTruncated>false</IsTruncated><Contents>${object}</Contents></ListBucketResult>`);
}

function told(body: Buffer): string | null {
  const builder = new RecordBuilder([...KEY, TOLD_HEAD]);
  decodeListPage(body, { after: new Uint8Array(0), through: null, limit: Infinity }, builder);
  const [, column] = builder.take().columns;
  return column?.kind === 'utf8' ? Buffer.from(column.values).toString('utf8', 0, column.offsets[1]) : null;
}

function inMetadata(elements: string): Told {
  return { metadata: `<UserMetadata>${elements}</UserMetadata>` };
}

const HEAD = 'HTTP/1.1 200 OK\r\ncontent-length: 3\r\netag: "abc-2"\r\nlast-modified: Sat, 21 Nov 2026 01:56:13 GMT\r\n';

test('the head of an answer, headers in order of their names, whole seconds', () => {
  const elements = `<X-Amz-Meta-Label>cat</X-Amz-Meta-Label>${TYPE}<X-Amz-Meta-Empty></X-Amz-Meta-Empty><cache-control>no-cache</cache-control>`;
  assert.equal(told(page(inMetadata(elements))), `${HEAD}cache-control: no-cache\r\ncontent-type: image/jpeg\r\nx-amz-meta-empty: \r\nx-amz-meta-label: cat\r\n\r\n`);
});

test('references are resolved, encoded words are as they are', () => {
  const elements = `${TYPE}<X-Amz-Meta-List>a, &#34;b&#34; &lt;c&gt; &amp; =?UTF-8?B?Z3LDvMOfZQ==?=</X-Amz-Meta-List>`;
  assert.equal(told(page(inMetadata(elements))), `${HEAD}content-type: image/jpeg\r\nx-amz-meta-list: a, "b" <c> & =?UTF-8?B?Z3LDvMOfZQ==?=\r\n\r\n`);
});

test('a storage class that both tell', () => {
  const told2 = told(page({ ...inMetadata(`${TYPE}<x-amz-storage-class>RARE</x-amz-storage-class>`), storageClass: 'RARE' }));
  assert.equal(told2, `${HEAD}content-type: image/jpeg\r\nx-amz-storage-class: RARE\r\n\r\n`);
});

const ONLY_A_HEAD_TELLS: Readonly<Record<string, Told>> = {
  'no metadata at all: a server that does not know the request, or an object that may not be read': { metadata: '' },
  'metadata that is empty': inMetadata(''),
  'no content type': inMetadata('<X-Amz-Meta-Label>cat</X-Amz-Meta-Label>'),
  'raw UTF-8, which headers have encoded': inMetadata(`${TYPE}<X-Amz-Meta-Label>grüße</X-Amz-Meta-Label>`),
  'a character that XML could not hold': inMetadata(`${TYPE}<X-Amz-Meta-Label>a\ufffdb</X-Amz-Meta-Label>`),
  'a tab': inMetadata(`${TYPE}<X-Amz-Meta-Label>a&#x9;b</X-Amz-Meta-Label>`),
  'a line end, which no header may have': inMetadata(`${TYPE}<X-Amz-Meta-Label>a&#xD;&#xA;etag: "x"</X-Amz-Meta-Label>`),
  'white space at the ends': inMetadata(`${TYPE}<X-Amz-Meta-Label> a</X-Amz-Meta-Label>`),
  'a name in two spellings': inMetadata(`${TYPE}<X-Amz-Meta-Label>a</X-Amz-Meta-Label><x-amz-meta-label>a</x-amz-meta-label>`),
  'a name of odd characters': inMetadata(`${TYPE}<X-Amz-Meta-A!b>a</X-Amz-Meta-A!b>`),
  'an element with elements': inMetadata(`${TYPE}<X-Amz-Meta-A><b>c</b></X-Amz-Meta-A>`),
  'an element with attributes': inMetadata(`${TYPE}<X-Amz-Meta-A b="c">d</X-Amz-Meta-A>`),
  'an empty element': inMetadata(`${TYPE}<X-Amz-Meta-A/>`),
  'a system header without a value': inMetadata(`${TYPE}<content-encoding></content-encoding>`),
  'a header that frames answers': inMetadata(`${TYPE}<Content-Length>5</Content-Length>`),
  'KMS, of which a HEAD tells the key': inMetadata(`${TYPE}<X-Amz-Server-Side-Encryption>aws:kms</X-Amz-Server-Side-Encryption>`),
  'SSE-C, where a HEAD needs the key': inMetadata(`${TYPE}<X-Amz-Server-Side-Encryption-Customer-Algorithm>AES256</X-Amz-Server-Side-Encryption-Customer-Algorithm>`),
  'a tier that only the element tells': { ...inMetadata(TYPE), storageClass: 'COLD' },
  'a class that only the header tells': inMetadata(`${TYPE}<x-amz-storage-class>RARE</x-amz-storage-class>`),
  'no ETag': { ...inMetadata(TYPE), etag: '' },
  'no size': { ...inMetadata(TYPE), size: '' },
};

for (const [name, object] of Object.entries(ONLY_A_HEAD_TELLS)) {
  test(`only a HEAD tells: ${name}`, () => assert.equal(told(page(object)), null));
}
