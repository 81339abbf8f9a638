import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { ResponseHead } from '../../src/http/response-head.ts';

type Header = readonly [name: string, value: string];

const name = fc.stringMatching(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,30}$/);
/** What may stand between the blanks around a value: no control character but the tab (RFC 9110, 5.5). */
const value = fc.stringMatching(/^([!-~\u0080-\u00ff]([\t -~\u0080-\u00ff]{0,60}[!-~\u0080-\u00ff])?)?$/);
const blank = fc.stringMatching(/^[ \t]{0,3}$/);
const header = fc.tuple(name, blank, value, blank);
const status = fc.integer({ min: 200, max: 599 });

function read(head: ResponseHead, text: string, room = 0): { result: string; headers: Header[] } {
  const bytes = Buffer.concat([Buffer.from(text, 'latin1'), Buffer.alloc(room, 'x')]);
  const result = head.read(bytes, text.length);
  const headers = Array.from({ length: result === 'whole' ? head.count : 0 }, (_, at): Header => [
    Buffer.from(head.names[at]!).toString('latin1'),
    bytes.toString('latin1', head.spans[at * 2], head.spans[at * 2 + 1]),
  ]);
  return { result, headers };
}

test('one head after the other: names as sent, values without the blanks around them, and where the head ends', () => {
  const answers = fc.array(fc.tuple(status, fc.array(header, { maxLength: 12 }), fc.boolean()), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(answers, fc.string({ unit: 'binary-ascii', maxLength: 20 }), (all, behind) => {
      const head = new ResponseHead();
      for (const [code, headers, hasReason] of all) {
        const lines = headers.map(([key, before, text, after]) => `${key}:${before}${text}${after}\r\n`).join('');
        const text = `HTTP/1.1 ${code}${hasReason ? ' A Reason' : ' '}\r\n${lines}\r\n`;
        const { result, headers: found } = read(head, text + behind);
        assert.equal(result, 'whole');
        assert.deepEqual([head.status, head.end], [code, text.length]);
        assert.deepEqual(found, headers.map(([key, , each]): Header => [key, each]));
      }
    }),
  );
});

test('a head that is not whole is never taken for one, whatever lies behind it from answers before', () => {
  fc.assert(
    fc.property(status, fc.array(header, { maxLength: 5 }), (code, headers) => {
      const text = `HTTP/1.1 ${code} OK\r\n${headers.map(([key, , each]) => `${key}: ${each}\r\n`).join('')}\r\n`;
      const head = new ResponseHead();
      assert.equal(read(head, text).result, 'whole');
      for (let length = 0; length < text.length; length++) assert.equal(read(head, text.slice(0, length), 64).result, 'partial', text.slice(0, length));
    }),
    { numRuns: 30 },
  );
});

test('what only a full parser can tell the meaning of', () => {
  const unusual = [
    'HTTP/1.0 200 OK\r\n\r\n',
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 7\r\ncontent-length: 7\r\n\r\n',
    ...['', '-1', '+1', '7, 7', '0x7', 'seven', '9'.repeat(20)].map((length) => `HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n`),
    'HTTP/1.1 20x OK\r\n\r\n',
    'HTTP/1.1 2000\r\n\r\n',
    'HTTP/2 200\r\n\r\n',
    '<html><body>no HTTP at all</body></html>',
    ' HTTP/1.1 200 OK\r\n\r\n',
    'HTTP/1.1 200 OK\nETag: "a"\n\n',
    'HTTP/1.1 200 OK\r\nETag: "a"\nx: y\r\n\r\n',
    'HTTP/1.1 200 OK\r\nETag: "a"\r\n folded: yes\r\n\r\n',
    'HTTP/1.1 200 OK\r\nETag : "a"\r\n\r\n',
    'HTTP/1.1 200 OK\r\n: nameless\r\n\r\n',
    'HTTP/1.1 200 OK\r\nno colon\r\n\r\n',
    'HTTP/1.1 200 OK\r\nETag: "a\0b"\r\n\r\n',
    'HTTP/1.1 200 OK\r\nETag: "a\rb"\r\n\r\n',
    `HTTP/1.1 200 OK\r\n${'a: b\r\n'.repeat(3000)}\r\n`,
  ];
  for (const text of unusual) assert.equal(read(new ResponseHead(), text).result, 'unusual', JSON.stringify(text.slice(0, 60)));
});

function closes(line: string): boolean {
  const head = new ResponseHead();
  assert.equal(read(head, `HTTP/1.1 200 OK\r\n${line}\r\n\r\n`).result, 'whole');
  return head.closes;
}

test('interim answers are passed over, and a head behind them is whole only when it is', () => {
  const interim = 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nContent-Length: 5\r\nConnection: close\r\n\r\n';
  const text = `${interim}HTTP/1.1 200 OK\r\nETag: "a"\r\n\r\n`;
  const head = new ResponseHead();
  for (let length = 0; length < text.length; length++) assert.equal(read(head, text.slice(0, length), 64).result, 'partial', text.slice(0, length));
  assert.deepEqual(read(head, text), { result: 'whole', headers: [['ETag', '"a"']] });
  assert.deepEqual([head.status, head.end, head.contentLength, head.closes], [200, text.length, -1, false]);
});

test('Connection: anything but keep-alive ends the connection', () => {
  for (const line of ['ETag: "a"', 'Connection: keep-alive', 'connection: Keep-Alive', 'Connection:keep-alive ']) assert.equal(closes(line), false, line);
  for (const line of ['Connection: close', 'CONNECTION: Close', 'Connection: keep-alive, close', 'Connection:']) assert.equal(closes(line), true, line);
});
