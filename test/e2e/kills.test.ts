/** SIGKILL at any moment: `--resume` ends with exactly the rows of an uninterrupted run (R1). `npm run test:chaos` is the long form. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { startSim } from '../../src/sim/sim.ts';
import { killAndResume, moments, uninterrupted, type Chaos } from '../support/kills.ts';

describe('SIGKILL anywhere', { concurrency: 2 }, () => {
  let chaos: Chaos;
  let reference: string;
  before(async () => {
    const folder = await mkdtemp(join(tmpdir(), 's3scan-kills-'));
    chaos = { folder, objects: 20_000, partRows: 1000, startSim };
    reference = await uninterrupted(chaos);
  });
  after(() => rm(chaos.folder, { recursive: true, force: true }));
  for (const share of moments(20)) {
    test(`when ${(share * 100).toFixed(1)}% of the HEADs were sent`, async () => {
      await killAndResume(chaos, reference, share);
    });
  }
});
