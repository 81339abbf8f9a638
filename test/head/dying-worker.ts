/**
 * A head worker that dies of a key, as the real one would of a defect. Its arguments: the key, `throw` or `memory`, and
 * a file, or none, that the worker that dies removes, so that the next one lives.
 */
import { existsSync, rmSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import '../../src/head/worker.ts';
import type { ToHeadWorker } from '../../src/head/protocol.ts';

const [key = '', how, once = null] = process.argv.slice(2);
const hoard: number[][] = [];

function die(): void {
  if (once !== null) {
    if (!existsSync(once)) return;
    rmSync(once);
  }
  if (how === 'throw') throw new TypeError('a defect in the worker');
  for (;;) hoard.push(Array.from({ length: 1e5 }, Math.random));
}

parentPort!.on('message', (message: ToHeadWorker) => {
  if (message.type !== 'batch') return;
  const { values, offsets } = message.batch.keys;
  // Some answers come before it.
  if (Buffer.from(values.subarray(offsets[0], offsets[message.batch.count])).includes(key)) setTimeout(die, 30);
});
