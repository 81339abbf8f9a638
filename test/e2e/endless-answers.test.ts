/** Answers to a listing that are too long, or never end: one error, in little memory, and nothing left behind (R5, R8). */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { pipeline, Readable } from 'node:stream';
import { describe, test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startS3scan } from '../support/cli.ts';
import { filesIn, temporaryFolder } from '../support/folder.ts';
import { serveHttp } from '../support/http-server.ts';

const MEGABYTE = 1_000_000;
const MOST_MEMORY = 500 * MEGABYTE;

const START = '<?xml version="1.0" encoding="UTF-8"?><ListBucketResult><IsTruncated>false</IsTruncated>';
const END = '</ListBucketResult>';

function objects(from: number, count: number): string {
  const numbers = Array.from({ length: count }, (_, n) => String(from + n).padStart(8, '0'));
  return numbers.map((number) => `<Contents><Key>${number}</Key></Contents>`).join('');
}

type Pieces = (number: number) => string | null;

function* piecesOf(next: Pieces): Generator<string> {
  for (let number = 0; ; number++) {
    const piece = next(number);
    if (piece === null) return;
    yield piece;
  }
}

const OBJECTS = 20_000;
const ANSWERS: readonly (readonly [what: string, next: Pieces, message: RegExp])[] = [
  ['blanks without end', (number) => (number === 0 ? START : ' '.repeat(MEGABYTE)), /over 67108864 bytes/],
  ['objects without end', (number) => (number === 0 ? START : objects(number * OBJECTS, OBJECTS)), /over 67108864 bytes/],
  ['a page of sixty megabytes that is cut', (number) => (number === 0 ? START : number <= 70 ? objects(number * OBJECTS, OBJECTS) : null), /cut short/],
  ['sixty megabytes of elements and an end tag too many', (number) => (number === 0 ? START : number <= 60 ? '<a/>'.repeat(MEGABYTE / 4) : number === 61 ? END + END : null), /end tag|follows the document/],
];

/** The most memory that the process has had, in bytes; 0 where the system does not tell. */
async function peakMemory(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
}

async function serve(t: TestContext, next: Pieces): Promise<string> {
  return serveHttp(t, (_request, response) => {
    // As the client reads; it leaves before the end.
    pipeline(Readable.from(piecesOf(next)), response, () => {});
  });
}

describe('answers that are too long', { concurrency: 2 }, () => {
  for (const [what, next, message] of ANSWERS) {
    test(what, async (t) => {
      const endpoint = await serve(t, next);
      const cwd = await temporaryFolder(t);
      const { child, ended } = await startS3scan(['list', 's3://bucket', '--endpoint', endpoint, '--no-sign-request', '-o', 'x.parquet'], { cwd });
      let peak = 0;
      while (child.exitCode === null) {
        peak = Math.max(peak, await peakMemory(child.pid!));
        await sleep(20);
      }
      const { code, stderr } = await ended;
      assert.equal(code, 4, stderr);
      assert.match(stderr, message);
      assert.ok(stderr.length < 2000, stderr);
      assert.ok(peak < MOST_MEMORY, `${peak / MEGABYTE} MB`);
      assert.deepEqual([...(await filesIn(cwd)).keys()], []);
    });
  }
});
