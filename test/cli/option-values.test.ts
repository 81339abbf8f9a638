import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InvalidArgumentError } from 'commander';
import { decimal, nameList, wholeNumber, wholeNumberOrAuto } from '../../src/cli/option-values.ts';

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
