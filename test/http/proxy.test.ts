import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Failure } from '../../src/failure.ts';
import { proxiesOf, proxyFor } from '../../src/http/proxy.ts';

function isProxied(host: string, except: string, port = 443): boolean {
  return proxyFor({ http: null, https: 'http://proxy.example:3128', except }, true, host, port) !== null;
}

test('which proxy: by scheme, lower case first, with and without a scheme of its own', () => {
  assert.equal(proxiesOf({ NO_PROXY: '*', HTTP_PROXY: '' }), null);
  const proxies = proxiesOf({ http_proxy: 'low.example:8080', HTTP_PROXY: 'http://up.example', HTTPS_PROXY: 'https://us%40er:p%3Ass@secure.example' })!;
  assert.deepEqual(proxyFor(proxies, false, 's3.example', 80), { secure: false, host: 'low.example', port: 8080, authorization: null });
  const authorization = `Basic ${Buffer.from('us@er:p:ss').toString('base64')}`;
  assert.deepEqual(proxyFor(proxies, true, 's3.example', 443), { secure: true, host: 'secure.example', port: 443, authorization });
  assert.equal(proxyFor({ http: 'http://[::1]:3128', https: null, except: '' }, false, 's3.example', 80)!.host, '::1');
  assert.equal(proxyFor({ http: 'http://p', https: null, except: '' }, true, 's3.example', 443), null);
});

test('a proxy of another kind is refused without its password (R7)', () => {
  for (const HTTPS_PROXY of ['socks5://user:hunter2@proxy:1080', 'http://user:hunter2@', 'ftp://hunter2']) {
    assert.throws(() => proxiesOf({ HTTPS_PROXY }), (error) => error instanceof Failure && error.kind === 'usage' && !`${error.message}${error.hint}`.includes('hunter2'));
  }
});

test('loopback is never proxied', () => {
  for (const host of ['localhost', 'minio.localhost', '127.0.0.1', '127.8.9.10', '::1']) assert.equal(isProxied(host, ''), false, host);
  for (const host of ['128.0.0.1', '::2', 'localhost.example', 'mylocalhost']) assert.equal(isProxied(host, ''), true, host);
});

test('NO_PROXY: names with all below them, ports, addresses, networks', () => {
  const out: [except: string, ...hosts: string[]][] = [
    ['*', 's3.example', '10.0.0.1'],
    ['example', 'example', 's3.example', 'a.b.example'],
    ['.example', 'example', 's3.example'],
    ['*.example', 's3.example'],
    ['x, EXAMPLE  y', 's3.example', 'x', 'y'],
    ['s3.example:443', 's3.example', 'bucket.s3.example'],
    ['10.0.0.0/8,fd00::/8', '10.255.0.1', 'fd12::1'],
    ['10.0.0.1', '10.0.0.1'],
    ['[fd00::1]', 'fd00::1'],
    ['fd00::1', 'fd00::1'],
  ];
  for (const [except, ...hosts] of out) for (const host of hosts) assert.equal(isProxied(host, except), false, `${host}, NO_PROXY=${except}`);
  const still: [except: string, ...hosts: string[]][] = [
    ['', 's3.example'],
    ['example', 'myexample', 'example.com'],
    ['s3.example:80', 's3.example'],
    ['10.0.0.0/8', '11.0.0.1', 'fd00::1', '10.example'],
    ['10.0.0.0/99,10.0.0/8,/8,:443,.', '10.0.0.1', 's3.example'],
    ['fd00::1', 'fd00::2'],
  ];
  for (const [except, ...hosts] of still) for (const host of hosts) assert.equal(isProxied(host, except), true, `${host}, NO_PROXY=${except}`);
});
