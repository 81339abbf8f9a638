import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { encodeKeyPath, encodeQuery } from '../../src/s3/uri.ts';

function encodeKey(key: string): string {
  const bytes = Buffer.from(key, 'utf8');
  return encodeKeyPath(bytes, 0, bytes.length);
}

/** RFC 3986 by way of the built-in, which leaves five reserved characters alone. */
function encodeStrictly(part: string): string {
  return encodeURIComponent(part).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

const anyText = fc.string({ unit: 'binary' });

test('a key is encoded once, and never normalised (R3)', () => {
  assert.equal(encodeKey('photos/2026/cat.jpeg'), 'photos/2026/cat.jpeg');
  assert.equal(encodeKey('//a/../b/./'), '//a/../b/./');
  assert.equal(encodeKey('a+b c%20?x=1#y&z;*!\'()@:,$[]"<>\\^`{|}'), 'a%2Bb%20c%2520%3Fx%3D1%23y%26z%3B%2A%21%27%28%29%40%3A%2C%24%5B%5D%22%3C%3E%5C%5E%60%7B%7C%7D');
  assert.equal(encodeKey('é😀\u0000\n'), '%C3%A9%F0%9F%98%80%00%0A');
});

test('any key comes back from its path, and the path is what the built-in encoder makes of each part', () => {
  fc.assert(
    fc.property(anyText, (key) => {
      const path = encodeKey(key);
      assert.equal(decodeURIComponent(path), key);
      assert.equal(path, key.split('/').map(encodeStrictly).join('/'));
    }),
  );
});

test('bytes that are no UTF-8 are encoded as they are', () => {
  assert.equal(encodeKeyPath(Uint8Array.of(0x61, 0xff, 0xc3, 0x2f), 0, 4), 'a%FF%C3/');
});

test('only the part of the buffer that is asked for is encoded', () => {
  fc.assert(
    fc.property(anyText, anyText, anyText, (before, key, after) => {
      const [first, middle, last] = [before, key, after].map((part) => Buffer.from(part, 'utf8'));
      // a plain Uint8Array that does not begin at its buffer's beginning, as keys of a batch do
      const bytes = new Uint8Array(Buffer.concat([Buffer.alloc(3), first!, middle!, last!])).subarray(3);
      assert.equal(encodeKeyPath(bytes, first!.length, first!.length + middle!.length), encodeKey(key));
    }),
  );
});

test('keys longer than S3 allows are encoded whole, and do not disturb those after them', () => {
  const long = '/é '.repeat(5000);
  assert.equal(decodeURIComponent(encodeKey(long)), long);
  assert.equal(encodeKey('a b'), 'a%20b');
});

test('query parameters are sorted by encoded name, not by name and value together', () => {
  assert.equal(encodeQuery([]), '');
  assert.equal(encodeQuery([['list-type', '2'], ['prefix', 'a/b c'], ['delimiter', '/'], ['versions', '']]), 'delimiter=%2F&list-type=2&prefix=a%2Fb%20c&versions=');
  // `-` sorts before `=`
  assert.equal(encodeQuery([['p-3', 'x'], ['p', 'z']]), 'p=z&p-3=x');
  assert.equal(encodeQuery([['n', 'b'], ['n', 'a']]), 'n=a&n=b');
  // U+FF5E comes before U+1F600 in UTF-8, and after it in UTF-16
  assert.equal(encodeQuery([['😀', ''], ['～', '']]), '%EF%BD%9E=&%F0%9F%98%80=');
});

function inAnyOrder(parameters: readonly (readonly [string, string])[]): string[] {
  return parameters.map((pair) => JSON.stringify(pair)).sort();
}

test('query values may be bytes, and come back whole', () => {
  assert.equal(encodeQuery([['start-after', Uint8Array.of(0x61, 0xff, 0x20)]]), 'start-after=a%FF%20');
  fc.assert(
    fc.property(fc.array(fc.tuple(anyText, anyText)), (parameters) => {
      const query = encodeQuery(parameters);
      const decoded = query === '' ? [] : query.split('&').map((pair) => pair.split('=').map(decodeURIComponent) as [string, string]);
      assert.deepEqual(inAnyOrder(decoded), inAnyOrder(parameters));
      assert.equal(query, encodeQuery(parameters.map(([name, value]) => [name, Buffer.from(value, 'utf8')])));
    }),
  );
});

test('a lone surrogate is sent as the replacement character, not thrown at the caller', () => {
  assert.equal(encodeQuery([['prefix', 'a\ud800']]), 'prefix=a%EF%BF%BD');
});
