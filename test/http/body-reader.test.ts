import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { BodyReader, type BodyResult } from '../../src/http/body-reader.ts';
import { bodyRoom, MAX_BODY_BYTES, recycle } from '../../src/http/body-room.ts';
import { chunked } from './raw-server.ts';

/** Reads it in pieces that end at `cuts`; each lies among other bytes, and is overwritten once it is read. */
function read(reader: BodyReader, sent: Buffer, cuts: readonly number[]): { result: BodyResult; end: number } {
  const ends = [...cuts.map((cut) => cut % (sent.length + 1)).sort((a, b) => a - b), sent.length];
  let from = 0;
  for (const to of ends) {
    const piece = Buffer.concat([Buffer.from('9\r\n'), sent.subarray(from, to), Buffer.from('x\r\n')]);
    const result = reader.read(piece, 3, piece.length - 3);
    piece.fill('!');
    if (result !== 'partial') return { result, end: from + reader.end - 3 };
    from = to;
  }
  return { result: 'partial', end: sent.length };
}

const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
const body = fc.record({
  chunks: fc.array(bytes.filter(({ length }) => length > 0), { maxLength: 8 }),
  isChunked: fc.boolean(),
  cuts: fc.array(fc.nat(5000), { maxLength: 12 }),
  behind: bytes,
});

test('one body after the other, however it is split: every byte of it, none of what is behind it', () => {
  fc.assert(
    fc.property(fc.array(body, { minLength: 1, maxLength: 5 }), (bodies) => {
      const reader = new BodyReader();
      for (const { chunks, isChunked, cuts, behind } of bodies) {
        const all = Buffer.concat(chunks);
        const sent = isChunked ? Buffer.from(chunked(...chunks.map((chunk) => chunk.toString('latin1'))), 'latin1') : all;
        reader.begin(isChunked ? null : all.length);
        assert.deepEqual(read(reader, Buffer.concat([sent, behind]), cuts), { result: 'whole', end: sent.length });
        const taken = reader.take();
        assert.deepEqual(taken, all);
        recycle(taken);
      }
    }),
  );
});

test('a body that is cut short is never whole', () => {
  const sent = Buffer.from(chunked('abc', 'defghijklmnop'));
  for (let length = 0; length < sent.length; length++) {
    const reader = new BodyReader();
    reader.begin(null);
    assert.equal(read(reader, sent.subarray(0, length), [1]).result, 'partial', String(length));
  }
});

test('sizes with capitals and zeros before them are sizes', () => {
  const reader = new BodyReader();
  reader.begin(null);
  assert.equal(read(reader, Buffer.from(`0000000A\r\n0123456789\r\nb\r\n01234567890\r\n000\r\n\r\n`), []).result, 'whole');
  assert.equal(reader.take().toString(), '012345678901234567890');
});

test('chunks that only a full parser can tell the meaning of, or that mean nothing', () => {
  const unusual = [
    ...['', '-1', '+1', '0x5', ' 5', '5 ', 'g', '5;name=value', '000000005', 'ffffffffffffffff1', '\t', '5\n', '5\rx'].map((size) => `${size}\r\nabcde\r\n0\r\n\r\n`),
    '5\r\nabcdef\r\n0\r\n\r\n',
    '5\r\nabcde0\r\n\r\n',
    '5\r\nabcde\n0\r\n\r\n',
    '5\nabcde\r\n0\r\n\r\n',
    '5\r\nabcde\r\n0\r\nX-Trailer: a\r\n\r\n',
    '5\r\nabcde\r\n0\r\n\n',
    '5\r\nabcde\r\n0\r\nHTTP/1.1 200 OK\r\n\r\n',
  ];
  for (const text of unusual) {
    for (const cuts of [[], Array.from({ length: 64 }, (_, at) => at)]) {
      const reader = new BodyReader();
      reader.begin(null);
      assert.equal(read(reader, Buffer.from(text), cuts).result, 'unusual', JSON.stringify(text));
    }
  }
});

test('a body may have 64 MiB and no more, whichever way it says so', () => {
  const reader = new BodyReader();
  for (const length of [MAX_BODY_BYTES + 1, 2 ** 53, 1e18]) {
    reader.begin(length);
    assert.equal(reader.read(Buffer.from('abc'), 0, 3), 'too large', String(length));
    reader.drop();
  }
  reader.begin(null);
  assert.equal(read(reader, Buffer.from('4000001\r\n'), []).result, 'too large');
  const megabyte = Buffer.from(chunked('x'.repeat(1024 * 1024)).slice(0, -5));
  reader.begin(null);
  for (let count = 1; count <= 64; count++) assert.equal(reader.read(megabyte, 0, megabyte.length), 'partial');
  assert.equal(read(reader, Buffer.from('1\r\n'), []).result, 'too large');
});

test('bodies that are in use stand in different places; one that is not ours, or was given back already, is not used again', () => {
  const rooms = Array.from({ length: 5 }, () => bodyRoom(100_000));
  const foreign = Buffer.from(new ArrayBuffer(131_072));
  recycle(foreign);
  for (let times = 0; times < 3; times++) recycle(rooms[0]!.subarray(0, 10));
  const next = [bodyRoom(100_000), bodyRoom(100_000), bodyRoom(100_000)];
  const places = [...rooms.slice(1), foreign, ...next].map(({ buffer }) => buffer);
  assert.equal(new Set(places).size, places.length);
  assert.ok(next.some(({ buffer }) => buffer === rooms[0]!.buffer));
});
