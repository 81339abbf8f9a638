/** Resolves endpoints, region and credentials once, and keeps the credentials fresh. */
import { Failure } from '../failure.ts';
import { EndpointHealth } from '../http/endpoint-health.ts';
import type { NetworkSettings } from '../http/network.ts';
import { Pace } from '../http/pace.ts';
import { proxiesOf } from '../http/proxy.ts';
import { RetryBudget } from '../http/retry-budget.ts';
import { tlsSettings } from '../http/tls.ts';
import { bucketAddress, endpointHost } from '../s3/address.ts';
import type { AwsVariants, BucketAddress } from '../s3/bucket-address.ts';
import { BucketClient, type BucketClientOptions, type Limits, type Target } from '../s3/bucket-client.ts';
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
/** How long one of several endpoints has for its first answer, before it is out. */
const FIRST_ANSWER_MS = 5000;

export interface Connection {
  /** the first of them; null: AWS itself */
  readonly endpoint: string | null;
  readonly endpoints: readonly (string | null)[];
  /** the server's name, for people, or several */
  readonly host: string;
  readonly region: string;
  readonly variants: AwsVariants;
  readonly credentials: Credentials | null;
  readonly network: NetworkSettings;
  readonly requestHeaders: readonly RequestHeader[];
  /** the bucket's address, at each endpoint */
  locate(bucket: string): Promise<readonly BucketAddress[]>;
  /** Several endpoints are asked for a first answer, so that a wrong one is known from the start, and a dead one is out. */
  tryEndpoints(bucket: string, limits: Limits): Promise<void>;
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

/** `resolved`: what there is without --endpoint, or with one. Throws Failure('usage'); endpoints are not shown, which may hold a password (R7). */
function endpointsOf({ endpoints, connectTo, engine }: EndpointOptions, resolved: string | null): readonly (string | null)[] {
  if (endpoints.length < 2) return [resolved];
  if (new Set(endpoints).size < endpoints.length) throw new Failure('usage', 'the same --endpoint is given twice', 'name each once');
  if (connectTo !== null) throw new Failure('usage', '--connect-to leads to one server, and several endpoints are given', 'leave one of them out');
  if (engine === 'sdk') throw new Failure('usage', '--engine sdk asks one endpoint, and several are given', 'leave all but one out, or --engine');
  return endpoints;
}

/** `bucket` null: each key of a file names its own. `version` is for the user agent. Throws Failure('usage' | 'access'). */
export async function connect(options: EndpointOptions, bucket: string | null, version: string): Promise<Connection> {
  const headers = requestHeaders(options, userAgent(version));
  const { endpoint: resolved, region, variants, credentials: provider } = await resolveSettings({ ...options, endpoint: options.endpoints[0] ?? null });
  const endpoints = endpointsOf(options, resolved);
  const { addressing, timeoutMs, maxAttempts } = options;
  const network: NetworkSettings = { tls: tlsSettings(options), connectTo: options.connectTo, proxies: proxiesOf(process.env) };
  const locate = async (name: string, endpoint: string | null, within = region): Promise<BucketAddress> => {
    const address = await bucketAddress({ endpoint, addressing, variants, region: within }, name);
    // The SDK has sessions of its own.
    if (!address.session || options.engine === 'sdk' || provider === null) return { ...address, session: false };
    if (endpoints.length > 1) throw new Failure('usage', `${name} is an S3 Express bucket, and several endpoints are given`, 'leave all but one out');
    if (name === bucket) return address;
    throw new Failure('usage', `${name} is an S3 Express bucket, and the keys name several`, `give it a scan of its own: s3://${name} with --from`);
  };
  const targetsOf = (name: string): Promise<Target[]> => Promise.all(endpoints.map(async (endpoint) => ({ endpoint, address: await locate(name, endpoint) })));
  type Signed = Pick<BucketClientOptions, 'credentials' | 'requestHeaders' | 'renew' | 'onRetry' | keyof Limits>;
  const open = (targets: readonly Target[], name: string, signed: Signed, deadlines = { timeoutMs, maxAttempts }): BucketClient =>
    new BucketClient({ ...signed, ...deadlines, targets, region, bucket: name, locate: (other) => locate(name, null, other), network });
  /** for few requests, which nothing else is to wait for */
  const openAside = (target: Target, name: string, signed: Pick<Signed, 'credentials' | 'requestHeaders' | 'pace'>, deadlines?: { timeoutMs: number; maxAttempts: number }): BucketClient => {
    const limits = { retryBudget: RetryBudget.allocate(1), endpoints: EndpointHealth.allocate(1) };
    return open([target], name, { ...signed, ...limits, renew: () => Promise.resolve(null), onRetry: () => {} }, deadlines);
  };

  const [hosts, own, targets] = await Promise.all([
    Promise.all(endpoints.map((endpoint) => endpointHost({ endpoint, addressing, variants, region }))),
    provider === null ? null : provider(),
    bucket === null ? null : targetsOf(bucket),
  ]);
  const isSession = targets?.[0]!.address.session === true;
  const session = async (): Promise<ExpiringCredentials> => {
    const [{ endpoint, address }] = targets as [Target];
    const client = openAside({ endpoint, address: { ...address, session: false } }, bucket!, {
      credentials: await provider!(),
      requestHeaders: [...headers, SESSION_MODE],
      pace: Pace.allocate(null),
    });
    return createSession(client, bucket!).finally(() => client.close());
  };
  const signing = isSession ? session : provider;
  const credentials = isSession ? await session() : own;
  let onRenewed: ((renewed: Credentials) => void) | null = null;
  const renew = async (): Promise<Credentials | null> => {
    // What there is to say of them, the refusal has said.
    const renewed = signing === null ? null : await signing({ forceRefresh: true }).catch(() => null);
    if (renewed !== null) onRenewed?.(renewed);
    return renewed;
  };
  const tryEndpoint = async (target: Target, name: string, { pace }: Limits): Promise<boolean> => {
    const client = openAside(target, name, { credentials, requestHeaders: headers, pace }, { timeoutMs: Math.min(timeoutMs, FIRST_ANSWER_MS), maxAttempts: 1 });
    try {
      await client.probe(true);
      return true;
    } catch (error) {
      if (!(error instanceof Failure) || error.kind !== 'unreachable') throw error;
      // Being told to slow down is an answer.
      return client.unanswered[0] === 0;
    } finally {
      await client.close();
    }
  };
  return {
    endpoint: endpoints[0]!,
    endpoints,
    host: hosts.join(', '),
    region,
    variants,
    credentials,
    network,
    requestHeaders: headers,
    locate: async (name) => (await targetsOf(name)).map(({ address }) => address),
    tryEndpoints: async (name, limits) => {
      if (endpoints.length === 1) return;
      const health = new EndpointHealth(limits.endpoints);
      const answers = await Promise.all((await targetsOf(name)).map((target) => tryEndpoint(target, name, limits)));
      for (const [at, isThere] of answers.entries()) if (!isThere) health.failed(at, Date.now(), true);
    },
    client: async (name, limits, onRetry) =>
      open(name === bucket ? targets! : await targetsOf(name), name, { ...limits, credentials, requestHeaders: headers, renew, onRetry }),
    keepFresh: (onRefreshed) => {
      onRenewed = onRefreshed;
      return signing === null || credentials === null ? { stop: () => {} } : keepFresh(signing, credentials, onRefreshed);
    },
  };
}
