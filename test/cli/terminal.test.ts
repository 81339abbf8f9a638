import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import {
  escapeForTerminal,
  formatBytes,
  formatClock,
  formatCount,
  formatDuration,
  formatMilliseconds,
  isTerminal,
  painter,
} from '../../src/cli/terminal.ts';

test('what moves a cursor, recolours, reorders or hides is shown as its code point', () => {
  const shown: readonly (readonly [string, string])[] = [
    ['\u001b[31mred', '\\u{1b}[31mred'],
    ['a\r\nb\tc\u0000', 'a\\u{d}\\u{a}b\\u{9}c\\u{0}'],
    ['\u007f\u0080\u009b2J\u009f', '\\u{7f}\\u{80}\\u{9b}2J\\u{9f}'],
    ['gpj.\u202eexe', 'gpj.\\u{202e}exe'],
    ['\u200e\u200f\u061c\u2066\u2069\u202a', '\\u{200e}\\u{200f}\\u{61c}\\u{2066}\\u{2069}\\u{202a}'],
    ['a\u200bb\u200cc\u200dd\ufeff\u2060', 'a\\u{200b}b\\u{200c}c\\u{200d}d\\u{feff}\\u{2060}'],
    ['\u2028\u2029\u3164\u{e0041}\ufe0f', '\\u{2028}\\u{2029}\\u{3164}\\u{e0041}\\u{fe0f}'],
    ['\ud800x\udc00', '\\u{d800}x\\u{dc00}'],
  ];
  for (const [text, expected] of shown) assert.equal(escapeForTerminal(text), expected);
});

test('plain keys of any script stay as they are', () => {
  for (const key of ['', 'logs/2026/a b+c%2F.parquet', 'Ünïcødé/日本語/ключ/مفتاح', '🦆.json', 'C:\\x', '~!@#$^&*()']) {
    assert.equal(escapeForTerminal(key), key);
  }
});

/** Every code point that the terminal may act on, as ranges written out, apart from Unicode's tables. */
const DANGEROUS: readonly (readonly [number, number])[] = [
  [0x00, 0x1f], [0x7f, 0x9f], [0xad, 0xad], [0x061c, 0x061c], [0x180e, 0x180e], [0x200b, 0x200f], [0x2028, 0x202e],
  [0x2060, 0x2069], [0xd800, 0xdfff], [0xfeff, 0xfeff], [0xfff9, 0xfffb], [0xe0000, 0xe007f],
];

test('property: nothing dangerous is left, escaping twice changes nothing, and harmless text is kept', () => {
  const dangerous = fc
    .constantFrom(...DANGEROUS)
    .chain(([from, to]) => fc.integer({ min: from, max: to }))
    .map((code) => String.fromCodePoint(code));
  const text = fc.array(fc.oneof(dangerous, fc.string({ unit: 'binary', maxLength: 4 })), { maxLength: 12 }).map((parts) => parts.join(''));
  fc.assert(
    fc.property(text, (hostile) => {
      const escaped = escapeForTerminal(hostile);
      for (const character of escaped) {
        const code = character.codePointAt(0)!;
        assert.ok(!DANGEROUS.some(([from, to]) => code >= from && code <= to), `U+${code.toString(16)} is left`);
      }
      assert.equal(escapeForTerminal(escaped), escaped);
      if (!hostile.includes('\\')) {
        assert.equal(escaped.replace(/\\u\{([0-9a-f]+)\}/g, (_, hex: string) => String.fromCodePoint(parseInt(hex, 16))), hostile);
      }
    }),
    { numRuns: 500 },
  );
});

test('colours appear on a terminal only, and not where NO_COLOR is set', () => {
  const terminal = { isTTY: true };
  assert.equal(painter(terminal, {})('red', 'x'), '\u001b[31mx\u001b[39m');
  assert.equal(painter(terminal, { NO_COLOR: '' })('red', 'x'), '\u001b[31mx\u001b[39m');
  assert.equal(painter(terminal, { NO_COLOR: '1' })('red', 'x'), 'x');
  assert.equal(painter(terminal, { TERM: 'dumb' })('red', 'x'), 'x');
  assert.equal(painter({}, {})('red', 'x'), 'x');
  assert.equal(isTerminal({ isTTY: false }, {}), false);
});

test('numbers, sizes and times as people write them', () => {
  assert.deepEqual([0, 999, 12_345, 15_803.6, 1e9].map(formatCount), ['0', '999', '12,345', '15,804', '1,000,000,000']);
  const format = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
  fc.assert(fc.property(fc.oneof(fc.double({ min: 0, max: 1e15, noNaN: true }), fc.nat()), (n) => assert.equal(formatCount(n), format.format(n))));
  assert.deepEqual(
    [0, 999, 1000, 1_234_567, 999_949, 999_950, 999_999_999, 5e15, 5e18].map(formatBytes),
    ['0 B', '999 B', '1.0 kB', '1.2 MB', '999.9 kB', '1.0 MB', '1.0 GB', '5.0 PB', '5000.0 PB'],
  );
  assert.deepEqual([0, 12.9, 59.999, 60, 754, 3723, 360_000].map(formatClock), ['0:00', '0:12', '0:59', '1:00', '12:34', '1:02:03', '100:00:00']);
  assert.deepEqual([0, 0.042, 12.34, 59.94, 754].map(formatDuration), ['0.000 s', '0.042 s', '12.3 s', '59.9 s', '12:34']);
  assert.deepEqual([0, 420, 4871, 123_456, 1_234_567].map(formatMilliseconds), ['0.00', '0.42', '4.87', '123', '1,235']);
});
