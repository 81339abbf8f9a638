/** What a Parquet file says of the scan that wrote it, in its key/value metadata. */
import type { Connection } from './connect.ts';

/** The scan's end is not in it: the file is written as the scan goes. Nothing secret is (R7). */
export function fileMetadata(version: string, connection: Connection, bucket: string | null): Record<string, string> {
  return {
    's3scan.version': version,
    's3scan.endpoint_host': connection.host,
    's3scan.started_at': new Date().toISOString(),
    ...(bucket !== null && { 's3scan.bucket': bucket }),
  };
}
