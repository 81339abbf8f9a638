/** All the bad answers to HEADs, in one scan by the built command, on one connection at a time. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FRAMING, type HostileAnswer } from '../head/hostile-answers.ts';
import { serveHostile } from '../head/hostile-scan.ts';
import { VALUES } from '../head/hostile-values.ts';
import { s3scan } from '../support/cli.ts';
import { byKey, readNdjson, type Row } from '../support/tables.ts';

const ANSWERS = [...FRAMING, ...VALUES].filter(({ hangs, listed }) => hangs !== true && listed !== true);

/** Whether the row has the columns that are expected; those that are null are not in it. */
function has(row: Row, { becomes }: HostileAnswer): boolean {
  return (['status', 'error'] as const).every((name) => {
    const expected = becomes[name] ?? undefined;
    return expected instanceof RegExp ? expected.test(String(row[name])) : row[name] === expected;
  });
}

test('bad answers to HEADs, one after the other: each key has its row, and the next one its own (R1, R4)', async (t) => {
  const server = await serveHostile(t, (key) => (key.startsWith('bad-') ? ANSWERS[Number(key.slice(4))]! : null));
  const stdin = ANSWERS.map((_answer, at) => `bad-${at}\ngood-${at}\n`).join('');
  const args = ['head', 's3://bucket', '--endpoint', server.origin, '--no-sign-request', '--from', '-', '--concurrency', '1', '--retries', '1'];
  const { code, stdout, stderr } = await s3scan(args, { stdin });
  assert.equal(code, 3, stderr);
  const rows = byKey(readNdjson(stdout));
  assert.equal(rows.size, 2 * ANSWERS.length);
  for (const [at, answer] of ANSWERS.entries()) {
    const bad = rows.get(`bad-${at}`)!;
    const good = rows.get(`good-${at}`)!;
    assert.ok(has(bad, answer), `${answer.name}: ${JSON.stringify(bad)}`);
    assert.deepEqual([good['status'], good['etag'], good['metadata']], [200, `good-${at}`, [['key', `good-${at}`]]], answer.name);
  }
  assert.ok(!stderr.includes('\u001b'), 'what a server says does not reach the terminal as it is');
  // The reason of a redirect, followed, would be a request for something else.
  assert.ok(server.requests.every(({ target }) => /^\/bucket(\/(bad|good)-\d+|\?.*)$/.test(target)));
});
