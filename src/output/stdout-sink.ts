/**
 * Standard output as a sink. Written by file descriptor and not through process.stdout, which in a worker
 * thread hands every chunk to the main thread and knows no back pressure.
 */
import { write as writeCallback } from 'node:fs';
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { codeOf, outputFailure } from './output-failure.ts';
import { OutputClosed, type Sink } from './sink.ts';

const write = promisify(writeCallback);

const STDOUT = 1;
/** A full pipe that does not block (Node or the parent process may have set it so) is asked again after 1, 2, 4, … ms. */
const LONGEST_WAIT_MS = 16;

export class StdoutSink implements Sink {
  bytes = 0;
  private readonly fd: number;

  constructor(fd: number = STDOUT) {
    this.fd = fd;
  }

  async write(bytes: Uint8Array): Promise<void> {
    let wait = 0;
    for (let at = 0; at < bytes.length; ) {
      try {
        const { bytesWritten } = await write(this.fd, bytes, at, bytes.length - at);
        at += bytesWritten;
        this.bytes += bytesWritten;
        wait = 0;
      } catch (error) {
        if (codeOf(error) === 'EPIPE') throw new OutputClosed();
        if (codeOf(error) !== 'EAGAIN') throw outputFailure('cannot write to standard output', error);
        await (wait === 0 ? nextTurn() : delay(wait));
        wait = Math.min(LONGEST_WAIT_MS, wait * 2 || 1);
      }
    }
  }

  /** Nothing to publish: what was written is with the reader. */
  async commit(): Promise<void> {}

  async abort(): Promise<void> {}
}
