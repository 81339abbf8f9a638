import assert from 'node:assert/strict';
import { validateHeaderName, validateHeaderValue } from 'node:http';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { Failure } from '../../src/failure.ts';
import { headerNames, requestHeaders, userAgent } from '../../src/s3/request-headers.ts';

const NONE = { requestPayer: false, expectedBucketOwner: null, headers: [] };

function given(...headers: readonly string[]): [string, string][] {
  return requestHeaders({ ...NONE, headers }, 'agent').map(([name, value]) => [name, value]);
}

function refusal(...headers: readonly string[]): Failure {
  try {
    given(...headers);
  } catch (error) {
    if (error instanceof Failure && error.kind === 'usage') return error;
    throw error;
  }
  assert.fail(`not refused: ${JSON.stringify(headers)}`);
}

test('the user agent names s3scan and its version', () => {
  assert.match(userAgent('1.2.3'), /^s3scan\/1\.2\.3 \(node\/\d+\.\d+\.\d+; [a-z]+\d*\)$/);
  assert.deepEqual(requestHeaders(NONE, 'agent'), [['user-agent', 'agent']]);
});

test('options become headers', () => {
  const headers = requestHeaders({ requestPayer: true, expectedBucketOwner: '123456789012', headers: ['X-Amz-Optional-Object-Attributes: RestoreStatus'] }, 'agent');
  assert.deepEqual(headers, [
    ['user-agent', 'agent'],
    ['x-amz-request-payer', 'requester'],
    ['x-amz-expected-bucket-owner', '123456789012'],
    ['x-amz-optional-object-attributes', 'RestoreStatus'],
  ]);
});

test('a header is a name, a colon and a value, without the space around it', () => {
  assert.deepEqual(given('X-Gateway:on', 'x-b: \t two  words \t', 'x-c: a:b'), [['user-agent', 'agent'], ['x-gateway', 'on'], ['x-b', 'two  words'], ['x-c', 'a:b']]);
  assert.deepEqual(given('User-Agent: theirs'), [['user-agent', 'theirs']]);
});

test('what would break the signature, the protocol or the meaning of an answer is refused', () => {
  const names = [
    'Host', 'Authorization', 'X-Amz-Date', 'date', 'x-amz-content-sha256', 'x-amz-security-token', 'Content-Length', 'Transfer-Encoding', 'Connection', 'Expect',
    'Range', 'If-Match', 'If-None-Match', 'If-Modified-Since', 'If-Unmodified-Since', 'If-Range', 'Accept-Encoding', 'TE', 'Upgrade', 'X-HTTP-Method-Override',
    'x-amz-checksum-mode', 'x-amz-request-payer', 'x-amz-expected-bucket-owner', 'x-amz-server-side-encryption', 'X-Amz-Server-Side-Encryption-Customer-Key',
  ];
  for (const name of names) {
    const { message, hint } = refusal(`${name}: the-value`);
    assert.match(message, new RegExp(`--header ${name.toLowerCase()} cannot be given`));
    assert.ok(hint);
  }
});

test('the same header twice is refused, whatever its capitals', () => {
  assert.match(refusal('X-A: 1', 'x-a: 2').message, /x-a is given twice/);
});

test('what is no header is refused, and no value is repeated (R7)', () => {
  const bad = ['', 'secret-token', ': secret-token', 'a b: secret-token', 'ä: secret-token', 'x(y): secret-token', 'x\r\ny: secret-token'];
  for (const header of bad) assert.doesNotMatch(`${refusal(header).message}${refusal(header).hint}`, /secret-token/);
  for (const end of ['\r\nx-evil: 1', '\n', '\0', '\u007f', 'é', '\u{1f600}']) {
    // White space at its end is no part of a value; a line end is refused wherever it is.
    assert.doesNotMatch(refusal(`x-a: secret-token${end}`).message, /secret-token/);
  }
  assert.match(refusal('x-a:').message, /x-a has no value/);
});

test('whatever passes, Node takes for a header and one line', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 12 }), fc.string({ unit: 'binary', maxLength: 12 }), (name, value) => {
      let headers: [string, string][];
      try {
        headers = given(`${name}:${value}`);
      } catch (error) {
        assert.ok(error instanceof Failure);
        return;
      }
      const [sentName, sentValue] = headers.at(-1)!;
      validateHeaderName(sentName);
      validateHeaderValue(sentName, sentValue);
      assert.match(sentValue, /^[\t\x20-\x7e]+$/);
    }),
    { numRuns: 2000 },
  );
});

test('reports get the names alone', () => {
  assert.deepEqual(headerNames(['X-Token: secret', 'no colon secret']), ['X-Token', '']);
});
