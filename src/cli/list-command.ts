/** `s3scan list`. */
import { LIST_COLUMNS } from '../records/columns.ts';
import { parseS3Url } from '../s3/address.ts';
import { ListScan } from '../scan/list-scan.ts';
import { selectSchema } from '../scan/schema.ts';
import { endpointOptions, filterOptions, listingOptions, outputOptions } from './common-options.ts';
import { checkDirectoryBucket } from './directory-bucket.ts';
import { openLog } from './log.ts';
import type { ListFlags } from './program.ts';
import { givenOptions, metricsPath, runScan } from './run-scan.ts';
import { packageVersion } from './version.ts';

export async function runList(url: string, flags: ListFlags): Promise<number> {
  const { bucket, prefix } = parseS3Url(url);
  checkDirectoryBucket(bucket, flags);
  const metrics = metricsPath(flags, 'list');
  const scan = new ListScan({
    endpoint: endpointOptions(flags),
    listing: listingOptions(flags, bucket, prefix),
    filter: filterOptions(flags),
    sorted: flags.sorted,
    output: outputOptions(flags, selectSchema(LIST_COLUMNS, flags.columns ?? null, new Set())),
    version: packageVersion(),
    given: givenOptions(url, flags),
    log: await openLog(flags.logLevel, flags.logFile),
  });
  return runScan(scan, {
    flags,
    metrics,
    snapshot: () => {
      const { listed, ...rest } = scan.progress();
      return { kind: 'list', keys: listed, ...rest };
    },
  });
}
