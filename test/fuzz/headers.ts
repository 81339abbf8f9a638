/** The header decoder: whatever a server puts into headers becomes columns of valid UTF-8, the same each time. */
import assert from 'node:assert/strict';
import { isUtf8 } from 'node:buffer';
import { blockOf } from '../../src/http/header-block.ts';
import { HEAD_COLUMNS } from '../../src/records/columns.ts';
import { HeaderDecoder } from '../../src/records/header-decoder.ts';
import { RecordBuilder } from '../../src/records/record-builder.ts';
import { rowsOf, type Row } from '../records/arrow-rows.ts';
import { buffers } from './samples.ts';
import type { Target } from './targets.ts';

/** Lines `name: value`; what has no colon is a name. A name is lower-cased by the decoder, as latin1. */
function headersOf(input: Buffer): Buffer[] {
  return input
    .toString('latin1')
    .split('\n')
    .flatMap((line) => {
      const colon = line.indexOf(':');
      return colon < 0 ? [line, ''] : [line.slice(0, colon), line.slice(colon + 1)];
    })
    .map((part) => Buffer.from(part, 'latin1'));
}

function decode(decoder: HeaderDecoder, raw: readonly Buffer[], isError: boolean): Row {
  const builder = new RecordBuilder(HEAD_COLUMNS, new Map([['via', 'head']]));
  decoder.read(blockOf(raw));
  decoder.write(builder, isError);
  builder.endRow();
  const batch = builder.take();
  for (const column of batch.columns) if (column.kind === 'utf8') assert.ok(isUtf8(column.values), 'a column is not UTF-8');
  return rowsOf(HEAD_COLUMNS, batch)[0]!;
}

/** The values of a header by a plain reading of it; what the column must be where it is read at all. */
function lengths(raw: readonly Buffer[]): string[] {
  return raw.flatMap((part, at) => (at % 2 === 0 && part.toString('latin1').toLowerCase() === 'content-length' ? [raw[at + 1]!.toString('latin1')] : []));
}

/** Has read other answers before. */
const used = new HeaderDecoder(HEAD_COLUMNS);

export const headersTarget: Target = {
  name: 'headers',
  samples: buffers([
    'Content-Length:123\nContent-Type:text/plain\nETag:"0123456789abcdef"\nLast-Modified:Sun, 06 Nov 1994 08:49:37 GMT',
    'x-amz-meta-a:1\nX-Amz-Meta-B:\xc3\xbc\nx-amz-meta-a:2\nx-amz-version-id:v',
    'x-amz-meta-w:=?utf-8?b?w7w=?= =?utf-8?q?=C3=BC_?=\nx-amz-meta-__proto__:x\nx-amz-meta-latin:\xfc',
    'Last-Modified:Sunday, 06-Nov-94 08:49:37 GMT\nx-amz-object-lock-retain-until-date:2030-01-01T00:00:00.000Z',
    'x-amz-server-side-encryption-bucket-key-enabled:true\nx-amz-mp-parts-count:7\nx-amz-tagging-count:-1\nx-amz-delete-marker:FALSE',
    'x-amz-request-id:AAAA\nDate:Sun Nov  6 08:49:37 1994\nServer:x\nConnection:keep-alive',
  ]),
  words: buffers(['x-amz-meta-', 'Content-Length:', 'ETag:"', '=?utf-8?b?', '=?utf-8?q?', '?=', '=?x?b?AA==?=', '=C3', '9223372036854775808', '-1', 'GMT', '\n', ':', '\xff\xfe', '\xed\xa0\x80', 'Last-Modified:']),
  check(input, dice) {
    const raw = headersOf(input);
    const isError = dice() < 0.2;
    const row = decode(new HeaderDecoder(HEAD_COLUMNS), raw, isError);
    assert.deepEqual(decode(used, raw, isError), row, 'what was read before makes a difference');
    const [length, ...more] = lengths(raw);
    if (isError || length === undefined || more.length > 0) return;
    const exact = /^\d{1,19}$/.test(length) && BigInt(length) < 2n ** 63n ? BigInt(length) : undefined;
    assert.equal(row['content_length'], exact);
  },
};
