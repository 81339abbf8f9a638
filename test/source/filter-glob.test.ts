import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import picomatch from 'picomatch/posix.js';
import { compileGlob, literalBeginning, narrowedPrefix } from '../../src/source/filter-glob.ts';
import { anyKey } from './arbitrary-keys.ts';
import { usage } from './key-rows.ts';

function matching(glob: string, ...keys: readonly string[]): string[] {
  return keys.filter(compileGlob(glob));
}

test('a star stops at "/", two do not, and "**/" may be nothing', () => {
  assert.deepEqual(matching('*.gz', 'a.gz', '.gz', 'a/b.gz', 'a.gz.txt', 'A.GZ'), ['a.gz', '.gz']);
  assert.deepEqual(matching('logs/*', 'logs/', 'logs/a', 'logs/.a', 'logs/a/b', 'logs'), ['logs/', 'logs/a', 'logs/.a']);
  assert.deepEqual(matching('logs/**', 'logs/', 'logs/a', 'logs/a/b/', 'logs', 'log'), ['logs/', 'logs/a', 'logs/a/b/']);
  assert.deepEqual(matching('**/*.gz', 'a.gz', 'a/b.gz', '/b.gz', 'a//b.gz', 'a.g'), ['a.gz', 'a/b.gz', '/b.gz', 'a//b.gz']);
  assert.deepEqual(matching('a/**/z', 'a/z', 'a/b/z', 'a/b/c/z', 'a/bz', 'az'), ['a/z', 'a/b/z', 'a/b/c/z']);
  assert.deepEqual(matching('a**z', 'az', 'a/b/z', 'ab'), ['az', 'a/b/z']);
});

test('one character, sets, alternatives, and characters that stand for themselves', () => {
  // One character of UTF-16 or two: one to whoever reads it.
  assert.deepEqual(matching('?', 'a', 'é', '😀', '\n', '/', '', 'ab'), ['a', 'é', '😀', '\n']);
  assert.deepEqual(matching('[a-c😀]x', 'ax', 'cx', 'dx', '😀x', '-x'), ['ax', 'cx', '😀x']);
  assert.deepEqual(matching('[!a-c]', 'a', 'd', '/', '^'), ['d', '^']);
  assert.deepEqual(matching('[^a]', 'a', '^'), ['^']);
  assert.deepEqual(matching('[]^.-]', ']', '^', '.', '-', 'a'), [']', '^', '.', '-']);
  assert.deepEqual(matching('a[.-0]b', 'a/b', 'a.b', 'a0b'), ['a.b', 'a0b']);
  assert.deepEqual(matching('{a,b{c,d/*},}!', 'a!', 'bc!', 'bd/x!', '!', 'b!'), ['a!', 'bc!', 'bd/x!', '!']);
  assert.deepEqual(matching('\\*\\{\\\\\\,', '*{\\,'), ['*{\\,']);
  assert.deepEqual(matching('a+(b)|c^$.d', 'a+(b)|c^$.d', 'ab'), ['a+(b)|c^$.d']);
  assert.deepEqual(matching('[a\\-c]', 'a', 'b', '-'), ['a', '-']);
  assert.deepEqual(matching('a,b', 'a,b'), ['a,b']);
  assert.deepEqual(matching('$$', '$', '$$'), ['$$']);
});

test('keys are no paths: dots, slashes and line ends are characters as any', () => {
  assert.deepEqual(matching('**', '../a', './a', 'a//b', 'a/../b', 'a\nb', '.', '/'), ['../a', './a', 'a//b', 'a/../b', 'a\nb', '.', '/']);
  assert.deepEqual(matching('./a', './a', 'a'), ['./a']);
  assert.deepEqual(matching('a//b', 'a//b', 'a/b'), ['a//b']);
  assert.deepEqual(matching('%41', '%41', 'A'), ['%41']);
});

