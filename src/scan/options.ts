/** What a scan is asked to do: the command line, checked and resolved. Plain data. */
import type { EngineName } from '../head/protocol.ts';
import type { HostPort } from '../http/network.ts';
import type { Options } from '../metrics/options.ts';
import type { Compression, Format } from '../output/format.ts';
import type { Schema } from '../records/columns.ts';
import type { Addressing } from '../s3/bucket-address.ts';
import type { Filter } from '../source/filter.ts';
import type { FromFormat } from '../source/key-format.ts';
import type { ScanLog } from './scan.ts';
import type { Via } from './via.ts';

export type { Filter } from '../source/filter.ts';

export interface EndpointOptions {
  /** several: of one cluster. None: from the environment, the profile, or AWS itself */
  readonly endpoints: readonly string[];
  readonly region: string | null;
  readonly profile: string | null;
  readonly noSignRequest: boolean;
  readonly addressing: Addressing;
  /** null: to where the endpoint's name leads */
  readonly connectTo: HostPort | null;
  readonly dualStack: boolean;
  readonly fips: boolean;
  readonly accelerate: boolean;
  readonly caBundle: string | null;
  readonly clientCert: string | null;
  readonly clientKey: string | null;
  readonly insecure: boolean;
  readonly requestPayer: boolean;
  /** id of the AWS account that is to own the bucket, or null */
  readonly expectedBucketOwner: string | null;
  /** `Name: value`, each: sent with every request */
  readonly headers: readonly string[];
  readonly engine: EngineName;
  readonly timeoutMs: number;
  /** requests sent for one key or page at most */
  readonly maxAttempts: number;
  /** requests a second at most, of all kinds; null for no cap */
  readonly rate: number | null;
}

export interface ListingOptions {
  readonly bucket: string;
  readonly prefix: Uint8Array;
  /** exclusive; empty for the beginning */
  readonly startAfter: Uint8Array;
  /** inclusive; null for the end */
  readonly endAt: Uint8Array | null;
  /** keys asked a page; the server may give fewer */
  readonly pageSize: number;
  /** the first so many keys in order, or null for all */
  readonly maxKeys: number | null;
  /** LIST requests in flight: 1 for one chain of pages, null to find out what the server takes */
  readonly concurrency: number | null;
  /** every version of each key and every delete marker, in place of the latest version */
  readonly versions: boolean;
  /** ask for each object's owner, which S3 leaves out otherwise */
  readonly fetchOwner: boolean;
  /** list twice, and compare the keys */
  readonly verify: boolean;
  /** asked before each page: whether to ask for each object's headers, too */
  readonly metadata?: () => boolean;
}

export interface KeyFileSource {
  readonly path: string;
  readonly format: FromFormat | null;
  /** null: each key names its own */
  readonly bucket: string | null;
}

export interface DirectoryOptions {
  /** in one part at most */
  readonly partRows: number;
  /** go on with the scan that is in the folder, if there is one */
  readonly resume: boolean;
}

export interface OutputOptions {
  /** null: standard output */
  readonly path: string | null;
  /** `path` is a folder, and the output is parts in it; null: one file */
  readonly directory: DirectoryOptions | null;
  /** readable by its owner only */
  readonly private: boolean;
  readonly format: Format;
  readonly compression: Compression;
  readonly overwrite: boolean;
  /** the records go to a terminal */
  readonly terminal: boolean;
  readonly schema: Schema;
}

export interface ScanOptions {
  readonly endpoint: EndpointOptions;
  readonly output: OutputOptions;
  readonly version: string;
  /** what the user gave, for the metrics document */
  readonly given: Options;
  readonly log: ScanLog;
}

export interface ListScanOptions extends ScanOptions {
  readonly listing: ListingOptions;
  /** null: all keys */
  readonly filter: Filter | null;
  /** rows in the order of the keys */
  readonly sorted: boolean;
}

export interface HeadScanOptions extends ScanOptions {
  readonly source: { readonly kind: 'listing'; readonly listing: ListingOptions } | { readonly kind: 'file'; readonly file: KeyFileSource };
  /** null: all keys */
  readonly filter: Filter | null;
  /** HEADs in flight */
  readonly concurrency: number;
  readonly workers: number;
  readonly shards: number;
  readonly checksums: boolean;
  readonly via: Via;
  /** ask how many parts each object was uploaded in */
  readonly parts: boolean;
  /** null: the environment's key for SSE-C, if there is one */
  readonly sseCKeyFile: string | null;
}
