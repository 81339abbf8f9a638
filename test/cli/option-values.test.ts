import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InvalidArgumentError } from 'commander';
import { byteSize, decimal, glob, hostPort, moment, nameList, repeatable, storageClass, wholeNumber, wholeNumberOrAuto } from '../../src/cli/option-values.ts';

function refuses(parse: (text: string) => unknown, expected: RegExp, ...texts: readonly string[]): void {
  for (const text of texts) assert.throws(() => parse(text), (error) => error instanceof InvalidArgumentError && expected.test(error.message), text);
}

test('whole numbers, both ends included', () => {
  const parse = wholeNumber(1, 1000);
  assert.deepEqual(['1', '80', '1000', '007'].map(parse), [1, 80, 1000, 7]);
  refuses(parse, /whole number from 1 to 1000/, '', ' ', '0', '1001', '-1', '+1', '1.0', '1e2', '0x10', ' 5', '5 ', '8O', '٣', 'NaN', 'Infinity', '99999999999999999999');
  assert.equal(wholeNumber(0, 1e12)('1000000000000'), 1e12);
});

test('a whole number, or auto', () => {
  const parse = wholeNumberOrAuto(1, 256);
  assert.deepEqual([parse('auto'), parse('4')], [null, 4]);
  refuses(parse, /whole number from 1 to 256/, 'Auto', '', '0', '257');
});

test('decimal numbers, both ends included', () => {
  const parse = decimal(0.1, 3600);
  assert.deepEqual(['0.1', '20', '2.5', '3600'].map(parse), [0.1, 20, 2.5, 3600]);
  refuses(parse, /number from 0.1 to 3600/, '', '0', '0.09', '3600.1', '-1', '.5', '5.', '1e1', '1,5', 'Infinity', 'NaN');
});

test('names between commas, blanks and empty ones dropped', () => {
  assert.deepEqual(nameList('key, etag ,,size,'), ['key', 'etag', 'size']);
  assert.deepEqual(nameList(' , '), []);
});

test('sizes: bytes, powers of 1000 and of 1024, whole bytes only', () => {
  const sizes = ['0', '1024', '7B', '5MB', '5mb', '5 MB', '10MiB', '10mib', '1.5KiB', '2.5kB', '3GB', '1TiB', '5PB'];
  assert.deepEqual(sizes.map(byteSize), [0, 1024, 7, 5e6, 5e6, 5e6, 10_485_760, 10_485_760, 1536, 2500, 3e9, 2 ** 40, 5e15]);
  refuses(byteSize, /size such as/, '', ' ', '-1', '+1', '1e3', '5M', '5K', '10 Mi', 'MB', '1.5', '0.0001KB', '1,5MB', '٣MB', '10PB', '0x10', 'NaN', 'Infinity', '5MB 5MB', '9'.repeat(400));
});

test('moments: dates and times as UTC unless they say otherwise, ages before now', () => {
  const now = Date.UTC(2026, 2, 1, 12);
  const cases = {
    '2026-01-31': '2026-01-31T00:00:00.000Z',
    '2024-02-29': '2024-02-29T00:00:00.000Z',
    '2026-01-31T12:30': '2026-01-31T12:30:00.000Z',
    '2026-01-31T12:30:15.25Z': '2026-01-31T12:30:15.250Z',
    '2026-01-31T12:30+02:00': '2026-01-31T10:30:00.000Z',
    '7d': '2026-02-22T12:00:00.000Z',
    '12h': '2026-03-01T00:00:00.000Z',
    '30m': '2026-03-01T11:30:00.000Z',
    '90s': '2026-03-01T11:58:30.000Z',
    '1w': '2026-02-22T12:00:00.000Z',
    '0d': '2026-03-01T12:00:00.000Z',
  };
  for (const [text, expected] of Object.entries(cases)) assert.equal(moment(text, now), expected, text);
  const bad = ['', ' ', 'yesterday', '7', '7 d', '-7d', '1.5d', '7D', '7y', '2026', '2026-1-1', '2026-02-30', '2026-02-30T10:00', '2025-02-29', '2026-13-01', '2026-01-31T25:00', '31.01.2026', '999999999w', '٧d', '7d 7d'];
  refuses((text) => moment(text, now), /age such as 7d/, ...bad);
});

test('globs and storage classes are checked where they are given, and gathered in order', () => {
  assert.equal(glob('logs/**/*.gz'), 'logs/**/*.gz');
  refuses(glob, /the glob .* (closed|closes|empty|range|comma|\\)/, '', '[a-', 'a{b', 'a}', '[z-a]', 'a{b}', 'a\\');
  assert.equal(storageClass('ONEZONE_IA'), 'ONEZONE_IA');
  refuses(storageClass, /STANDARD or GLACIER/, '', ' ', 'A B', 'GLACIER,STANDARD', 'X'.repeat(200), '\u0000');
  const gather = repeatable(storageClass);
  assert.deepEqual(gather('B', gather('A', undefined)), ['A', 'B']);
});

test('an address with its port', () => {
  for (const text of ['127.0.0.1:9000', 'minio-1.example:1', '[::1]:65535', '[fe80::1]:80', 'node_1:443']) assert.equal(hostPort(text), text);
  const none = ['', '127.0.0.1', '127.0.0.1:', ':80', '127.0.0.1:0', '127.0.0.1:65536', '::1:9000', '[::1', '[1]:80', '[a.b]:80', 'http://127.0.0.1:80', 'a b:80', 'user@host:80'];
  refuses(hostPort, /HOST:PORT/, ...none);
});
