/**
 * One keep-alive connection that sends one GET at a time, for the pages of listings: a plain socket and strict parsers for
 * the plain answers. A body is read into memory that earlier ones used, and copied once; through undici, where it comes in
 * pieces of 64 KB made anew, `list` takes a sixth more CPU (2 million keys, Node 20, simulated endpoint). A server whose
 * answers the parsers do not know is asked again, and from then on, through undici.
 */
import type { Socket } from 'node:net';
import { bodyLength, BodyReader } from './body-reader.ts';
import { BodyTooLarge } from './body-room.ts';
import type { Deadlines, Expiring } from './deadlines.ts';
import { Dialer, transportError, type SocketUser } from './dial.ts';
import type { FullGets } from './full-get.ts';
import { headersOf } from './header-block.ts';
import type { ResponseHead } from './response-head.ts';
import { MAX_HEADER_BYTES, WHOLE_TIMEOUTS, type ConnectionSettings, type HttpResponse } from './settings.ts';

const READ_BYTES = 64 * 1024;

/** What the connections of a client share. */
export interface GetThread {
  readonly deadlines: Deadlines;
  readonly head: ResponseHead;
}

interface Asked {
  readonly path: string;
  readonly headers: string[];
  readonly signal: AbortSignal;
  readonly resolve: (response: HttpResponse | Promise<HttpResponse>) => void;
  readonly reject: (error: Error) => void;
}

export class GetConnection implements Expiring, SocketUser {
  /** ms of `performance.now()`; 0 while nothing is asked */
  deadline = 0;
  socket: Socket | null = null;
  private readonly settings: ConnectionSettings;
  private readonly dialer: Dialer;
  private readonly thread: GetThread;
  /** called where a request goes out a second time */
  private readonly onAgain: () => void;
  private readonly buffer: Buffer = Buffer.allocUnsafeSlow(READ_BYTES);
  private readonly body = new BodyReader();
  private full: Promise<FullGets> | null = null;
  private asked: Asked | null = null;
  private isConnected = false;
  /** answers on the present socket */
  private answers = 0;
  /** the whole answer is to be there by then */
  private last = 0;
  /** what has come of a head that is not whole yet */
  private pending: Buffer | null = null;
  /** of the answer whose body is being read */
  private head: Pick<HttpResponse, 'status' | 'headers'> | null = null;
  private closes = false;
  private readonly abort = (): void => this.fail(this.asked!.signal.reason as Error);

  constructor(settings: ConnectionSettings, thread: GetThread, onAgain: () => void) {
    this.settings = settings;
    this.dialer = new Dialer(settings.origin, settings.network);
    this.thread = thread;
    this.onAgain = onAgain;
    thread.deadlines.add(this);
  }

