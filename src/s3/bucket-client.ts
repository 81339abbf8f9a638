/**
 * Requests on the bucket itself: the pages of a listing. Signs, sends, and asks again what is worth it; of another
 * endpoint, where there are several and the one that was asked has failed. A custom endpoint is never redirected, and
 * `Location` is never followed (R7): on AWS, another region that the answer names is asked once, signed anew.
 */
import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Failure } from '../failure.ts';
import { BodyTooLarge } from '../http/body-room.ts';
import { Deadlines } from '../http/deadlines.ts';
import { EndpointHealth } from '../http/endpoint-health.ts';
import { GetConnection, type GetThread } from '../http/get-connection.ts';
import type { NetworkSettings } from '../http/network.ts';
import { Pace } from '../http/pace.ts';
import { ResponseHead } from '../http/response-head.ts';
import { RetryBudget } from '../http/retry-budget.ts';
import { parseRetryAfter, retryDelay } from '../http/retry.ts';
import type { HttpResponse } from '../http/settings.ts';
import type { BucketAddress } from './bucket-address.ts';
import { RequestClock } from './clock.ts';
import { parseErrorBody } from './error-body.ts';
import { classifyStatus, classifyTransport, failureOf, isAboutCredentials, type Classified } from './errors.ts';
import { BucketRoute, type RouteSettings } from './route.ts';
import type { Credentials } from './sigv4.ts';
import { encodeQuery } from './uri.ts';

/** What a scan asks of the first request before it calls the endpoint unreachable: about 2 s of trying. */
const FIRST_ATTEMPTS = 5;

/** What all who ask the endpoints share: memory of a RetryBudget, a Pace and the EndpointHealth. */
export interface Limits {
  readonly retryBudget: SharedArrayBuffer;
  readonly pace: SharedArrayBuffer;
  readonly endpoints: SharedArrayBuffer;
}

/** An endpoint, and where the bucket is there. */
export interface Target {
  /** null: AWS itself */
  readonly endpoint: string | null;
  readonly address: BucketAddress;
}

export interface BucketClientOptions extends RouteSettings, Limits {
  readonly bucket: string;
  /** as many as there are in `endpoints` */
  readonly targets: readonly Target[];
  readonly region: string;
  /** the bucket's address in another region, on AWS */
  readonly locate: (region: string) => Promise<BucketAddress>;
  readonly network: NetworkSettings;
  readonly timeoutMs: number;
  readonly maxAttempts: number;
  /** reads the credentials again; null where there are no others to be had */
  readonly renew: () => Promise<Credentials | null>;
  /** called for each request sent again; `throttled`: the server said to slow down */
  readonly onRetry: (reason: string, throttled: boolean) => void;
}

interface Answer {
  readonly body: Buffer;
}

interface NoAnswer {
  readonly body: null;
  /** that was asked */
  readonly target: number;
  readonly problem: Classified;
  /** null where none came */
  readonly response: HttpResponse | null;
}

/** A bucket's place, and the connections to it that wait for a request, the last used at the end. */
interface Way {
  readonly route: BucketRoute;
  readonly idle: GetConnection[];
}

export type Query = readonly (readonly [name: string, value: string | Uint8Array])[];

export class BucketClient {
  /** region and targets, as they are after a redirect to the bucket's own region */
  region: string;
  targets: readonly Target[];
  /** by target: requests sent, and those that no answer came to */
  readonly requests: number[];
  readonly unanswered: number[];
  readonly clock: RequestClock = new RequestClock(0);
  private readonly options: BucketClientOptions;
  private readonly retryBudget: RetryBudget;
  private readonly paces: readonly Pace[];
  private readonly endpoints: EndpointHealth;
  private readonly thread: GetThread = { deadlines: new Deadlines(), head: new ResponseHead() };
  private readonly abort = new AbortController();
  private credentials: Credentials | null;
  private ways: readonly Way[];
  /** the target that is asked as long as it answers */
  private home = 0;
  private readonly connections = new Set<GetConnection>();
  private answered = false;

