import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Failure } from '../../src/failure.ts';
import { OutputClosed } from '../../src/output/sink.ts';
import { StdoutSink } from '../../src/output/stdout-sink.ts';

/** Writes `bytes` bytes to a process's standard output and tells on standard error how it went. */
const CHILD = `
  const { StdoutSink } = await import(${JSON.stringify(new URL('../../src/output/stdout-sink.js', import.meta.url).href)});
  process.stdout; // makes a pipe non-blocking, as it is in a program that also prints
  const sink = new StdoutSink();
  const bytes = Buffer.alloc(Number(process.argv[1]), 'abcdefg');
  try { await sink.write(bytes); process.stderr.write('wrote ' + sink.bytes); }
  catch (error) { process.stderr.write(error.name); }
`;

test('a slow reader gets every byte', async () => {
  const size = 3_000_000;
  const child = spawn(process.execPath, ['--input-type=module', '-e', CHILD, String(size)], { stdio: ['ignore', 'pipe', 'pipe'] });
  const told: Buffer[] = [];
  child.stderr.on('data', (chunk: Buffer) => told.push(chunk));
  const received: Buffer[] = [];
  await delay(100);
  for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
    received.push(chunk);
    if (received.length % 16 === 0) await delay(1);
  }
  assert.equal(Buffer.concat(told).toString(), `wrote ${size}`);
  assert.ok(Buffer.concat(received).equals(Buffer.alloc(size, 'abcdefg')));
});

test('a reader that goes away is told apart from an error', async () => {
  const child = spawn(process.execPath, ['--input-type=module', '-e', CHILD, '3000000'], { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.once('data', () => child.stdout.destroy());
  const told: Buffer[] = [];
  for await (const chunk of child.stderr as AsyncIterable<Buffer>) told.push(chunk);
  assert.equal(Buffer.concat(told).toString(), new OutputClosed().name);
});

test('a full disk is a failure that says so', async () => {
  const fd = openSync('/dev/full', 'w');
  await assert.rejects(
    new StdoutSink(fd).write(Buffer.from('x')),
    (error) => error instanceof Failure && error.kind === 'output' && error.message.includes('no space left on device (ENOSPC)'),
  );
  closeSync(fd);
});
