/** GETs through undici, one at a time: for servers whose answers `GetConnection` does not know, with a parser that knows all of HTTP/1.1. */
import { Client, type Dispatcher } from 'undici';
import { BodyTooLarge, bodyRoom, MAX_BODY_BYTES } from './body-room.ts';
import { Dialer, transportError } from './dial.ts';
import { clientOptions, WHOLE_TIMEOUTS, type ConnectionSettings, type HttpResponse } from './settings.ts';

function whole(chunks: readonly Buffer[], length: number): Buffer {
  const room = bodyRoom(length);
  let at = 0;
  for (const chunk of chunks) at += chunk.copy(room, at);
  return room.subarray(0, length);
}

function flatHeaders(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const flat = Object.create(null) as Record<string, string>;
  for (const [name, value] of Object.entries(headers)) flat[name] = Array.isArray(value) ? value.join(', ') : (value ?? '');
  return flat;
}

/** undici's own timeouts are between two bytes, and a byte now and then keeps them from passing. */
function tooSlow(hasBegun: boolean): Error {
  return transportError(hasBegun ? 'UND_ERR_BODY_TIMEOUT' : 'UND_ERR_HEADERS_TIMEOUT', 'the answer takes too long');
}

/** One request and its answer. */
class Exchange implements Dispatcher.DispatchHandler {
  readonly response: Promise<HttpResponse>;
  private resolve!: (response: HttpResponse) => void;
  private reject!: (error: Error) => void;
  private readonly signal: AbortSignal;
  private readonly wholeMs: number;
  private deadline: NodeJS.Timeout | null = null;
  private abort: () => void = () => {};
  private status = 0;
  private headers: HttpResponse['headers'] = {};
  private readonly chunks: Buffer[] = [];
  private length = 0;

  constructor(signal: AbortSignal, wholeMs: number) {
    this.signal = signal;
    this.wholeMs = wholeMs;
    this.response = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.deadline = setTimeout(() => controller.abort(tooSlow(this.status !== 0)), this.wholeMs);
    this.abort = () => controller.abort(this.signal.reason as Error);
    if (this.signal.aborted) this.abort();
    else this.signal.addEventListener('abort', this.abort);
  }

  /** Also for 1xx, which the answer itself follows. */
  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: Record<string, string | string[] | undefined>): void {
    this.status = status;
    this.headers = flatHeaders(headers);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.length += chunk.length;
    if (this.length > MAX_BODY_BYTES) controller.abort(new BodyTooLarge());
    else this.chunks.push(chunk);
  }

  private end(): void {
    if (this.deadline !== null) clearTimeout(this.deadline);
    this.signal.removeEventListener('abort', this.abort);
  }

  onResponseEnd(): void {
    this.end();
    this.resolve({ status: this.status, headers: this.headers, body: whole(this.chunks, this.length) });
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.end();
    this.reject(error);
  }
}

export class FullGets {
  private readonly client: Client;
  private readonly dialer: Dialer;
  private readonly wholeMs: number;

  constructor(settings: ConnectionSettings) {
    this.wholeMs = settings.timeoutMs * WHOLE_TIMEOUTS;
    this.dialer = new Dialer(settings.origin, settings.network);
    this.client = new Client(settings.origin, clientOptions(settings, this.dialer));
  }

  /** `path` is sent as it is; `headers` alternates names and values. Throws what undici throws, or BodyTooLarge. */
  get(path: string, headers: string[], signal: AbortSignal): Promise<HttpResponse> {
    const { targetPrefix, proxyHeaders } = this.dialer;
    const exchange = new Exchange(signal, this.wholeMs);
    this.client.dispatch({ method: 'GET', path: targetPrefix + path, headers: [...headers, ...proxyHeaders] }, exchange);
    return exchange.response;
  }

  async close(): Promise<void> {
    await this.client.destroy();
  }
}
