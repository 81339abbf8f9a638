import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Failure } from '../../src/failure.ts';
import { readVersionsPage } from '../../src/listing/versions-page.ts';

function page(inside: string): Buffer {
  return Buffer.from(`<?xml version="1.0" encoding="UTF-8"?><ListVersionsResult><IsTruncated>false</IsTruncated>${inside}</ListVersionsResult>`);
}

function version(inside: string): Buffer {
  return page(`<Version><Key>k</Key><VersionId>v</VersionId>${inside}</Version>`);
}

function refusal(body: Buffer): string {
  try {
    readVersionsPage(body);
  } catch (error) {
    if (error instanceof Failure && error.kind === 'listing') return error.message;
    throw error;
  }
  assert.fail(`taken for a page: ${body.toString()}`);
}

test('every value, as AWS and as MinIO write it', () => {
  const whole =
    '<Size>9223372036854775807</Size><ETag>&quot;e&quot;</ETag><IsLatest>true</IsLatest><StorageClass>GLACIER</StorageClass><ChecksumAlgorithm>CRC32</ChecksumAlgorithm>' +
    '<ChecksumAlgorithm>SHA1</ChecksumAlgorithm><ChecksumType>COMPOSITE</ChecksumType><Owner><ID>me</ID><Key>no</Key></Owner><LastModified>2026-11-20T12:34:56Z</LastModified>' +
    '<RestoreStatus><IsRestoreInProgress>false</IsRestoreInProgress><RestoreExpiryDate>2026-12-01T00:00:00Z</RestoreExpiryDate></RestoreStatus><Future><Key>no</Key></Future>';
  const [entry] = readVersionsPage(version(whole)).entries;
  assert.deepEqual(entry, {
    key: new Uint8Array(Buffer.from('k')), versionId: 'v', isLatest: true, isDeleteMarker: false, size: 2n ** 63n - 1n, lastModified: Date.parse('2026-11-20T12:34:56Z'),
    etag: 'e', storageClass: 'GLACIER', checksumAlgorithm: 'CRC32,SHA1', checksumType: 'COMPOSITE', ownerId: 'me', restoreStatus: '2026-12-01T00:00:00Z',
  });
  const marker = page('<DeleteMarker><Key>k</Key><VersionId>v</VersionId><IsLatest>false</IsLatest><Size>0</Size><ETag></ETag><StorageClass>STANDARD</StorageClass></DeleteMarker>');
  const [told] = readVersionsPage(marker).entries;
  assert.deepEqual([told!.isDeleteMarker, told!.isLatest, told!.size, told!.storageClass, told!.lastModified], [true, false, null, null, null]);
});

test('keys and markers are decoded where the page says that they are encoded, wherever it says so', () => {
  const inside = '<Version><Key>a+%26%252F</Key><VersionId>v+%26</VersionId></Version><NextKeyMarker>a+b</NextKeyMarker><NextVersionIdMarker>v+%26</NextVersionIdMarker>';
  const encoded = readVersionsPage(page(`${inside}<EncodingType>url</EncodingType>`));
  assert.deepEqual([Buffer.from(encoded.entries[0]!.key).toString(), Buffer.from(encoded.nextKeyMarker!).toString()], ['a &%2F', 'a b']);
  // Version ids are never encoded.
  assert.deepEqual([encoded.entries[0]!.versionId, encoded.nextVersionIdMarker], ['v+%26', 'v+%26']);
  assert.equal(Buffer.from(readVersionsPage(page(inside)).entries[0]!.key).toString(), 'a+%26%252F');
});

test('a page cut short anywhere is none', () => {
  const whole = version('<Size>5</Size><Owner><ID>me</ID></Owner>');
  for (let end = 0; end < whole.length; end++) refusal(whole.subarray(0, end));
  assert.equal(readVersionsPage(whole).entries.length, 1);
});

test('what is no page of versions is refused, and says why', () => {
  assert.match(refusal(Buffer.from('<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>')), /asked for versions, the server lists objects/);
  assert.match(refusal(Buffer.from('<Error><Code>InternalError</Code><Message>no</Message></Error>')), /status 200 and is an error, InternalError/);
  assert.match(refusal(Buffer.from('<html></html>')), /<html> instead of <ListVersionsResult>/);
  assert.match(refusal(Buffer.from('<!DOCTYPE x><ListVersionsResult/>')), /DOCTYPE/);
  assert.match(refusal(Buffer.from('<ListVersionsResult></ListVersionsResult>')), /no <IsTruncated>/);
  assert.match(refusal(page('<Version><Key>k</Key></Version>')), /"k", has no <VersionId>/);
  assert.match(refusal(page('<Version><VersionId>v</VersionId></Version>')), /entry 1 of the page has no key/);
  assert.match(refusal(version('<Size>-1</Size>')), /<Size> of entry 1/);
  assert.match(refusal(version('<Size>9223372036854775808</Size>')), /<Size> of entry 1/);
  assert.match(refusal(version('<LastModified>yesterday</LastModified>')), /<LastModified> of entry 1/);
  assert.match(refusal(version('<VersionId>w</VersionId>')), /<VersionId> twice/);
  assert.match(refusal(version('<Key>l</Key>')), /<Key> twice/);
  assert.match(refusal(Buffer.concat([page(''), Buffer.from([0xff])])), /not valid UTF-8/);
});
