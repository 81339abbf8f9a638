/** `s3scan sim`: serves until it is interrupted. */
import { once } from 'node:events';
import { Failure } from '../failure.ts';
import { LAYOUTS, parseAdmission, startSim, type Layout } from '../sim/sim.ts';
import { EXIT } from './exit-code.ts';
import type { SimFlags } from './program.ts';

function credentials(): { accessKeyId: string; secretAccessKey: string } {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = process.env;
  if (!accessKeyId || !secretAccessKey) {
    throw new Failure('usage', '--sign has nothing to check signatures against', 'set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY to what clients will use');
  }
  return { accessKeyId, secretAccessKey };
}

export async function runSim(flags: SimFlags): Promise<number> {
  const layout = LAYOUTS.find((name) => name === flags.layout);
  if (layout === undefined) throw new Failure('usage', `there is no layout ${JSON.stringify(flags.layout)}`, `layouts are ${LAYOUTS.join(', ')}`);
  const sim = await startSim({
    port: flags.port,
    host: flags.host,
    bucket: flags.bucket,
    objects: flags.objects,
    layout: layout satisfies Layout,
    seed: flags.seed,
    headLatencyMs: flags.headLatency,
    listLatencyMs: flags.listLatency,
    latencyJitter: flags.jitter,
    errorRate: flags.errorRate,
    listErrorRate: flags.listErrorRate,
    resetRate: flags.resetRate,
    silentRate: flags.silentRate,
    resetEveryMs: flags.resetEvery * 1000,
    admit: flags.admit === undefined ? null : parseAdmission(flags.admit),
    workers: flags.workers,
    credentials: flags.sign ? credentials() : null,
  });
  // The first line is for scripts that start it: they wait for it, and read the port.
  process.stdout.write(`${sim.endpoint}\n`);
  process.stderr.write(
    `serving s3://${flags.bucket}, ${flags.objects} objects, layout ${flags.layout}; scan it with\n  s3scan head s3://${flags.bucket} --endpoint ${sim.endpoint}${flags.sign ? '' : ' --no-sign-request'} -o headers.parquet\n`,
  );
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  await sim.close();
  return EXIT.complete;
}
