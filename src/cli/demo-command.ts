/** `s3scan demo`: the main job against a simulation of its own, and what to do with the result. */
import { startSimProcess } from '../sim/sim.ts';
import { EXIT } from './exit-code.ts';
import { runHead } from './head-command.ts';
import type { DemoFlags, HeadFlags } from './program.ts';

const BUCKET = 'demo-bucket';

/** What `s3scan head` would be given; the latencies are those of a fast object store in the same building. */
function headFlags(endpoint: string, output: string): HeadFlags {
  return {
    endpoint: [endpoint],
    signRequest: false,
    addressing: 'path',
    dualStack: false,
    fips: false,
    accelerate: false,
    insecure: false,
    requestPayer: false,
    engine: 'fast',
    timeout: 20,
    retries: 10,
    pageSize: 1000,
    verifyList: false,
    output,
    overwrite: true,
    resume: false,
    private: false,
    progress: 'auto',
    quiet: false,
    concurrency: 80,
    listConcurrency: null,
    workers: null,
    shards: 8,
    via: 'head',
    checksums: false,
    parts: false,
    versions: false,
    extraHeaders: false,
  };
}

export async function runDemo({ objects, output }: DemoFlags): Promise<number> {
  const sim = await startSimProcess({ bucket: BUCKET, objects, layout: 'dated', headLatencyMs: 1, listLatencyMs: 5 });
  try {
    process.stderr.write(`a simulated endpoint serves ${objects} objects; scanning them as\n  s3scan head s3://${BUCKET} --endpoint ${sim.endpoint} --no-sign-request --shards 8 -o ${output}\n\n`);
    const code = await runHead(`s3://${BUCKET}`, headFlags(sim.endpoint, output));
    if (code === EXIT.complete) {
      process.stderr.write(
        `\nNow ask it something, with DuckDB for one:\n  duckdb -c "SELECT content_type, count(*), sum(content_length) FROM '${output}' GROUP BY ALL ORDER BY 2 DESC"\n`,
      );
    }
    return code;
  } finally {
    await sim.close();
  }
}