  /** `path` and `headers`, names and values in turn, are sent as they are. Throws what `transportError` makes, what undici throws, or BodyTooLarge. */
  get(path: string, headers: string[], signal: AbortSignal): Promise<HttpResponse> {
    if (this.full !== null) return this.full.then((full) => full.get(path, headers, signal));
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason as Error);
        return;
      }
      signal.addEventListener('abort', this.abort);
      this.asked = { path, headers, signal, resolve, reject };
      if (this.socket === null) this.open();
      else this.write(this.socket);
    });
  }

  private open(): void {
    this.answers = 0;
    this.isConnected = false;
    this.deadline = performance.now() + this.settings.timeoutMs;
    this.dialer.dial(this.buffer, this);
  }

  connected(socket: Socket): void {
    this.isConnected = true;
    this.write(socket);
  }

  private write(socket: Socket): void {
    const { path, headers } = this.asked!;
    const { timeoutMs } = this.settings;
    const now = performance.now();
    this.deadline = now + timeoutMs;
    this.last = now + WHOLE_TIMEOUTS * timeoutMs;
    socket.write(this.dialer.requestHead('GET', path, headers), 'latin1');
  }

  take(bytes: Buffer, length: number): void {
    // Nobody asked: whatever it is, the next answer could not be told from it (R4).
    if (this.asked === null || !this.isConnected) this.drop();
    else if (this.head !== null) this.readBody(bytes, 0, length);
    else if (this.pending === null) this.readHead(bytes, length);
    else this.readHead(Buffer.concat([this.pending, bytes.subarray(0, length)]), this.pending.length + length);
  }

  private readHead(bytes: Buffer, end: number): void {
    const { head } = this.thread;
    const result = head.read(bytes, end);
    if (result === 'partial' && end < MAX_HEADER_BYTES) {
      this.pending = Buffer.from(bytes.subarray(0, end));
      return;
    }
    this.pending = null;
    const headers = result === 'whole' ? headersOf(head) : {};
    const length = result === 'whole' ? bodyLength(head, headers['transfer-encoding']) : undefined;
    if (length === undefined) {
      this.askInFull();
      return;
    }
    this.head = { status: head.status, headers };
    this.closes = head.closes;
    this.body.begin(length);
    this.readBody(bytes, head.end, end);
  }

  private readBody(bytes: Buffer, from: number, to: number): void {
    switch (this.body.read(bytes, from, to)) {
      case 'partial':
        this.deadline = Math.min(performance.now() + this.settings.timeoutMs, this.last);
        return;
      case 'unusual':
        this.askInFull();
        return;
      case 'too large':
        this.fail(new BodyTooLarge());
        return;
      case 'whole':
        this.answer(to);
    }
  }

  private answer(to: number): void {
    const response = { ...this.head!, body: this.body.take() };
    const { resolve } = this.end();
    this.answers++;
    // More than was asked for: the connection is not clean any more (R4).
    if (this.closes || this.body.end < to) this.drop();
    resolve(response);
  }

  /** An answer that only a full parser can tell the meaning of. */
  private askInFull(): void {
    this.drop();
    const { path, headers, signal, resolve } = this.end();
    this.onAgain();
    // Loaded when the first such answer comes: undici takes some 50 ms to start.
    this.full = import('./full-get.ts').then(({ FullGets }) => new FullGets(this.settings));
    resolve(this.full.then((full) => full.get(path, headers, signal)));
  }

  lost(error: Error): void {
    if (this.asked === null) {
      this.drop();
    } else if (this.answers > 0 && this.head === null && this.pending === null) {
      // Closed while it was idle, as the request was on its way: no failure (RFC 9112, 9.3.1).
      this.drop();
      this.onAgain();
      this.open();
    } else {
      this.fail(error);
    }
  }

  /** Called by the deadlines, once the deadline has passed. */
  expire(): void {
    if (!this.isConnected) this.fail(transportError('UND_ERR_CONNECT_TIMEOUT', 'Connect Timeout Error'));
    else if (this.head === null) this.fail(transportError('UND_ERR_HEADERS_TIMEOUT', 'Headers Timeout Error'));
    else this.fail(transportError('UND_ERR_BODY_TIMEOUT', 'Body Timeout Error'));
  }

  private fail(error: Error): void {
    this.drop();
    this.end().reject(error);
  }

  /** Nothing is asked any more. */
  private end(): Asked {
    const asked = this.asked!;
    asked.signal.removeEventListener('abort', this.abort);
    this.asked = null;
    this.deadline = 0;
    this.head = null;
    return asked;
  }

  private drop(): void {
    const { socket } = this;
    this.socket = null;
    this.pending = null;
    this.head = null;
    this.body.drop();
    socket?.destroy();
  }

  /** What is asked gets no answer any more. */
  async close(): Promise<void> {
    this.thread.deadlines.remove(this);
    if (this.asked !== null) this.fail(transportError('UND_ERR_DESTROYED', 'The connection was closed'));
    else this.drop();
    await (await this.full)?.close();
  }
}