  constructor(options: BucketClientOptions) {
    this.options = options;
    this.region = options.region;
    this.targets = options.targets;
    this.requests = options.targets.map(() => 0);
    this.unanswered = options.targets.map(() => 0);
    this.credentials = options.credentials;
    this.retryBudget = new RetryBudget(options.retryBudget);
    this.paces = options.targets.map((_, at) => new Pace(options.pace, at));
    this.endpoints = new EndpointHealth(options.endpoints);
    this.ways = this.openWays();
    // One for each request on its way.
    setMaxListeners(0, this.abort.signal);
  }

  private openWays(): Way[] {
    return this.targets.map(({ address }) => ({ route: new BucketRoute({ ...this.options, credentials: this.credentials }, address), idle: [] }));
  }

  /** One for each request on its way; kept for the next. */
  private connection(target: number): GetConnection {
    const { route, idle } = this.ways[target]!;
    const kept = idle.pop();
    if (kept !== undefined) return kept;
    const { timeoutMs, network } = this.options;
    const connection = new GetConnection({ origin: route.origin, timeoutMs, network }, this.thread, () => {
      this.requests[target]!++;
      this.paces[target]!.charge();
    });
    this.connections.add(connection);
    return connection;
  }

  private async closeConnections(): Promise<void> {
    const closing = [...this.connections];
    this.connections.clear();
    for (const { idle } of this.ways) idle.length = 0;
    await Promise.all(closing.map((connection) => connection.close()));
  }

  useCredentials(credentials: Credentials): void {
    this.credentials = credentials;
    const before = this.ways;
    this.ways = this.openWays().map(({ route }, at) => ({ route, idle: before[at]!.idle }));
  }

  /** Where the bucket is at the endpoint that is asked now. */
  get address(): BucketAddress {
    return this.targets[this.home]!.address;
  }

  /** Resolves when the endpoint's pace lets a request out. `get` has waited for it. */
  turn(target: number = this.home): Promise<void> {
    return this.paces[target]!.wait(this.abort.signal);
  }

  /** The body of a GET on the bucket. Throws a Failure that names bucket, endpoint and reason. */
  async get(query: Query): Promise<Buffer> {
    const result = await this.ask(query);
    if (result.body === null) throw this.failure(result);
    return result.body;
  }

  /**
   * One cheap request before the HEADs of given keys, whose answers have no body to name a reason: throws where the
   * endpoint, the bucket or the credentials are no good. Whether listing is allowed does not matter. `isStrict`: what is no
   * answer of S3's does.
   */
  async probe(isStrict = false): Promise<void> {
    const result = await this.ask([['list-type', '2'], ['max-keys', '1']]);
    if (result.body !== null || result.problem.code === 'AccessDenied') {
      this.answered = true;
      return;
    }
    const status = result.response?.status ?? null;
    // A 403 of a code that is not known may be about listing alone: each HEAD will tell.
    const failure = this.failure(result, status === 403 ? null : status);
    if (failure.kind !== 'listing' || (isStrict && status !== 403)) throw failure;
  }

  /** Asks until there is an answer that asking again would not change. */
  private async ask(query: Query): Promise<Answer | NoAnswer> {
    let redirected = false;
    let reclocked = false;
    let renewed = false;
    for (let attempt = 1; ; attempt++) {
      const sentAt = Date.now();
      const result = await this.attempt(query);
      if (result.body !== null) {
        this.answered = true;
        this.retryBudget.earn();
        return result;
      }
      const { problem, response } = result;
      const region = response && this.otherRegion(response);
      if (region !== null && !redirected) {
        redirected = true;
        await this.moveTo(region);
        continue;
      }
      if (response?.status === 403 && !reclocked && this.clock.correct(response.headers['date'] ?? null, sentAt)) {
        reclocked = true;
        continue;
      }
      // They were good: others may have been issued meanwhile.
      if (this.answered && !renewed && isAboutCredentials(problem.code)) {
        renewed = true;
        const credentials = await this.options.renew();
        if (credentials !== null) {
          this.useCredentials(credentials);
          continue;
        }
      }
      const delayMs = this.delay(problem, response, attempt);
      if (delayMs === null) return result;
      this.options.onRetry(`${problem.code}: ${problem.message}`, problem.outcome === 'throttled');
      // Ends early where the client is closed; the next attempt then fails at once.
      await sleep(delayMs, undefined, { signal: this.abort.signal }).catch(() => {});
    }
  }

