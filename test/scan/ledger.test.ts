import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Failure } from '../../src/failure.ts';
import { Ledger } from '../../src/scan/ledger.ts';

function isDefect(error: unknown): boolean {
  return error instanceof Failure && error.kind === 'defect';
}

test('proven: every batch written once, in any order, with as many rows as it has keys (R1)', () => {
  const ledger = new Ledger();
  ledger.prove(0);
  ledger.issue(0, 256);
  ledger.issue(1, 3);
  ledger.issue(2, 1);
  ledger.write([2, 0]);
  assert.throws(() => ledger.prove(257), isDefect, 'one is missing');
  ledger.write([1]);
  assert.deepEqual([ledger.keysIssued, ledger.keysWritten], [260, 260]);
  ledger.prove(260);
  assert.throws(() => ledger.prove(259), isDefect, 'a row is missing');
  assert.throws(() => ledger.prove(261), isDefect, 'a row is doubled');
});

test('a batch written twice, or never handed out, is a defect at once', () => {
  const ledger = new Ledger();
  ledger.issue(0, 10);
  ledger.write([0]);
  assert.throws(() => ledger.write([0]), isDefect);
  assert.throws(() => ledger.write([7]), isDefect);
});
