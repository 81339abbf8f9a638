/** Answers that are no page of a listing, or not a whole one. None may pass for a shorter listing (R1, R2). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Failure } from '../../src/failure.ts';
import { decodeListPage } from '../../src/listing/page-decoder.ts';
import { plainObject, renderPage } from './render-page.ts';
import { listBuilder } from './table.ts';

function refused(body: Buffer | string, message: RegExp): void {
  const builder = listBuilder();
  assert.throws(
    () => decodeListPage(Buffer.from(body), { after: Buffer.alloc(0), through: null, limit: Infinity }, builder),
    (error: Failure) => {
      assert.ok(error instanceof Failure && error.kind === 'listing', String(error));
      assert.match(error.message, message);
      // oxlint-disable-next-line no-control-regex
      assert.doesNotMatch(error.message, /[\u0000-\u001f\u007f-\u009f\u202e]/, 'one line, fit for a terminal');
      return true;
    },
  );
  assert.equal(builder.rows, 0);
}

function page(inner: string, rest = '<IsTruncated>false</IsTruncated>'): string {
  return `<ListBucketResult>${inner}${rest}</ListBucketResult>`;
}

function object(inner: string): string {
  return page(`<Contents><Key>k</Key></Contents><Contents><Key>l</Key>${inner}</Contents>`);
}

test('every proper beginning of a page is refused', () => {
  const body = renderPage([plainObject('a b'), { ...plainObject('b&c'), owner: 'me', restore: 'in-progress', checksumAlgorithms: ['CRC32', 'SHA1'] }], {
    token: 'next',
    commonPrefixes: ['p/'],
  });
  for (let length = 0; length < body.length; length++) refused(body.subarray(0, length), /^the answer is no whole page of a listing: .* at byte|the body is empty/);
});

test('a page with any piece missing from its middle is refused or complete', () => {
  const body = renderPage(['a', 'b', 'c'].map(plainObject));
  let refusals = 0;
  for (let start = 0; start < body.length; start += 3) {
    for (const length of [1, 7, 60, 250]) {
      const builder = listBuilder();
      try {
        decodeListPage(Buffer.concat([body.subarray(0, start), body.subarray(start + length)]), { after: Buffer.alloc(0), through: null, limit: Infinity }, builder);
        // only a value is shorter or unknown elements are gone
        if (!body.subarray(start, start + length).includes('KeyCount')) assert.equal(builder.rows, 3);
      } catch (error) {
        assert.ok(error instanceof Failure);
        refusals++;
      }
    }
  }
  assert.ok(refusals > 500);
});

test('what is not XML, or XML with definitions', () => {
  refused('', /the body is empty/);
  refused('503 Slow down\u001b[2J\u202e', /no XML document at byte 0 of \d+; it begins: 503 Slow down\\u\{1b\}/);
  refused('<!DOCTYPE html><html><body>Sign in</body></html>', /DOCTYPE.*it begins: <!DOCTYPE html><html>/);
  refused('<html><body>Sign in</body></html>', /<html> instead of <ListBucketResult>/);
  refused(`<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "${'a'.repeat(1000)}"><!ENTITY b "&a;&a;">]>${page('<Contents><Key>&b;</Key></Contents>')}`, /DOCTYPE/);
  refused(page('<Contents><Key>&b;</Key></Contents>'), /a reference that XML does not define/);
  refused(page('<Contents><Key><![CDATA[k]]></Key></Contents>'), /markup inside <Key>/);
  refused(page('<Contents><Key>k<!-- --></Key></Contents>'), /markup inside <Key>/);
  refused(`${page('')}${page('')}`, /something follows the document/);
});

test('another document', () => {
  refused('<ListAllMyBucketsResult/>', /<ListAllMyBucketsResult> instead of <ListBucketResult>/);
  refused('<Error><Code>Internal\u001bError</Code><Message>We\nencountered</Message></Error>', /status 200 and is an error, Internal\\u\{1b\}Error: We\\u\{a\}encountered/);
});

test('pages that contradict themselves', () => {
  refused(page('', ''), /no <IsTruncated>/);
  refused(page('', '<IsTruncated>maybe</IsTruncated>'), /neither true nor false/);
  refused(page('', '<IsTruncated>false</IsTruncated><IsTruncated>true</IsTruncated>'), /<IsTruncated> twice/);
  refused(page('<EncodingType>url</EncodingType><EncodingType>url</EncodingType>'), /<EncodingType> twice/);
  refused(page('<KeyCount>2</KeyCount><Contents><Key>k</Key></Contents>'), /<KeyCount> is 2 and the page holds 1/);
  refused(object('<Key>m</Key>'), /<Key> twice in object 2 of the page/);
  refused(object('<Size>1</Size><Size>1</Size>'), /<Size> twice in object 2/);
  refused(object('<Owner><ID>a</ID></Owner><Owner><ID>b</ID></Owner>'), /<ID> twice in object 2/);
  refused(page('<Contents></Contents>'), /object 1 of the page has no key/);
  refused(page('<Contents><Key></Key></Contents>'), /object 1 of the page has no key/);
  refused(page('<Contents><Owner><Key>k</Key></Owner></Contents>'), /object 1 of the page has no key/);
  refused(page('stray'), /text between elements/);
});

test('values that cannot be read, with the object that has them', () => {
  for (const size of ['-1', '1.5', '1e3', '0x1', ' 1', '9223372036854775808', '99999999999999999999', '１']) {
    refused(object(`<Size>${size}</Size>`), /<Size> of object 2 of the page cannot be read/);
  }
  for (const date of ['yesterday', '2026-02-30T00:00:00.000Z', '2026-11-20']) {
    refused(object(`<LastModified>${date}</LastModified>`), /<LastModified> of object 2 of the page cannot be read/);
  }
});

test('keys that cannot be decoded, with the object that has them', () => {
  const keyed = (key: string): string => page(`<Contents><Key>k</Key></Contents><Contents><Key>l${key}</Key></Contents>`, '<IsTruncated>false</IsTruncated><EncodingType>url</EncodingType>');
  for (const key of ['%', '%4', 'x%', '%zz', '%4g', '%%41', '%+1', '%C']) refused(keyed(key), /the key of object 2 of the page has a malformed percent sequence: l/);
  for (const key of ['%FF', '%C3', '%C3%28', '%ED%A0%80', '%C0%AF', '%F5%80%80%80']) refused(keyed(key), /the key of object 2 of the page is not valid UTF-8 after decoding/);
  refused(Buffer.from(keyed('\u00ff'), 'latin1'), /the key of object 2 of the page is not valid UTF-8/);
  refused(Buffer.from(object('<StorageClass>\u00ff</StorageClass>'), 'latin1'), /a value of object 2 of the page is not valid UTF-8/);
  refused(page('<CommonPrefixes><Prefix>%F</Prefix></CommonPrefixes>', '<IsTruncated>false</IsTruncated><EncodingType>url</EncodingType>'), /a common prefix of the page has a malformed/);
});

test('bytes that are not UTF-8 in what no column shows do not matter', () => {
  const builder = listBuilder();
  decodeListPage(Buffer.from(object('<Owner><DisplayName>\u00ff</DisplayName></Owner>'), 'latin1'), { after: Buffer.alloc(0), through: null, limit: Infinity }, builder);
  assert.equal(builder.rows, 2);
});