  private async attempt(query: Query): Promise<Answer | NoAnswer> {
    const target = this.endpoints.pick(this.home, 0, Date.now);
    await this.turn(target);
    this.endpoints.asks(target, Date.now);
    const way = this.ways[target]!;
    const { route } = way;
    const path = route.pathPrefix === '' ? '/' : route.pathPrefix;
    const queryString = encodeQuery(query);
    const headers = route.headers('GET', path, queryString, this.clock.amzDate());
    const connection = this.connection(target);
    this.requests[target]!++;
    try {
      const response = await connection.get(`${path}?${queryString}`, headers, this.abort.signal);
      if (response.status >= 200 && response.status < 300) {
        this.endpoints.answered(target, Date.now);
        return { body: response.body };
      }
      const told = parseErrorBody(response.body);
      return this.noAnswer(target, classifyStatus(response.status, told?.code, told?.message), response);
    } catch (error) {
      this.unanswered[target]!++;
      const problem: Classified = error instanceof BodyTooLarge ? { code: error.code, message: error.message, outcome: 'refused' } : classifyTransport(error);
      return this.noAnswer(target, problem, null);
    } finally {
      // Not where it was closed meanwhile.
      if (this.connections.has(connection)) way.idle.push(connection);
    }
  }

  /** Where the endpoint failed, the next one is asked from now on. */
  private noAnswer(target: number, problem: Classified, response: HttpResponse | null): NoAnswer {
    if (problem.outcome === 'transient' && !this.abort.signal.aborted) {
      this.endpoints.failed(target, Date.now());
      if (this.home === target) this.home = (target + 1) % this.targets.length;
    } else if (response !== null && problem.outcome !== 'throttled') {
      this.endpoints.answered(target, Date.now);
    }
    return { body: null, target, problem, response };
  }

  /** ms until the next attempt; null to give up. */
  private delay(problem: Classified, response: HttpResponse | null, attempt: number): number | null {
    if (problem.outcome !== 'transient' && problem.outcome !== 'throttled') return null;
    const maxAttempts = this.answered ? this.options.maxAttempts : Math.min(FIRST_ATTEMPTS, this.options.maxAttempts);
    const retryAfterMs = parseRetryAfter(response?.headers['retry-after'] ?? null, Date.now());
    const delayMs = retryDelay(problem.outcome, attempt, { maxAttempts }, Math.random(), retryAfterMs);
    return delayMs !== null && this.retryBudget.spend(problem.outcome, Date.now()) ? delayMs : null;
  }

  /** The region that AWS says the bucket is in, where it is not the one that was signed for. */
  private otherRegion(response: HttpResponse): string | null {
    if (this.targets[0]!.endpoint !== null) return null;
    const named = response.headers['x-amz-bucket-region'] ?? parseErrorBody(response.body)?.region ?? null;
    return named !== null && named !== this.region && /^[a-z0-9-]{1,63}$/.test(named) ? named : null;
  }

  private async moveTo(region: string): Promise<void> {
    this.targets = [{ endpoint: null, address: await this.options.locate(region) }];
    await this.closeConnections();
    this.region = region;
    this.ways = this.openWays();
  }

  private failure({ target, problem, response }: NoAnswer, status: number | null = response?.status ?? null): Failure {
    const { bucket } = this.options;
    // Where no answer came, none came from the others either.
    const endpoint = response === null && this.targets.length > 1 ? this.targets.map((each) => each.endpoint).join(', ') : this.targets[target]!.endpoint;
    const notS3 = response !== null && problem.code.startsWith('Http') && response.body.length > 0;
    const shown = notS3 ? { ...problem, message: `${problem.message}: ${response.body.toString('utf8', 0, 400)}` } : problem;
    const bucketRegion = response?.headers['x-amz-bucket-region'] ?? null;
    return failureOf(shown, { bucket, endpoint, region: this.region, bucketRegion, status });
  }

  /** Ends what is under way: a `get` that waits fails. */
  async close(): Promise<void> {
    this.abort.abort();
    await this.closeConnections();
  }
}
