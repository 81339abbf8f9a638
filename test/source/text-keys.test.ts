import assert from 'node:assert/strict';
import { setTimeout } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { KeyBatcher } from '../../src/source/key-batcher.ts';
import { readText } from '../../src/source/text-keys.ts';
import type { KeyBatch } from '../../src/queue/key-batch.ts';
import { anyKey, chunkSizes } from './arbitrary-keys.ts';
import { inChunks, keysOf, rowsOf, usage } from './key-rows.ts';

function read(content: string | Uint8Array, bucket: string | null = 'photos', sizes: readonly number[] = [1 << 20]): AsyncGenerator<KeyBatch> {
  return readText(inChunks(content, sizes), new KeyBatcher('keys.txt', 'line', bucket));
}

const lineKey = anyKey.map((key) => key.replaceAll('\n', 'n')).filter((key) => !key.startsWith('s3://'));

test('lines are keys, to the byte, wherever the chunks are cut', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.oneof(lineKey, fc.constant('')), { maxLength: 30 }), chunkSizes, fc.boolean(), async (lines, sizes, ended) => {
      fc.pre(!(lines[0] ?? '').endsWith('\r'));
      const content = lines.join('\n') + (ended && lines.length > 0 ? '\n' : '');
      assert.deepEqual(await keysOf(read(content, 'photos', sizes)), lines.filter((line) => line !== ''));
    }),
  );
});

test('a file whose first line ends in CR LF loses one CR a line', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.oneof(lineKey, fc.constant('')), { minLength: 1, maxLength: 20 }), chunkSizes, async (lines, sizes) => {
      const content = lines.map((line) => `${line}\r\n`).join('');
      assert.deepEqual(await keysOf(read(content, 'photos', sizes)), lines.filter((line) => line !== ''));
    }),
  );
  assert.deepEqual(await keysOf(read('a\r\nb\nc')), ['a', 'b', 'c']);
  assert.deepEqual(await keysOf(read('a\nb\r\nc\r')), ['a', 'b\r', 'c\r']);
});

test('white space is part of a key', async () => {
  assert.deepEqual(await keysOf(read(' \n\ta \n')), [' ', '\ta ']);
});

test('s3:// lines name their bucket, the rest is the key to the letter', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(fc.constantFrom('photos', 'b.2', 'Old_Bucket'), lineKey), { maxLength: 30 }), chunkSizes, async (pairs, sizes) => {
      fc.pre(!(pairs[0]?.[1] ?? '').endsWith('\r'));
      const content = pairs.map(([bucket, key]) => `s3://${bucket}/${key}\n`).join('');
      const rows = await rowsOf(read(content, null, sizes));
      assert.deepEqual(rows.map(({ bucket, key }) => [bucket, key]), pairs);
    }),
  );
  const rows = await rowsOf(read('s3://photos//a/../%20?x#y\nplain\n'));
  assert.deepEqual(rows.map(({ bucket, key }) => [bucket, key]), [['photos', '/a/../%20?x#y'], ['photos', 'plain']]);
});

test('lines that cannot be used are refused by number, blank lines counted', async () => {
  await assert.rejects(rowsOf(read('\na\n', null)), usage(/^keys\.txt line 2: .*no bucket/));
  await assert.rejects(rowsOf(read('s3://photos/a\nb\n', null)), usage(/line 2: .*no bucket/));
  await assert.rejects(rowsOf(read('a\ns3://other/b\n')), usage(/line 2: names bucket "other", the command names "photos"/));
  await assert.rejects(rowsOf(read('s3://photos\n')), usage(/line 1: .*no key/));
  await assert.rejects(rowsOf(read('s3://photos\ns3://photos/a\n')), usage(/line 1: .*no key/));
  await assert.rejects(rowsOf(read('s3://photos/\n')), usage(/line 1: .*no key/));
  await assert.rejects(rowsOf(read('s3:///key\n', null)), usage(/line 1: .*names no bucket/));
  await assert.rejects(rowsOf(read('s3://a b/key\n', null)), usage(/line 1: .*not a bucket name/));
  await assert.rejects(rowsOf(read(`s3://${'b'.repeat(900)}/key\n`, null)), usage(/line 1: .*not a bucket name/));
});

