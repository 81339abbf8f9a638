/** Objects that are read by comparing them with the one before, beside the same objects read tag by tag. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { ETAG, KEY, LAST_MODIFIED, OWNER_ID, scanPage, SIZE, SPAN_STRIDE, STORAGE_CLASS } from '../../src/listing/page-scan.ts';

const FIELDS = { Key: KEY, LastModified: LAST_MODIFIED, ETag: ETAG, Size: SIZE, StorageClass: STORAGE_CLASS, ID: OWNER_ID } as const;
type Values = Partial<Record<keyof typeof FIELDS, string>>;

const text = fc.stringMatching(/^[a-z&;>/"é]{0,12}$/);
/** An object with some elements in some order, ordinary ones most of the time. */
const ordinary = fc.record({ Key: fc.stringMatching(/^[a-z]{1,20}$/), LastModified: text, ETag: text, Size: text, StorageClass: text }, { noNullPrototype: true });
const odd = fc.record({ Key: fc.stringMatching(/^[a-z]{1,20}$/), Size: text, ID: text, ETag: text }, { requiredKeys: ['Key'], noNullPrototype: true });
const objects = fc.array(fc.oneof({ weight: 4, arbitrary: ordinary }, { weight: 1, arbitrary: odd }), { minLength: 1, maxLength: 30 });

function render(values: Values): string {
  const elements = Object.entries(values).map(([name, value]) => {
    const element = value === '' ? `<${name}/>` : `<${name}>${value}</${name}>`;
    return name === 'ID' ? `<Owner>${element}<DisplayName>${value}</DisplayName></Owner>` : element;
  });
  return `<Contents>${elements.join('')}</Contents>`;
}

/** The values that the page's scan found. */
function scanned(contents: readonly string[], between: string): Values[] {
  const { body, objects: count, spans } = scanPage(Buffer.from(`<ListBucketResult>${contents.join(between)}<IsTruncated>false</IsTruncated></ListBucketResult>`));
  return Array.from({ length: count }, (_, object) => {
    const found = Object.entries(FIELDS).map(([name, field]) => {
      const at = object * SPAN_STRIDE + 2 * field;
      return [name, spans[at] === 0 ? undefined : body.toString('utf8', spans[at], spans[at + 1])] as const;
    });
    return Object.fromEntries(found.filter(([, value]) => value !== undefined)) as Values;
  });
}

test('each value of each object is found, whatever the object before it looks like', () => {
  fc.assert(
    fc.property(objects, (all) => {
      const contents = all.map(render);
      assert.deepEqual(scanned(contents, ''), all);
      // White space between them: no two are compared.
      assert.deepEqual(scanned(contents, '\n'), all);
    }),
    { numRuns: 200 },
  );
});

test('an object that begins as the one before is found out where it differs', () => {
  const plain = render({ Key: 'a', Size: '1' });
  for (const bad of ['<Contents><Key>b</Key><Size>2</Size></Content>', '<Contents><Key>b</Key><Size>2<x/></Size></Contents>', '<Contents><Key>b</Key><Size>2</Size>', '<Contents><Key></Key><Size>2</Size></Contents>']) {
    assert.throws(() => scanned([plain, plain, bad], ''), /byte|no key/, bad);
  }
  assert.deepEqual(scanned([plain, render({ Key: 'b', Size: '2', ETag: 'e' }), plain], ''), [{ Key: 'a', Size: '1' }, { Key: 'b', Size: '2', ETag: 'e' }, { Key: 'a', Size: '1' }]);
});
