import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { Failure } from '../../src/failure.ts';
import { CUSTOMER_KEY_VARIABLE, customerKeyHeaders, type Destination } from '../../src/s3/customer-key.ts';
import { awsEnvironment } from './aws-environment.ts';

const KEY = Buffer.from(Array.from({ length: 32 }, (_, at) => at * 7));
const TEXT = KEY.toString('base64');
const HEADERS = [
  ['x-amz-server-side-encryption-customer-algorithm', 'AES256'],
  ['x-amz-server-side-encryption-customer-key', TEXT],
  ['x-amz-server-side-encryption-customer-key-md5', createHash('md5').update(KEY).digest('base64')],
];
const AWAY: Destination = { endpoint: 'https://s3.example.com', connectTo: null, insecure: false };

/** A folder for key files, and an environment that holds this key and no other. */
function folderWith(t: TestContext, key: string | null): string {
  return awsEnvironment(t, key === null ? {} : { [CUSTOMER_KEY_VARIABLE]: key });
}

function refusal(action: () => unknown): Failure {
  try {
    action();
  } catch (error) {
    if (error instanceof Failure && error.kind === 'usage') return error;
    throw error;
  }
  assert.fail('not refused');
}

test('the key of the environment, and the file before it', (t) => {
  const folder = folderWith(t, TEXT);
  assert.deepEqual(customerKeyHeaders(null, AWAY), HEADERS);
  const other = join(folder, 'other');
  writeFileSync(other, Buffer.alloc(32, 1));
  assert.equal(customerKeyHeaders(other, AWAY)[1]![1], Buffer.alloc(32, 1).toString('base64'));
});

test('no key, no headers', (t) => {
  folderWith(t, null);
  assert.deepEqual(customerKeyHeaders(null, { ...AWAY, endpoint: 'http://s3.example.com' }), []);
});

test('a file holds the bytes or their base64, with a line end or without', (t) => {
  const folder = folderWith(t, null);
  for (const [name, content] of [['bytes', KEY], ['text', TEXT], ['line', `${TEXT}\n`], ['windows', `${TEXT}\r\n`]] as const) {
    writeFileSync(join(folder, name), content);
    assert.deepEqual(customerKeyHeaders(join(folder, name), AWAY), HEADERS, name);
  }
});

test('what is no key is refused without a word of it (R7)', (t) => {
  const wrong = [TEXT.slice(0, 40), `${TEXT}AAAA`, KEY.toString('hex'), `${TEXT.slice(0, 43)}!`, `${TEXT.slice(0, 20)} ${TEXT.slice(20)}`];
  const folder = folderWith(t, null);
  for (const content of wrong) {
    const path = join(folder, 'key');
    writeFileSync(path, content);
    for (const error of [refusal(() => customerKeyHeaders(path, AWAY)), environmentRefusal(content)]) {
      assert.match(error.message, /holds no customer key/);
      assert.ok(!`${error.message}${error.hint}`.includes(content.slice(0, 20)));
    }
  }
  assert.match(refusal(() => customerKeyHeaders(join(folder, 'missing'), AWAY)).message, /missing cannot be read/);

  function environmentRefusal(content: string): Failure {
    process.env[CUSTOMER_KEY_VARIABLE] = content;
    try {
      return refusal(() => customerKeyHeaders(null, AWAY));
    } finally {
      delete process.env[CUSTOMER_KEY_VARIABLE];
    }
  }
});

test('over plain HTTP the key goes to loopback only, unless --insecure', (t) => {
  folderWith(t, TEXT);
  for (const endpoint of [null, 'https://s3.example.com', 'http://127.0.0.1:9000', 'http://localhost', 'http://[::1]:9000']) assert.equal(customerKeyHeaders(null, { ...AWAY, endpoint }).length, 3);
  for (const endpoint of ['http://s3.example.com', 'http://127.0.0.1.example.com', 'http://localhost.example.com', 'http://10.0.0.1:9000', 'http://[2001:db8::1]']) {
    assert.match(refusal(() => customerKeyHeaders(null, { ...AWAY, endpoint })).message, /plain HTTP/, endpoint);
    assert.equal(customerKeyHeaders(null, { ...AWAY, endpoint, insecure: true }).length, 3);
  }
  // Of several endpoints, one is enough.
  assert.throws(() => customerKeyHeaders(null, AWAY, { ...AWAY, endpoint: 'http://s3.example.com' }), /plain HTTP/);
  // What counts is where it really goes.
  const connectTo = { host: '10.0.0.1', port: 80 };
  assert.throws(() => customerKeyHeaders(null, { ...AWAY, endpoint: 'http://localhost', connectTo }), /plain HTTP/);
  assert.equal(customerKeyHeaders(null, { ...AWAY, endpoint: 'http://s3.example.com', connectTo: { host: '127.0.0.1', port: 80 } }).length, 3);
});
