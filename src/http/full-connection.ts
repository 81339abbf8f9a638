/**
 * HEADs through undici, each on a connection of its own: for the answers that `HeadConnection` does not know,
 * with a parser that knows all of HTTP/1.1. The only file that knows undici's raw-header handler.
 */
import { Client, type Dispatcher } from 'undici';
import { Dialer, transportError } from './dial.ts';
import { blockOf } from './header-block.ts';
import { clientOptions, type Asker, type ConnectionSettings } from './settings.ts';

export class FullRequest implements Dispatcher.DispatchHandler {
  private readonly asker: Asker;
  private readonly client: Client;
  private readonly dialer: Dialer;
  private readonly deadline: NodeJS.Timeout;
  private writtenAt = 0;
  private latencyUs = 0;
  private status = 0;
  private headers: readonly Uint8Array[] = [];

  constructor(settings: ConnectionSettings, asker: Asker) {
    this.asker = asker;
    this.dialer = new Dialer(settings.origin, settings.network);
    this.client = new Client(settings.origin, clientOptions(settings, this.dialer));
    // Of the whole attempt: a header now and then keeps undici's own from passing.
    const error = transportError('UND_ERR_HEADERS_TIMEOUT', 'Headers Timeout Error');
    this.deadline = setTimeout(() => void this.client.destroy(error), settings.timeoutMs);
  }

  /** `path` is sent as it is; `headers` alternates names and values. Once. */
  head(path: string, headers: string[]): void {
    const { targetPrefix, proxyHeaders } = this.dialer;
    this.client.dispatch({ method: 'HEAD', path: targetPrefix + path, headers: [...headers, ...proxyHeaders], reset: true }, this);
  }

  async close(): Promise<void> {
    clearTimeout(this.deadline);
    await this.client.destroy();
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
    void this.close();
    this.asker.onAnswer(this.status, blockOf(this.headers), this.latencyUs);
  }

  onError(error: Error): void {
    void this.close();
    this.asker.onNoAnswer(error, false);
  }
}
