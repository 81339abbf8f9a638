/** HEADs signed here and sent on connections of their own. */
import { Deadlines } from '../http/deadlines.ts';
import { HeadConnection, type HeadThread } from '../http/head-connection.ts';
import { Outbox } from '../http/outbox.ts';
import type { Pace } from '../http/pace.ts';
import { ResponseHead } from '../http/response-head.ts';
import { HeaderDecoder, type RawHeaders } from '../records/header-decoder.ts';
import type { BucketAddress } from '../s3/bucket-address.ts';
import { RequestClock } from '../s3/clock.ts';
import { BucketRoute } from '../s3/route.ts';
import type { Credentials } from '../s3/sigv4.ts';
import { encodeKeyPath, encodeQuery } from '../s3/uri.ts';
import { WHOLE, type AnswerHeaders, type Asked, type Channel, type Engine, type SlotOwner } from './engine.ts';
import type { HeadSettings } from './protocol.ts';

function queryOf({ versionId, firstPart }: Asked): string {
  const query: [string, string][] = [];
  if (versionId !== null) query.push(['versionId', versionId]);
  if (firstPart) query.push(['partNumber', '1']);
  return encodeQuery(query);
}

export class FastEngine implements Engine<RawHeaders> {
  readonly settings: HeadSettings;
  readonly clock: RequestClock;
  readonly thread: HeadThread;
  private readonly decoder: HeaderDecoder;
  private readonly addresses = new Map<string, BucketAddress>();
  private readonly routes = new Map<string, BucketRoute>();
  private credentials: Credentials | null;

  constructor(settings: HeadSettings, pace: Pace) {
    this.settings = settings;
    this.thread = { deadlines: new Deadlines(), outbox: new Outbox(), head: new ResponseHead(), pace };
    this.clock = new RequestClock(settings.clockOffsetMs);
    this.decoder = new HeaderDecoder(settings.schema, settings.parts);
    this.credentials = settings.credentials;
  }

  open(owner: SlotOwner<RawHeaders>): Channel {
    return new FastChannel(this, owner);
  }

  read(answer: RawHeaders): AnswerHeaders {
    this.decoder.read(answer);
    return this.decoder;
  }

  correctClock(serverDate: string | null, sentAt: number): boolean {
    return this.clock.correct(serverDate, sentAt);
  }

  useAddress(bucket: string, address: BucketAddress): void {
    this.addresses.set(bucket, address);
    this.routes.delete(bucket);
  }

  useCredentials(credentials: Credentials): void {
    this.credentials = credentials;
    this.routes.clear();
  }

  route(bucket: string): BucketRoute {
    let route = this.routes.get(bucket);
    if (route === undefined) {
      route = new BucketRoute({ ...this.settings, credentials: this.credentials }, this.addresses.get(bucket)!);
      this.routes.set(bucket, route);
    }
    return route;
  }
}

class FastChannel implements Channel {
  private readonly engine: FastEngine;
  private readonly owner: SlotOwner<RawHeaders>;
  private connection: HeadConnection | null = null;
  private origin = '';

  constructor(engine: FastEngine, owner: SlotOwner<RawHeaders>) {
    this.engine = engine;
    this.owner = owner;
  }

  get connects(): number {
    return this.connection?.connects ?? 0;
  }

  get connectUs(): number {
    return this.connection?.connectUs ?? 0;
  }

  get closed(): number {
    return this.connection?.closed ?? 0;
  }

  get bytesIn(): number {
    return this.connection?.bytesIn ?? 0;
  }

  get bytesOut(): number {
    return this.connection?.bytesOut ?? 0;
  }

  head(bucket: string, keys: Uint8Array, start: number, end: number, asked: Asked): void {
    const { engine } = this;
    const route = engine.route(bucket);
    const path = `${route.pathPrefix}/${encodeKeyPath(keys, start, end)}`;
    const query = asked === WHOLE ? '' : queryOf(asked);
    const headers = route.headers('HEAD', path, query, engine.clock.amzDate());
    this.connectionTo(route.origin).ask(query === '' ? path : `${path}?${query}`, headers);
  }

  /** The slot's connection; buckets with hosts of their own have connections of their own. */
  private connectionTo(origin: string): HeadConnection {
    if (this.connection === null || this.origin !== origin) {
      void this.connection?.close();
      const { settings, thread } = this.engine;
      const { timeoutMs, network } = settings;
      this.connection = new HeadConnection({ origin, timeoutMs, network }, this.owner, thread);
      this.origin = origin;
    }
    return this.connection;
  }

  renew(): void {
    this.connection?.renew();
  }

  async close(): Promise<void> {
    await this.connection?.close();
  }
}
