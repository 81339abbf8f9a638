/** Resolves endpoint, region and credentials once, and keeps the credentials fresh. */
import type { NetworkSettings } from '../http/network.ts';
import { tlsSettings } from '../http/tls.ts';
import { BucketClient, type BucketClientOptions, type Limits } from '../s3/bucket-client.ts';
import type { CredentialProvider, ExpiringCredentials } from '../s3/credentials.ts';
import { requestHeaders, userAgent, type RequestHeader } from '../s3/request-headers.ts';
import { resolveSettings } from '../s3/settings.ts';
import type { Credentials } from '../s3/sigv4.ts';
import type { EndpointOptions } from './options.ts';

/** Credentials are read again this long before they expire. */
const REFRESH_AHEAD_MS = 5 * 60_000;
/** Where that moment has passed already, and after a failed reading. */
const REFRESH_AGAIN_MS = 60_000;

export interface Connection {
  readonly endpoint: string | null;
  readonly region: string;
  readonly credentials: Credentials | null;
  readonly network: NetworkSettings;
  readonly requestHeaders: readonly RequestHeader[];
  /** a client for requests on the bucket itself */
  client(bucket: string, limits: Limits, onRetry: BucketClientOptions['onRetry']): BucketClient;
  /** Calls back with new credentials ahead of each expiry, until it is stopped. */
  keepFresh(onRefreshed: (credentials: Credentials) => void): { stop(): void };
}

function keepFresh(provider: CredentialProvider, first: ExpiringCredentials, onRefreshed: (credentials: Credentials) => void): { stop(): void } {
  let timer: NodeJS.Timeout | null = null;
  let stopped = false;
  const schedule = (expiration: Date | undefined): void => {
    if (expiration === undefined || stopped) return;
    const delayMs = Math.max(expiration.getTime() - Date.now() - REFRESH_AHEAD_MS, REFRESH_AGAIN_MS);
    // setTimeout takes 31 bits: a later expiry is looked at again by then.
    timer = setTimeout(() => void refresh(expiration), Math.min(delayMs, 2 ** 31 - 1)).unref();
  };
  const refresh = async (expiration: Date): Promise<void> => {
    try {
      // Unforced, the SDK's chain hands out the old ones once more while it reads the new.
      const credentials = await provider({ forceRefresh: true });
      if (!stopped) onRefreshed(credentials);
      schedule(credentials.expiration);
    } catch {
      // The old ones still work: if they do not by then, the server's refusal says so.
      schedule(expiration);
    }
  };
  schedule(first.expiration);
  return {
    stop: () => {
      stopped = true;
      if (timer !== null) clearTimeout(timer);
    },
  };
}

/** `version` is for the user agent. Throws Failure('usage' | 'access'). */
export async function connect(options: EndpointOptions, version: string): Promise<Connection> {
  const headers = requestHeaders(options, userAgent(version));
  const { endpoint, region, credentials: provider } = await resolveSettings(options);
  const network: NetworkSettings = { tls: tlsSettings(options.caBundle, options.insecure), connectTo: options.connectTo };
  const credentials = provider === null ? null : await provider();
  const { addressing, timeoutMs, maxAttempts } = options;
  return {
    endpoint,
    region,
    credentials,
    network,
    requestHeaders: headers,
    client: (bucket, limits, onRetry) =>
      new BucketClient({ endpoint, region, addressing, credentials, requestHeaders: headers, bucket, network, timeoutMs, maxAttempts, ...limits, onRetry }),
    keepFresh: (onRefreshed) =>
      provider === null || credentials === null ? { stop: () => {} } : keepFresh(provider, credentials, onRefreshed),
  };
}
