import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exitCodeOfFailure, exitCodeOfResult } from '../../src/cli/exit-code.ts';
import type { MetricsReport } from '../../src/metrics/report.ts';
import type { ScanResult, StopCause } from '../../src/scan/scan.ts';

test('failures end in the codes that scripts know', () => {
  const kinds = ['defect', 'usage', 'listing', 'access', 'output', 'unreachable'] as const;
  assert.deepEqual(kinds.map(exitCodeOfFailure), [1, 2, 4, 5, 6, 75]);
});

function result(failed: number, stopped: StopCause | null): ScanResult {
  return { report: { overall: { failed } } as MetricsReport, output: null, directory: null, stopped, failure: null };
}

test('a scan that ran to its end: 0, or 3 where keys could not be read', () => {
  assert.equal(exitCodeOfResult(result(0, null)), 0);
  assert.equal(exitCodeOfResult(result(1, null)), 3);
});

test('a scan that was stopped says by what, whatever had failed before', () => {
  const codes = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143, exhausted: 75, closed: 0, failed: 1 };
  for (const [cause, code] of Object.entries(codes)) {
    for (const failed of [0, 5]) assert.equal(exitCodeOfResult(result(failed, cause as StopCause)), code);
  }
});