test('what is no glob is refused by name', () => {
  for (const [glob, what] of Object.entries({ '': /empty/, 'a[b': /"a\[b" has a \[/, '[!]': /\[/, 'a{b,c': /\{ that is not closed/, 'a}': /\} that closes nothing/, '{a}': /without a comma/, '[z-a]': /range/, 'a\\': /ends in/, '[\\': /ends in/ })) {
    assert.throws(() => compileGlob(glob), usage(what), glob);
  }
  assert.throws(() => compileGlob('{'.repeat(2048)), usage(/not closed/));
  assert.throws(() => compileGlob('*'.repeat(2049)), usage(/longer/));
  assert.ok(compileGlob(`${'{'.repeat(600)}a${',}'.repeat(600)}`)('a'));
});

/** Names between slashes: none empty, no `.` and no `..`, where a library for paths sees something else. */
const segment = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '.', '-', '+', '(', '$'), minLength: 1, maxLength: 4 }).filter((text) => !/^\.+$/.test(text));
const path = fc.array(segment, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));
const globSegment = fc
  .array(fc.oneof({ weight: 3, arbitrary: fc.constantFrom('a', 'b', 'c', '.', '-', '$') }, fc.constantFrom('*', '?', '[ab]', '[!a]', '{a,bc}')), { minLength: 1, maxLength: 4 })
  .map((parts) => parts.join(''))
  // Two stars by chance mean less to picomatch than to us; of two `$` it escapes the first, and the second is the end.
  .filter((text) => !text.includes('**') && !text.includes('$$') && !/^[.?]+$/.test(text));
const globPath = fc.array(fc.oneof({ weight: 3, arbitrary: globSegment }, fc.constant('**')), { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));

test('on keys that look like paths it agrees with picomatch', () => {
  let matches = 0;
  fc.assert(
    fc.property(globPath, fc.array(path, { minLength: 1, maxLength: 30 }), (glob, keys) => {
      const ours = compileGlob(glob);
      const theirs = picomatch(glob, { dot: true, nonegate: true, noextglob: true, strictSlashes: true, keepQuotes: true, debug: true, flags: 's', posix: true });
      for (const key of keys) {
        assert.equal(ours(key), theirs(key), `${glob} and ${key}`);
        if (ours(key)) matches++;
      }
    }),
    { numRuns: 500 },
  );
  assert.ok(matches > 100, `only ${matches} matches: is the test blind?`);
});

test('any text with a \\ before each character is a glob of itself alone', () => {
  fc.assert(
    fc.property(anyKey, anyKey, (key, other) => {
      const glob = Array.from(key, (character) => `\\${character}`).join('');
      fc.pre(glob.length <= 2048);
      const matches = compileGlob(glob);
      assert.ok(matches(key));
      assert.equal(matches(other), other === key);
    }),
  );
});

test('the literal beginning of a glob', () => {
  const cases = { 'logs/2026/*': 'logs/2026/', 'a?': 'a', '{a,b}': '', abc: 'abc', '**/x': '', 'a\\*b': 'a', 'é😀[x]': 'é😀' };
  for (const [glob, expected] of Object.entries(cases)) assert.equal(literalBeginning(glob), expected, glob);
});

test('globs narrow a listing to what they have in common, below its prefix', () => {
  assert.equal(narrowedPrefix('', []), '');
  assert.equal(narrowedPrefix('a/', []), 'a/');
  assert.equal(narrowedPrefix('', ['logs/2026/*', 'logs/2025/**']), 'logs/202');
  assert.equal(narrowedPrefix('logs/', ['logs/2026/*']), 'logs/2026/');
  assert.equal(narrowedPrefix('logs/2026/', ['logs/*']), 'logs/2026/');
  assert.equal(narrowedPrefix('logs/', ['logs/2026/*', 'data/*']), 'logs/2026/', 'what lies elsewhere cannot match');
  assert.equal(narrowedPrefix('logs/', ['*.gz', 'logs/a']), 'logs/');
  assert.equal(narrowedPrefix('', ['x😀*', 'x😁*']), 'x', 'no half of a character');
  assert.equal(narrowedPrefix('logs/', ['data/*']), null);
});

test('narrowing loses no key that matches under the prefix', () => {
  const globs = fc.array(globPath, { minLength: 1, maxLength: 3 });
  const prefixes = fc.oneof(fc.constant(''), path, path.map((text) => `${text}/`));
  fc.assert(
    fc.property(prefixes, globs, fc.array(path, { maxLength: 30 }), (prefix, include, paths) => {
      const narrowed = narrowedPrefix(prefix, include);
      const matchers = include.map(compileGlob);
      const keys = [...paths, ...paths.map((text) => prefix + text)].filter((key) => key.startsWith(prefix));
      for (const key of keys) {
        if (matchers.some((matches) => matches(key))) assert.ok(narrowed !== null && key.startsWith(narrowed), key);
      }
      assert.ok(narrowed === null || narrowed.startsWith(prefix));
    }),
    { numRuns: 500 },
  );
});
