import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { commonLength, isSame, placeOf, viewOf } from '../../src/listing/words.ts';

const LESS_THAN = 0x3c;

/** Text of few characters, so that much of it is alike. */
const text = fc.string({ unit: fc.constantFrom('a', 'b', '<', '\0', '\u007f', 'é', '\u{10ffff}'), maxLength: 60 }).map((value) => Buffer.from(value));

test('the first place of a byte is where a search byte by byte finds it', () => {
  fc.assert(
    fc.property(text, fc.nat(60), (bytes, from) => {
      const start = Math.min(from, bytes.length);
      const found = bytes.indexOf(LESS_THAN, start);
      assert.equal(placeOf(viewOf(bytes), LESS_THAN, start, bytes.length), found < 0 ? bytes.length : found);
    }),
  );
});

test('two places hold the same bytes exactly where a comparison of the bytes says so, and what is said to be common is', () => {
  fc.assert(
    fc.property(text, text, text, (common, first, second) => {
      const both = Buffer.concat([common, first, common, second]);
      const other = common.length + first.length;
      const most = both.length - other;
      const view = viewOf(both);
      const alike = commonLength(view, 0, view, other, most);
      assert.ok(both.subarray(0, alike).equals(both.subarray(other, other + alike)));
      for (let length = 4; length <= most; length++) {
        assert.equal(isSame(view, 0, other, length), both.subarray(0, length).equals(both.subarray(other, other + length)), `${length} bytes`);
      }
    }),
  );
});
