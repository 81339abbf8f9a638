import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { parseErrorBody, type ErrorBody } from '../../src/s3/error-body.ts';

function of(document: string): ErrorBody | null {
  return parseErrorBody(Buffer.from(document));
}

/** As AWS documents it for a bucket of another region. */
const REDIRECT = `<?xml version="1.0" encoding="UTF-8"?>
<Error><Code>AuthorizationHeaderMalformed</Code><Message>The authorization header is malformed; the region 'us-east-1' is wrong; expecting 'eu-west-1'</Message><Region>eu-west-1</Region><RequestId>0123456789ABCDEF</RequestId><HostId>abc/def=</HostId></Error>`;

test('reads code, message, region and request id', () => {
  assert.deepEqual(parseErrorBody(Buffer.from(REDIRECT)), {
    code: 'AuthorizationHeaderMalformed',
    message: "The authorization header is malformed; the region 'us-east-1' is wrong; expecting 'eu-west-1'",
    region: 'eu-west-1',
    endpoint: null,
    requestId: '0123456789ABCDEF',
  });
});

test('reads what other servers send: no message, nested extras, a wrapper, references', () => {
  assert.deepEqual(of('<Error><Code>SlowDown</Code></Error>'), { code: 'SlowDown', message: '', region: null, endpoint: null, requestId: null });
  assert.equal(of('<Error><Details><Code>Inner</Code></Details><Code>Outer</Code></Error>')?.code, 'Outer');
  assert.equal(of('<ErrorResponse xmlns="x"><Error><Type>Sender</Type><Code>AccessDenied</Code></Error></ErrorResponse>')?.code, 'AccessDenied');
  assert.equal(of('<Error><Code>NoSuchKey</Code><Message>a &lt;b&gt; &#39;c&#39;</Message></Error>')?.message, "a <b> 'c'");
  assert.equal(of('<Error><Code>PermanentRedirect</Code><Endpoint>b.s3.eu-west-1.amazonaws.com</Endpoint></Error>')?.endpoint, 'b.s3.eu-west-1.amazonaws.com');
});

test('null for what is no S3 error document', () => {
  const none = ['', 'Service Unavailable', '<html><body>502</body></html>', '<!DOCTYPE html><html></html>', '<Error></Error>', '<Error><Code></Code></Error>', '<Code>X</Code>', '</Error>', '<ErrorResponse/>', '<ListBucketResult/>', '{"Code":"X"}'];
  for (const body of none) assert.equal(parseErrorBody(Buffer.from(body)), null, body);
  for (let length = 0; length < REDIRECT.length; length++) assert.equal(parseErrorBody(Buffer.from(REDIRECT.slice(0, length))), null);
});

test('never throws, and keeps no more of a value than fits a message', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => void parseErrorBody(Buffer.from(bytes))));
  fc.assert(fc.property(fc.string({ maxLength: 30 }), (text) => void parseErrorBody(Buffer.from(`<Error><Code>${text}</Code><Message>${text}</Message></Error>`))));
  const long = parseErrorBody(Buffer.from(`<Error><Code>X</Code><Message>${'m'.repeat(100_000)}</Message></Error>`));
  assert.equal(long?.message.length, 1024);
});
