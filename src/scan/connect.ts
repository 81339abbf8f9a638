/** Resolves endpoint, region and credentials once, and keeps the credentials fresh. */
import { Failure } from '../failure.ts';
import type { NetworkSettings } from '../http/network.ts';
import { Pace } from '../http/pace.ts';
import { proxiesOf } from '../http/proxy.ts';
import { RetryBudget } from '../http/retry-budget.ts';
import { tlsSettings } from '../http/tls.ts';
import { bucketAddress, endpointHost, type AwsVariants, type BucketAddress } from '../s3/address.ts';
import { BucketClient, type BucketClientOptions, type Limits } from '../s3/bucket-client.ts';
import type { CredentialProvider, ExpiringCredentials } from '../s3/credentials.ts';
import { createSession, SESSION_MODE } from '../s3/express-session.ts';
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
  /** the server's name, for people */
  readonly host: string;
  readonly region: string;
  readonly variants: AwsVariants;
  readonly credentials: Credentials | null;
  readonly network: NetworkSettings;
  readonly requestHeaders: readonly RequestHeader[];
  locate(bucket: string): Promise<BucketAddress>;
  /** a client for requests on the bucket itself */
  client(bucket: string, limits: Limits, onRetry: BucketClientOptions['onRetry']): Promise<BucketClient>;
  /** Calls back with new credentials ahead of each expiry, until it is stopped, and where a client had to read them again. */
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

/** `bucket` null: each key of a file names its own. `version` is for the user agent. Throws Failure('usage' | 'access'). */
export async function connect(options: EndpointOptions, bucket: string | null, version: string): Promise<Connection> {
  const headers = requestHeaders(options, userAgent(version));
  const { endpoint, region, variants, credentials: provider } = await resolveSettings(options);
  const { addressing, timeoutMs, maxAttempts } = options;
  const network: NetworkSettings = { tls: tlsSettings(options), connectTo: options.connectTo, proxies: proxiesOf(process.env) };
  const place = { endpoint, addressing, variants };
  const locate = async (name: string, within = region): Promise<BucketAddress> => {
    const address = await bucketAddress({ ...place, region: within }, name);
    // The SDK has sessions of its own.
    if (!address.session || options.engine === 'sdk' || provider === null) return { ...address, session: false };
    if (name === bucket) return address;
    throw new Failure('usage', `${name} is an S3 Express bucket, and the keys name several`, `give it a scan of its own: s3://${name} with --from`);
  };
  const open = (address: BucketAddress, name: string, signed: Pick<BucketClientOptions, 'credentials' | 'requestHeaders' | 'renew' | 'onRetry' | keyof Limits>): BucketClient =>
    new BucketClient({ ...signed, endpoint, region, bucket: name, address, locate: (other) => locate(name, other), network, timeoutMs, maxAttempts });

  const [host, address, own] = await Promise.all([endpointHost({ ...place, region }), bucket === null ? null : locate(bucket), provider === null ? null : provider()]);
  const session = async (): Promise<ExpiringCredentials> => {
    const client = open({ ...address!, session: false }, bucket!, {
      credentials: await provider!(),
      requestHeaders: [...headers, SESSION_MODE],
      retryBudget: RetryBudget.allocate(1),
      pace: Pace.allocate(null),
      renew: () => Promise.resolve(null),
      onRetry: () => {},
    });
    return createSession(client, bucket!).finally(() => client.close());
  };
  const signing = address?.session === true ? session : provider;
  const credentials = address?.session === true ? await session() : own;
  let onRenewed: ((renewed: Credentials) => void) | null = null;
  const renew = async (): Promise<Credentials | null> => {
    // What there is to say of them, the refusal has said.
    const renewed = signing === null ? null : await signing({ forceRefresh: true }).catch(() => null);
    if (renewed !== null) onRenewed?.(renewed);
    return renewed;
  };
  return {
    endpoint,
    host,
    region,
    variants,
    credentials,
    network,
    requestHeaders: headers,
    locate: (name) => locate(name),
    client: async (name, limits, onRetry) =>
      open(name === bucket ? address! : await locate(name), name, { ...limits, credentials, requestHeaders: headers, renew, onRetry }),
    keepFresh: (onRefreshed) => {
      onRenewed = onRefreshed;
      return signing === null || credentials === null ? { stop: () => {} } : keepFresh(signing, credentials, onRefreshed);
    },
  };
}
