/** The parser of response heads, against a plain reading with regular expressions of what it takes for whole. */
import assert from 'node:assert/strict';
import { ResponseHead, type HeadResult } from '../../src/http/response-head.ts';
import { buffers } from './samples.ts';
import type { Target } from './targets.ts';

interface Reading {
  readonly result: HeadResult;
  readonly status: number;
  readonly end: number;
  readonly headers: readonly (readonly [string, string])[];
}

function read(head: ResponseHead, bytes: Buffer, length: number): Reading {
  const result = head.read(bytes, length);
  if (result !== 'whole') return { result, status: 0, end: 0, headers: [] };
  const { names, spans, count, status, end } = head;
  const headers = Array.from({ length: count }, (_, at) => [Buffer.from(names[at]!).toString('latin1'), bytes.toString('latin1', spans[2 * at], spans[2 * at + 1])] as const);
  return { result, status, end, headers };
}

const TEXT = '[^\\0-\\x08\\x0a-\\x1f]*';
const LINES = `(?:[!#$%&'*+.^_\`|~0-9A-Za-z-]+:${TEXT}\\r\\n)*`;
const INTERIM = new RegExp(`^(?:HTTP/1\\.1 1\\d\\d(?: ${TEXT})?\\r\\n${LINES}\\r\\n)*`);
const HEAD = new RegExp(`^HTTP/1\\.1 ([2-5]\\d\\d)(?: ${TEXT})?\\r\\n(${LINES})\\r\\n`);

/** What a whole head says, read another way. */
function plainly(text: string): Omit<Reading, 'result'> {
  const interim = INTERIM.exec(text)![0].length;
  const found = HEAD.exec(text.slice(interim));
  assert.ok(found !== null, 'taken for whole, and is none');
  const lines = found[2]!.split('\r\n').slice(0, -1);
  const headers = lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).replace(/^[ \t]+|[ \t]+$/g, '')] as const);
  return { status: Number(found[1]), end: interim + found[0].length, headers };
}

const used = new ResponseHead();

export const responseHeadTarget: Target = {
  name: 'response-head',
  samples: buffers([
    'HTTP/1.1 200 OK\r\nContent-Length: 7\r\nETag: "a"\r\nx-amz-meta-a: b\r\nConnection: keep-alive\r\n\r\n',
    'HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n',
    'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nETag: "a"\r\n\r\n',
    'HTTP/1.1 103 Early Hints\r\nLink: </>\r\n\r\nHTTP/1.1 103\r\n\r\nHTTP/1.1 503 \r\nRetry-After: 1\r\n\r\nbody',
    'HTTP/1.1 200\r\n\r\n',
  ]),
  words: buffers(['HTTP/1.1 ', 'HTTP/1.0 ', '200', '101', '\r\n', '\r\n\r\n', '\n', '\r', ': ', ':', ' \t', 'Content-Length: ', 'content-length:8\r\n', 'Connection: ', '99999999999999999999', '\0', '\x7f', '\xff']),
  check(input, dice) {
    const reading = read(new ResponseHead(), input, input.length);
    assert.deepEqual(read(used, input, input.length), reading, 'what was read before makes a difference');
    const cut = Math.floor(dice() * (input.length + 1));
    const earlier = read(new ResponseHead(), input, cut);
    // What was read from less is not read otherwise from more.
    if (earlier.result !== 'partial') assert.deepEqual(earlier, reading, `cut at ${cut}`);
    if (reading.result === 'whole') {
      const { result: _result, ...rest } = reading;
      assert.deepEqual(rest, plainly(input.toString('latin1')));
    }
  },
};
