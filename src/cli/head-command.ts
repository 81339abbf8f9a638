/** `s3scan head`. */
import { availableParallelism } from 'node:os';
import { Failure } from '../failure.ts';
import { HEAD_COLUMNS, type Column } from '../records/columns.ts';
import { parseS3Url } from '../s3/address.ts';
import { HeadScan } from '../scan/head-scan.ts';
import type { HeadScanOptions } from '../scan/options.ts';
import { selectSchema } from '../scan/schema.ts';
import { endpointOptions, filterOptions, listingOptions, outputOptions } from './common-options.ts';
import { checkDirectoryBucket } from './directory-bucket.ts';
import { openLog } from './log.ts';
import { checkOpenFiles } from './open-files.ts';
import type { HeadFlags } from './program.ts';
import { givenOptions, metricsPath, runScan } from './run-scan.ts';
import { packageVersion } from './version.ts';

function sourceOf(url: string | undefined, flags: HeadFlags): HeadScanOptions['source'] {
  const target = url === undefined ? null : parseS3Url(url);
  if (flags.from === undefined) {
    if (target === null) throw new Failure('usage', 'nothing to scan: no bucket and no --from', 'name a bucket as s3://BUCKET, or a file of keys with --from');
    checkDirectoryBucket(target.bucket, flags);
    return { kind: 'listing', listing: listingOptions(flags, target.bucket, target.prefix) };
  }
  const { prefix, startAfter, endAt, maxKeys, verifyList, versions } = flags;
  const listed = { '--prefix': prefix, '--start-after': startAfter, '--end-at': endAt, '--max-keys': maxKeys, '--verify-list': verifyList || undefined, '--versions': versions || undefined };
  for (const [option, value] of Object.entries(listed)) {
    if (value !== undefined) throw new Failure('usage', `${option} is about a listing, and --from gives the keys`, 'leave one of them out');
  }
  if (target !== null && target.prefix !== '') {
    throw new Failure('usage', `with --from, the URL names the bucket only, not the prefix ${JSON.stringify(target.prefix)}`, `use s3://${target.bucket}`);
  }
  return { kind: 'file', file: { path: flags.from, format: flags.fromFormat ?? null, bucket: target?.bucket ?? null } };
}

export async function runHead(url: string | undefined, flags: HeadFlags): Promise<number> {
  const source = sourceOf(url, flags);
  checkOpenFiles(flags.concurrency);
  if (flags.checksums && flags.parts) {
    throw new Failure('usage', '--checksums and --parts do not go together: with a part asked for, the checksums told are those of the part', 'scan twice, and join the tables by key');
  }
  const metrics = metricsPath(flags, 'head');
  const options = new Set<Column['option']>();
  if (flags.checksums) options.add('--checksums');
  if (flags.extraHeaders) options.add('--extra-headers');
  const scan = new HeadScan({
    endpoint: endpointOptions(flags),
    source,
    filter: filterOptions(flags),
    output: outputOptions(flags, selectSchema(HEAD_COLUMNS, flags.columns ?? null, options)),
    concurrency: flags.concurrency,
    workers: flags.workers || Math.max(1, availableParallelism() - 1),
    shards: flags.shards,
    checksums: flags.checksums,
    via: flags.via,
    parts: flags.parts,
    sseCKeyFile: flags.sseCKeyFile ?? null,
    version: packageVersion(),
    given: givenOptions(url, flags),
    log: await openLog(flags.logLevel, flags.logFile),
  });
  return runScan(scan, {
    flags,
    metrics,
    snapshot: () => ({ kind: 'head', source: source.kind, ...scan.progress() }),
  });
}
