/** What the main thread and the head workers say to each other. Keys and rows cross in batches, never one by one. */
import type { RecordableHistogram } from 'node:perf_hooks';
import type { MessagePort } from 'node:worker_threads';
import type { FailureMessage } from '../failure.ts';
import type { NetworkSettings } from '../http/network.ts';
import type { KeyBatch } from '../queue/key-batch.ts';
import type { Schema } from '../records/columns.ts';
import type { Addressing, AwsVariants, BucketAddress } from '../s3/bucket-address.ts';
import type { RequestHeader } from '../s3/request-headers.ts';
import type { Credentials } from '../s3/sigv4.ts';

/** `fast` signs and sends itself; `sdk` sends through the official SDK: the oracle and the baseline. */
export type EngineName = 'fast' | 'sdk';

/** What every request of a scan has in common; the same for all workers. */
export interface HeadSettings {
  /** null: AWS's own endpoint of the region. Only `sdk` asks it by this name, and has no others */
  readonly endpoint: string | null;
  readonly region: string;
  readonly addressing: Addressing;
  readonly variants: AwsVariants;
  readonly network: NetworkSettings;
  /** null: requests are not signed */
  readonly credentials: Credentials | null;
  /** what local time must be corrected by to be the server's, ms */
  readonly clockOffsetMs: number;
  readonly engine: EngineName;
  readonly schema: Schema;
  /** of a record batch, about */
  readonly recordRows: number;
  /** sent with each HEAD; those named x-amz-* are signed, too */
  readonly requestHeaders: readonly RequestHeader[];
  /** ask for the first part, whose answer tells how many there are */
  readonly parts: boolean;
  /** rows may be from the listing, where it tells as much as a HEAD */
  readonly mayBeTold: boolean;
  readonly timeoutMs: number;
  readonly maxAttempts: number;
}

/** One lane: its number in the scan and its slice of `--concurrency`. */
export interface ShardPlan {
  readonly shard: number;
  readonly slots: number;
}

/** What a worker is started with: the rest comes with `start`, so that it loads its code while the endpoint is looked up. */
export interface HeadWorkerData {
  readonly shards: readonly ShardPlan[];
  /** ShardCounters, shared with the main thread */
  readonly counters: SharedArrayBuffer;
  /** RetryBudget, shared by all workers */
  readonly retryBudget: SharedArrayBuffer;
  /** Pace of the endpoints, shared by all who ask them */
  readonly pace: SharedArrayBuffer;
  /** EndpointHealth, shared by all who ask them; a shard's endpoint is the one at its number, counted round */
  readonly endpoints: SharedArrayBuffer;
}

export type ToHeadWorker =
  /** first and once; `records` goes to the writer thread */
  | { readonly type: 'start'; readonly settings: HeadSettings; readonly records: MessagePort }
  /** before the first batch of the bucket: where it is, at each endpoint */
  | { readonly type: 'address'; readonly bucket: string; readonly addresses: readonly BucketAddress[] }
  | { readonly type: 'batch'; readonly shard: number; readonly id: number; readonly batch: KeyBatch }
  /** no key will follow: finish what is there, then say `finished` */
  | { readonly type: 'end' }
  /** start no request more; publish the batches that are whole, then say `finished` */
  | { readonly type: 'stop' }
  | { readonly type: 'credentials'; readonly credentials: Credentials }
  /** the credentials are good, or were replaced by such as are */
  | { readonly type: 'access' };

export type FromHeadWorker =
  | { readonly type: 'ready'; readonly latencies: readonly { readonly shard: number; readonly histogram: RecordableHistogram }[] }
  /** the shard has room for a batch */
  | { readonly type: 'pull'; readonly shard: number }
  /** keys were refused: are the credentials still good? `access` is the answer */
  | { readonly type: 'refused' }
  /** `recordBatches`: how many went to the writer in all */
  | { readonly type: 'finished'; readonly recordBatches: number }
  /** the retry budget of the scan is spent: `last` is what failed last */
  | { readonly type: 'exhausted'; readonly last: string }
  | { readonly type: 'failed'; readonly failure: FailureMessage };
