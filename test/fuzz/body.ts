/** The reader of bodies in chunks, against Node's own parser on what it takes for whole. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { Duplex } from 'node:stream';
import { BodyReader, type BodyResult } from '../../src/http/body-reader.ts';
import { recycle } from '../../src/http/body-room.ts';
import { chunked } from '../http/raw-server.ts';
import type { Dice } from './mutations.ts';
import { buffers } from './samples.ts';
import type { Target } from './targets.ts';

interface Reading {
  readonly result: BodyResult;
  /** of a body that is whole */
  readonly end: number;
  readonly text: string;
}

function read(reader: BodyReader, input: Buffer, dice: Dice): Reading {
  reader.begin(null);
  for (let from = 0; ; ) {
    const to = Math.min(input.length, from + Math.floor(dice() ** 2 * (input.length + 1)));
    const result = reader.read(input, from, to);
    if (result === 'whole') {
      const body = reader.take();
      const text = body.toString('latin1');
      recycle(body);
      return { result, end: reader.end, text };
    }
    if (result !== 'partial' || to === input.length) {
      reader.drop();
      return { result, end: 0, text: '' };
    }
    from = to;
  }
}

async function byNode(body: Buffer): Promise<string> {
  const socket = new Duplex({ read: () => {}, write: (_chunk, _encoding, done) => done() });
  const request = get({ createConnection: () => socket });
  socket.push('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
  socket.push(body);
  const [message] = (await once(request, 'response')) as [IncomingMessage];
  const pieces: Buffer[] = [];
  for await (const piece of message) pieces.push(piece as Buffer);
  assert.ok(message.complete);
  socket.destroy();
  return Buffer.concat(pieces).toString('latin1');
}

const used = new BodyReader();

export const bodyTarget: Target = {
  name: 'body',
  samples: buffers([chunked(), chunked('a'), chunked('<ListBucketResult>', '<IsTruncated>false', '</IsTruncated></ListBucketResult>'), `0A\r\n0123456789\r\n${chunked('x'.repeat(3000))}`, `${chunked('a', '\r\n')}HTTP/1.1 200 OK\r\n\r\n`]),
  words: buffers(['\r\n', '0\r\n\r\n', '1\r\n', '5;a=b\r\n', '\n', '\r', 'ffffffff', '100000000', '-1', ' ', '00000000', '0x', 'X-Trailer: a\r\n', '\r\n\r\n']),
  async check(input, dice) {
    const reading = read(new BodyReader(), input, () => 1);
    assert.deepEqual(read(used, input, dice), reading, 'how it is split, or what was read before, makes a difference');
    if (reading.result === 'whole') assert.equal(reading.text, await byNode(input.subarray(0, reading.end)));
  },
};
