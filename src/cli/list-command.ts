/** `s3scan list`. */
import { LIST_COLUMNS } from '../records/columns.ts';
import { parseS3Url } from '../s3/address.ts';
import { ListScan } from '../scan/list-scan.ts';
import { selectSchema } from '../scan/schema.ts';
import { endpointOptions, listingOptions, outputOptions, type CommonFlags } from './common-options.ts';
import { openLog } from './log.ts';
import { givenOptions, metricsPath, runScan } from './run-scan.ts';
import { packageVersion } from './version.ts';

export async function runList(url: string, flags: CommonFlags): Promise<number> {
  const { bucket, prefix } = parseS3Url(url);
  const metrics = metricsPath(flags, 'list');
  const scan = new ListScan({
    endpoint: endpointOptions(flags),
    listing: listingOptions(flags, bucket, prefix),
    output: outputOptions(flags, selectSchema(LIST_COLUMNS, flags.columns ?? null, new Set())),
    version: packageVersion(),
    given: givenOptions(url, flags),
    log: await openLog(flags.logLevel, flags.logFile),
  });
  return runScan(scan, {
    flags,
    metrics,
    snapshot: () => {
      const { listed, pages } = scan.progress();
      return { kind: 'list', keys: listed, pages };
    },
  });
}
