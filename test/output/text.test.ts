import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { Failure } from '../../src/failure.ts';
import { batchesOf, encodeAll, options, PLAIN, text } from './rows.ts';

function batchesOfKeys(keys: readonly string[]): ReturnType<typeof batchesOf> {
  return batchesOf(keys.map((key) => ({ ...PLAIN, key })));
}

test('each key is a line, byte for byte', async () => {
  const key = text.filter((value) => !/[\r\n]/.test(value));
  await fc.assert(
    fc.asyncProperty(fc.array(key, { maxLength: 30 }), async (keys) => {
      assert.equal((await encodeAll(options('text'), batchesOfKeys(keys))).toString('utf8'), keys.map((k) => `${k}\n`).join(''));
    }),
  );
});

test('a key with a line end fails instead of becoming two', async () => {
  for (const key of ['a\nb', 'a\r', '\n']) {
    await assert.rejects(
      encodeAll(options('text'), batchesOfKeys(['x', key])),
      (error) => error instanceof Failure && error.kind === 'output' && error.hint!.includes('ndjson'),
    );
  }
});

test('on a terminal it is escaped', async () => {
  const shown = await encodeAll(options('text', { terminal: true }), batchesOfKeys(['a\nb', '\u001b[2J', 'é\u202e']));
  assert.equal(shown.toString('utf8'), 'a\\u000ab\n\\u001b[2J\né\\u202e\n');
});
