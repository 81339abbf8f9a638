import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Failure } from '../../src/failure.ts';
import type { Place } from '../../src/queue/key-batch.ts';
import { recordOfEnd } from '../../src/queue/place.ts';
import { Ledger } from '../../src/scan/ledger.ts';

const PLACE = { kind: 'records', after: 0, through: 1 } as const;

function isDefect(error: unknown): boolean {
  return error instanceof Failure && error.kind === 'defect';
}

test('proven: every batch written once, in any order, with as many rows as it has keys (R1)', () => {
  const ledger = new Ledger(false);
  ledger.prove(0);
  ledger.issue(0, 256, PLACE);
  ledger.issue(1, 3, PLACE);
  ledger.issue(2, 1, PLACE);
  ledger.write([2, 0]);
  assert.throws(() => ledger.prove(257), isDefect, 'one is missing');
  ledger.write([1]);
  assert.deepEqual([ledger.keysIssued, ledger.keysWritten], [260, 260]);
  ledger.prove(260);
  assert.throws(() => ledger.prove(259), isDefect, 'a row is missing');
  assert.throws(() => ledger.prove(261), isDefect, 'a row is doubled');
});

test('a batch written twice, or never handed out, is a defect at once', () => {
  const ledger = new Ledger(false);
  ledger.issue(0, 10, PLACE);
  ledger.write([0]);
  assert.throws(() => ledger.write([0]), isDefect);
  assert.throws(() => ledger.write([7]), isDefect);
});

function records(after: number, through: number): Place {
  return { kind: 'records', after, through };
}

function taken(covers: ReturnType<Ledger['takeCovered']>): number[][] {
  return covers.map(({ after, through }) => [recordOfEnd(after), recordOfEnd(through!)]);
}

test('what is covered since the last time: neighbours merged, what had no rows among it (R2)', () => {
  const ledger = new Ledger(true);
  for (let id = 0; id < 10; id++) ledger.issue(id, 10, records(id * 10, id * 10 + 10));
  ledger.pass(records(100, 150));
  ledger.write([3, 1, 9]);
  ledger.write([2]);
  assert.deepEqual(taken(ledger.takeCovered()), [[10, 40], [90, 150]]);
  assert.deepEqual(taken(ledger.takeCovered()), []);
  ledger.write([0]);
  ledger.pass(records(150, 160));
  // What is written is not published yet.
  assert.deepEqual(taken(ledger.takePassed()), [[150, 160]]);
  assert.deepEqual(taken(ledger.takeCovered()), [[0, 10]]);
});

test('a place covered twice is a defect (R1)', () => {
  const ledger = new Ledger(true);
  ledger.issue(0, 10, records(0, 10));
  ledger.issue(1, 10, records(9, 19));
  assert.throws(() => ledger.write([0, 1]), isDefect);
  const other = new Ledger(true);
  other.pass(records(0, 5));
  other.issue(0, 1, records(4, 6));
  other.write([0]);
  assert.throws(() => other.takeCovered(), isDefect);
});
