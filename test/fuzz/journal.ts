/** The reader of journals: refuses, or gives what can be gone on from; and a torn end changes nothing before it. */
import assert from 'node:assert/strict';
import { Failure } from '../../src/failure.ts';
import { compareEnds } from '../../src/keyspace/interval.ts';
import { droppedLine, entryLine, headerLine, readJournal, type Journal } from '../../src/output/journal.ts';
import { buffers } from './samples.ts';
import type { Target } from './targets.ts';

const key = (text: string): Uint8Array => Buffer.from(text);

function part(number: number): { file: string; rows: number; failed: number; bytes: number; sha256: string } {
  return { file: `part-${String(number).padStart(5, '0')}.parquet`, rows: 2, failed: 0, bytes: 99, sha256: 'ab'.repeat(32) };
}

const HEADER = headerLine({ s3scan: '1.2.3', command: 'head', unit: 'keys', asked: { bucket: 'b', '--columns': ['key', 'etag'], '--max-keys': null } });
const RECORDS = headerLine({ s3scan: '1.2.3', command: 'head', unit: 'records', asked: {} });
const FIRST = entryLine({ part: part(0), covers: [{ after: key(''), through: key('k') }] }, 'keys');
const SECOND = entryLine({ part: part(1), covers: [{ after: key('k'), through: Uint8Array.of(0xff, 0xfe) }, { after: Uint8Array.of(0xff, 0xff), through: null }] }, 'keys');

/** The journal, or null where it is refused. */
function read(input: Buffer): Journal | null {
  try {
    return readJournal(input);
  } catch (failure) {
    assert.ok(failure instanceof Failure, String(failure));
    assert.match(failure.message, /^line \d+ of the journal: /);
    return null;
  }
}

export const journalTarget: Target = {
  name: 'journal',
  samples: [
    ...buffers([HEADER, HEADER + FIRST, HEADER + FIRST + SECOND, HEADER + FIRST + droppedLine(part(0).file), HEADER + entryLine({ part: null, covers: [] }, 'keys')]),
    ...buffers([`${RECORDS}{"part":"part-00000.parquet","rows":1,"failed":0,"bytes":1,"sha256":"${'0'.repeat(64)}","records":[[0,5],[7,9]]}\n{"records":[[5,7]]}\n`]),
  ],
  words: buffers([FIRST, SECOND, HEADER, '\n', 'null', '{}', '[]', '[["",null]]', '"__proto__":', '"part":"../../etc/passwd",', '"dropped":', '{"base64":"//8="}', '-1', '1e999', '9007199254740993', '\\u0000', '\\ud800', '\xff', '"keys":', '"records":', '['.repeat(200)]),
  check(input, dice) {
    const journal = read(input);
    if (journal === null) return;
    assert.ok(journal.bytes <= input.length);
    for (const { part: published, covers } of journal.entries) {
      assert.ok(published === null || /^part-\d{5,}\.\w+$/.test(published.file), 'a name that is no name of a part');
      for (const { after, through } of covers) assert.ok(compareEnds(through, after) > 0);
    }
    // As far as its lines are whole, the same again.
    assert.deepEqual(readJournal(input.subarray(0, journal.bytes)), journal);
    const cut = read(input.subarray(0, Math.floor(dice() * (journal.bytes + 1))));
    // s3scan drops a part before another covers the same; the other way round, the line that drops it is needed.
    assert.ok(cut !== null || input.includes('dropped'), 'a journal cut short is refused');
  },
};
