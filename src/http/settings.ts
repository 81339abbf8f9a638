/** What every connection of s3scan is told, and what it tells. */
import type { Client } from 'undici';
import { undiciConnect, type Dialer } from './dial.ts';
import type { HeaderBlock } from './header-block.ts';
import type { NetworkSettings } from './network.ts';

/** S3 metadata is at most 2 KB on AWS, 24 KiB on StorageGRID; undici's own default of 16 KiB is too small. */
export const MAX_HEADER_BYTES: number = 64 * 1024;
/** Longer than any pause of a scan: whether an idle connection is kept is the server's decision. */
const KEEP_ALIVE_MS = 600_000;
/** undici gives up a connection when the server's `Keep-Alive: timeout` is not above this; its default is 2 s. */
const KEEP_ALIVE_THRESHOLD_MS = 500;

export interface ConnectionSettings {
  /** `http://host:port` or `https://host:port` */
  readonly origin: string;
  /** for connecting, and for the response headers of one attempt; of a GET, for each pause of the body, too; ms */
  readonly timeoutMs: number;
  readonly network: NetworkSettings;
}

/** A page has a thousand keys: the whole of a GET may take so many times as long as the wait for its beginning. */
export const WHOLE_TIMEOUTS = 3;

/** What a GET is answered with. */
export interface HttpResponse {
  readonly status: number;
  /** lower-case names; repeated headers joined by `, ` */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** Who asked for a HEAD: exactly one of the two is called, once, for each request. */
export interface Asker {
  /** `headers` is valid during the call; `latencyUs` is from request written to headers received. */
  onAnswer(status: number, headers: HeaderBlock, latencyUs: number): void;
  /** `reused`: the connection had answered before, so that a reset may be no more than its idle end. */
  onNoAnswer(error: Error, reused: boolean): void;
}

/** Options that every undici client of s3scan shares, for HEADs and for listings. */
export function clientOptions(settings: ConnectionSettings, dialer: Dialer): Client.Options {
  return {
    pipelining: 1,
    headersTimeout: settings.timeoutMs,
    bodyTimeout: settings.timeoutMs,
    keepAliveTimeout: KEEP_ALIVE_MS,
    keepAliveMaxTimeout: KEEP_ALIVE_MS,
    keepAliveTimeoutThreshold: KEEP_ALIVE_THRESHOLD_MS,
    maxHeaderSize: MAX_HEADER_BYTES,
    connect: undiciConnect(dialer, settings.timeoutMs),
  };
}
