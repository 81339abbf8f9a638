/** One GET with a body, bounded in time and size. For listings: a request for a thousand keys, off the per-key path. */
import { Client, type Dispatcher } from 'undici';
import { Dialer, transportError } from './dial.ts';
import { clientOptions, type ConnectionSettings } from './settings.ts';

/** A page of 1,000 keys of 1,024 bytes, each byte escaped, is 12 MB. */
const MAX_BODY_BYTES = 64 * 1024 * 1024;

export interface HttpResponse {
  readonly status: number;
  /** lower-case names; repeated headers joined by `, ` */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** The answer is longer than any listing. */
export class BodyTooLarge extends Error {
  readonly code = 'S3SCAN_BODY_TOO_LARGE';

  constructor() {
    super(`the body of the answer is over ${MAX_BODY_BYTES} bytes`);
  }
}

/** Bodies that were read and are of no use any more: each one made anew brings the next garbage collection nearer. */
const spare: Buffer[] = [];
const MAX_SPARE = 4;
/** A page of S3 of 1,000 keys has 240 to 400 KB. */
const SPARE_BYTES = 512 * 1024;

function bodyOf(chunks: readonly Buffer[], length: number): Buffer {
  const room = length <= SPARE_BYTES ? (spare.pop() ?? Buffer.allocUnsafeSlow(SPARE_BYTES)) : Buffer.allocUnsafeSlow(length);
  let at = 0;
  for (const chunk of chunks) at += chunk.copy(room, at);
  return room.subarray(0, length);
}

/** Another answer may be read to where this one stands. For who keeps nothing of it but copies. */
export function recycle(body: Buffer): void {
  if (body.buffer.byteLength === SPARE_BYTES && spare.length < MAX_SPARE) spare.push(Buffer.from(body.buffer as ArrayBuffer));
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

/**
 * One request and its answer. A handler in place of undici's own `request`: that makes a stream of each body, which
 * costs a fifth of what a page of a listing does on its way to the decoder.
 */
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
    this.resolve({ status: this.status, headers: this.headers, body: bodyOf(this.chunks, this.length) });
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.end();
    this.reject(error);
  }
}

/** A page has a thousand keys: the whole of it may take so many times as long as the wait for its beginning. */
const WHOLE_TIMEOUTS = 3;

/** A keep-alive connection for GETs, one at a time. */
export class GetConnection {
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
