/**
 * One keep-alive connection that sends one HEAD at a time (R4): a response can only belong to the key that
 * the connection was asked for. The only file that knows undici's raw-header handler.
 *
 * One `Client` a connection and headers as raw buffers cost 15.7 µs of CPU a HEAD, where `Pool.dispatch`
 * with parsed headers costs 21.1 (Node 20.20, undici 7.30, 80 in flight against nginx, one core).
 */
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { Client, buildConnector, type Dispatcher } from 'undici';
import type { TlsSettings } from './tls.ts';

/** S3 metadata is at most 2 KB on AWS, 24 KiB on StorageGRID; undici's own default of 16 KiB is too small. */
const MAX_HEADER_BYTES = 64 * 1024;
/** Longer than any pause of a scan: whether an idle connection is kept is the server's decision. */
const KEEP_ALIVE_MS = 600_000;
/** undici gives up a connection when the server's `Keep-Alive: timeout` is not above this; its default is 2 s. */
const KEEP_ALIVE_THRESHOLD_MS = 500;

export interface ConnectionSettings {
  /** `http://host:port` or `https://host:port` */
  readonly origin: string;
  /** for connecting, and for the response headers of one attempt; ms */
  readonly timeoutMs: number;
  readonly tls: TlsSettings;
}

/** Options that every undici client of s3scan shares, for HEADs and for listings. */
export function clientOptions(settings: ConnectionSettings): Client.Options {
  return {
    pipelining: 1,
    headersTimeout: settings.timeoutMs,
    bodyTimeout: settings.timeoutMs,
    keepAliveTimeout: KEEP_ALIVE_MS,
    keepAliveMaxTimeout: KEEP_ALIVE_MS,
    keepAliveTimeoutThreshold: KEEP_ALIVE_THRESHOLD_MS,
    maxHeaderSize: MAX_HEADER_BYTES,
  };
}

/** Who asked: exactly one of the two is called, once, for each `head`. */
export interface Asker {
  /** `headers` alternates names and values as they were on the wire; `latencyUs` from request written to headers received. */
  onAnswer(status: number, headers: readonly Uint8Array[], latencyUs: number): void;
  /** `reused`: the connection had answered before, so that a reset may be no more than its idle end. */
  onNoAnswer(error: Error, reused: boolean): void;
}

export class HeadConnection implements Dispatcher.DispatchHandler {
  /** connections opened so far */
  connects = 0;
  private readonly settings: ConnectionSettings;
  private readonly asker: Asker;
  private client: Client;
  private socket: Socket | TLSSocket | null = null;
  /** bytes of sockets that are gone */
  private closedIn = 0;
  private closedOut = 0;
  private writtenAt = 0;
  private latencyUs = 0;
  private status = 0;
  private headers: readonly Uint8Array[] = [];
  /** answers on the present socket */
  private answers = 0;

  constructor(settings: ConnectionSettings, asker: Asker) {
    this.settings = settings;
    this.asker = asker;
    this.client = this.open();
  }

  private open(): Client {
    const { settings } = this;
    const connector = buildConnector({ ...settings.tls, timeout: settings.timeoutMs });
    return new Client(settings.origin, {
      ...clientOptions(settings),
      connect: (options, callback) => {
        connector(options, (...result) => {
          if (result[0] === null) this.adopt(result[1]);
          callback(...result);
        });
      },
    });
  }

  private adopt(socket: Socket | TLSSocket): void {
    this.retire();
    this.connects++;
    this.answers = 0;
    this.socket = socket;
  }

  private retire(): void {
    if (this.socket === null) return;
    this.closedIn += this.socket.bytesRead;
    this.closedOut += this.socket.bytesWritten;
    this.socket = null;
  }

  get bytesIn(): number {
    return this.closedIn + (this.socket?.bytesRead ?? 0);
  }

  get bytesOut(): number {
    return this.closedOut + (this.socket?.bytesWritten ?? 0);
  }

  /** `path` is sent as it is; `headers` alternates names and values. */
  head(path: string, headers: string[]): void {
    this.status = 0;
    // `reset: false`: undici would close the connection after each HEAD (lib/dispatcher/client-h1.js).
    this.client.dispatch({ method: 'HEAD', path, headers, reset: false }, this);
  }

  /** Drops the connection, and what it may still say; the next HEAD goes out on a new one. */
  renew(): void {
    const suspect = this.client;
    this.client = this.open();
    void suspect.destroy();
  }

  async close(): Promise<void> {
    await this.client.destroy();
    this.retire();
  }

  onConnect(): void {
    this.writtenAt = performance.now();
  }

  onHeaders(status: number, headers: Buffer[]): boolean {
    // A 1xx announces the answer, whose own headers then take the place of these (RFC 9110, 15.2).
    this.latencyUs = Math.round((performance.now() - this.writtenAt) * 1000);
    this.status = status;
    this.headers = headers;
    return true;
  }

  onData(): boolean {
    return true;
  }

  onComplete(): void {
    this.answers++;
    const { headers } = this;
    this.headers = [];
    this.asker.onAnswer(this.status, headers, this.latencyUs);
  }

  onError(error: Error): void {
    this.asker.onNoAnswer(error, this.answers > 0);
  }
}
