/**
 * `npm run test:chaos`: SIGKILL at 200 random moments of a `head` over 200,000 keys in parts of 5,000 rows, each followed by
 * `--resume`. Ends with 1 at the first moment that does not hold; keeps what was found as a run beside the benchmarks'.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { finishRun } from '../../bench/run-report.ts';
import { startSimProcess } from '../../src/sim/sim.ts';
import { killAndResume, moments, uninterrupted, type Chaos, type Kill } from '../support/kills.ts';

const { values: flags } = parseArgs({
  options: {
    kills: { type: 'string', default: '200' },
    objects: { type: 'string', default: '200000' },
    'part-rows': { type: 'string', default: '5000' },
    'no-keep': { type: 'boolean', default: false },
  },
});
const kills = Number(flags.kills);
const objects = Number(flags.objects);
const partRows = Number(flags['part-rows']);

const folder = await mkdtemp(join(tmpdir(), 's3scan-chaos-'));
const found: Kill[] = [];
try {
  const chaos: Chaos = { folder, objects, partRows, startSim: startSimProcess };
  const reference = await uninterrupted(chaos);
  for (const share of moments(kills)) {
    found.push(await killAndResume(chaos, reference, share));
    console.error(`${found.length} of ${kills}: ${JSON.stringify(found.at(-1))}`);
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}

const total = (pick: (kill: Kill) => number): number => found.reduce((sum, kill) => sum + pick(kill), 0);
finishRun(
  {
    name: 'chaos',
    parameters: { kills, objects, partRows },
    notes: [
      'Each moment: a fresh scan, SIGKILL, every part read by DuckDB, `--resume`, and the rows compared with those of an uninterrupted scan, both ways, by DuckDB.',
      'HEADs of the runs that went on, as the simulation counted them, are exactly the attempts that their own rows tell of and the reconnects that their metrics do, or the moment fails: none was for a key of a committed part.',
      'At risk: HEADs that were sent before the kill and whose rows were not committed.',
    ],
    tables: [
      {
        title: 'Kills',
        columns: ['kills', 'held', 'parts found whole', 'HEADs before the kills', 'rows committed by then', 'HEADs of the runs that went on', 'at risk, mean', 'at risk, most'],
        rows: [
          [
            kills,
            found.length,
            total(({ parts }) => parts),
            total(({ asked }) => asked),
            total(({ committed }) => committed),
            total(({ askedAgain }) => askedAgain),
            total(({ asked, committed }) => Math.max(0, asked - committed)) / found.length,
            Math.max(...found.map(({ asked, committed }) => asked - committed)),
          ],
        ],
      },
    ],
    goals: [{ what: 'moments with exactly the rows of an uninterrupted scan', value: found.length, bound: 'at least', limit: kills, unit: 'moments' }],
    commands: [`s3scan head s3://sim --endpoint http://127.0.0.1:PORT --no-sign-request --shards 8 --part-rows ${partRows} -o out/`, 'the same with --resume'],
  },
  !flags['no-keep'],
);