test('a key has at most 1,024 bytes', async () => {
  const longest = 'é'.repeat(512);
  assert.deepEqual(await keysOf(read(`${longest}\ns3://photos/${longest}`)), [longest, longest]);
  await assert.rejects(rowsOf(read(`a\n${longest}x\n`)), usage(/line 2: .*1024 bytes/));
  await assert.rejects(rowsOf(read('x'.repeat(2000))), usage(/line 1: .*1024 bytes/));
});

test('a file without line ends is refused before it is read whole', async () => {
  let pulled = 0;
  async function* endless(): AsyncGenerator<Buffer> {
    for (;;) {
      pulled++;
      yield Buffer.alloc(1024, 'x');
    }
  }
  await assert.rejects(rowsOf(readText(endless(), new KeyBatcher('keys.txt', 'line', 'photos'))), usage(/1024 bytes/));
  assert.ok(pulled <= 4, `${pulled} chunks`);
});

test('bytes that are no UTF-8 are refused in their line, also where lines together would be valid', async () => {
  const cases: [Buffer, RegExp][] = [
    [Buffer.from('a\nb\xff\n', 'latin1'), /line 2: .*UTF-8/],
    // é, its two bytes on two lines
    [Buffer.from('a\nb\xc3\n\xa9c\nd', 'latin1'), /line 2: .*UTF-8/],
    [Buffer.from('\n\n\xed\xa0\x80\n', 'latin1'), /line 3: .*UTF-8/],
  ];
  for (const [bytes, message] of cases) await assert.rejects(rowsOf(read(bytes)), usage(message));
});

test('batches have 1,000 to 4,000 keys and one bucket, and nothing follows a bad line', async () => {
  const lines = Array.from({ length: 10_000 }, (_, i) => `s3://${i < 7_000 ? 'first' : 'second'}/${i}\n`);
  lines[9_500] = 'bad\n';
  const batches: KeyBatch[] = [];
  await assert.rejects(async () => {
    for await (const batch of read(lines.join(''), null, [4096])) batches.push(batch);
  }, usage(/line 9501:/));
  assert.ok(batches.slice(0, 3).every(({ count }) => count >= 1000 && count <= 4000));
  assert.ok(batches.every(({ place }) => place.kind === 'records' && place.through <= 9_500));
  assert.deepEqual([...new Set(batches.map(({ bucket }) => bucket))], ['first', 'second']);
});

test('300,000 lines are read in bounded memory (R5)', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  let pulled = 0;
  async function* lines(): AsyncGenerator<Buffer> {
    for (let at = 0; at < 300_000; at += 1000) {
      pulled += 1000;
      yield Buffer.from(Array.from({ length: 1000 }, (_, i) => `${'folder/'.repeat(10)}${at + i}\n`).join(''));
    }
  }
  /** Buffers are freed by another thread, some time after the collection. */
  async function fallsBelow(bytes: number): Promise<boolean> {
    for (let tries = 0; tries < 100; tries++) {
      collect();
      if (process.memoryUsage().arrayBuffers < bytes) return true;
      await setTimeout(5);
    }
    return false;
  }
  collect();
  const before = process.memoryUsage().arrayBuffers;
  let keys = 0;
  let batches = 0;
  for await (const batch of readText(lines(), new KeyBatcher('keys.txt', 'line', 'photos'))) {
    keys += batch.count;
    assert.ok(pulled - keys < 5000, 'reads only what is asked for');
    if (++batches % 50 === 0) {
      assert.ok(await fallsBelow(before + 8e6));
    }
  }
  assert.equal(keys, 300_000);
});
