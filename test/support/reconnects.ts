import { readFile } from 'node:fs/promises';
import type { MetricsReport } from '../../src/metrics/report.ts';

/**
 * HEADs that were sent a second time on a fresh connection, which is no attempt more: an answer as long as the object before
 * it could have been that object's body (R4). Nothing else makes clients of a simulation without faults connect anew.
 */
export async function reconnectsOf(metrics: string): Promise<number> {
  const { shards } = JSON.parse(await readFile(metrics, 'utf8')) as MetricsReport;
  return shards.reduce((sum, { reconnects }) => sum + reconnects, 0);
}
