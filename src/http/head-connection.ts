/**
 * One keep-alive connection that sends one HEAD at a time (R4): a response can only belong to the key that the
 * connection was asked for. Every byte is seen: one that comes unasked ends the connection.
 *
 * A plain socket and a strict parser for the plain answers; what that does not know is asked again through
 * undici. A HEAD through undici costs twice as much (measured in bench/head.ts).
 */
import type { Socket } from 'node:net';
import type { Deadlines, Expiring } from './deadlines.ts';
import { Dialer, transportError, type SocketUser } from './dial.ts';
import type { FullRequest } from './full-connection.ts';
import type { Outbox, Sender } from './outbox.ts';
import type { Pace } from './pace.ts';
import type { ResponseHead } from './response-head.ts';
import { MAX_HEADER_BYTES, type Asker, type ConnectionSettings } from './settings.ts';

const READ_BYTES = 16 * 1024;

/** What the connections of a thread share. */
export interface HeadThread {
  readonly deadlines: Deadlines;
  readonly outbox: Outbox;
  readonly head: ResponseHead;
  readonly pace: Pace;
}

export class HeadConnection implements Expiring, Sender, SocketUser {
  /** connections opened so far */
  connects = 0;
  /** µs spent on opening them */
  connectUs = 0;
  /** answers after which the server closed the connection */
  closed = 0;
  bytesIn = 0;
  bytesOut = 0;
  /** ms of `performance.now()`; 0 while nothing is asked */
  deadline = 0;
  socket: Socket | null = null;
  private readonly settings: ConnectionSettings;
  private readonly dialer: Dialer;
  private readonly asker: Asker;
  private readonly thread: HeadThread;
  private readonly buffer: Buffer = Buffer.allocUnsafeSlow(READ_BYTES);
  private full: FullRequest | null = null;
  /** what has come of an answer that is not whole yet */
  private pending: Buffer | null = null;
  private path = '';
  private headers: string[] = [];
  private request = '';
  private isConnected = false;
  /** a request is on its way, or will be once there is a connection */
  private isWritten = false;
  private isClosed = false;
  private openedAt = 0;
  private writtenAt = 0;
  /** answers on the present socket */
  private answers = 0;
  /** bytes of the body that the last of them left out, or did not leave out */
  private leftOut = -1;

  constructor(settings: ConnectionSettings, asker: Asker, thread: HeadThread) {
    this.settings = settings;
    this.dialer = new Dialer(settings.origin, settings.network);
    this.asker = asker;
    this.thread = thread;
    thread.deadlines.add(this);
  }

  /** `path` and `headers`, names and values in turn, are sent as they are, at the end of the event loop's turn. */
  ask(path: string, headers: string[]): void {
    this.path = path;
    this.headers = headers;
    this.deadline = performance.now() + this.settings.timeoutMs;
    this.thread.outbox.add(this);
  }

  flush(): void {
    // Closed meanwhile.
    if (this.deadline === 0) return;
    this.request = this.dialer.requestHead('HEAD', this.path, this.headers);
    this.isWritten = true;
    if (this.socket === null) this.open();
    else this.write(this.socket);
  }

  private write(socket: Socket): void {
    this.bytesOut += this.request.length;
    this.writtenAt = performance.now();
    socket.write(this.request, 'latin1');
  }

  private open(): void {
    this.answers = 0;
    this.leftOut = -1;
    this.isConnected = false;
    this.openedAt = performance.now();
    this.dialer.dial(this.buffer, this);
  }

  /** The first request has waited for this; its latency begins here. */
  connected(socket: Socket): void {
    this.isConnected = true;
    this.connects++;
    this.connectUs += Math.round((performance.now() - this.openedAt) * 1000);
    if (this.isWritten) this.write(socket);
  }

  take(bytes: Buffer, length: number): void {
    this.bytesIn += length;
    if (!this.isWritten) {
      // Nobody asked: whatever it is, the next answer could not be told from it (R4).
      this.drop();
      return;
    }
    if (this.pending !== null) {
      this.pending = Buffer.concat([this.pending, bytes.subarray(0, length)]);
      this.read(this.pending, this.pending.length);
    } else {
      this.read(bytes, length);
    }
  }

  private read(bytes: Buffer, length: number): void {
    const { head } = this.thread;
    const result = head.read(bytes, length);
    if (result === 'partial' && length < MAX_HEADER_BYTES) {
      this.pending ??= Buffer.from(bytes.subarray(0, length));
      return;
    }
    this.pending = null;
    if (result !== 'whole') {
      this.askInFull();
      return;
    }
    if (this.mayBeBody(length)) {
      this.drop();
      this.flush();
      return;
    }
    const latencyUs = Math.round((performance.now() - this.writtenAt) * 1000);
    this.end();
    this.answers++;
    this.leftOut = head.contentLength;
    if (head.closes) this.closed++;
    // More than the head of a HEAD's answer: the connection is not clean any more (R4).
    if (head.closes || head.end < length) this.drop();
    this.asker.onAnswer(head.status, head, latencyUs);
  }

  /**
   * Whether what reads as an answer may be the body of the one before it, which a HEAD's answer has not, and which came
   * when the next request had gone out (R4): it is as long as that body, or more follows. Asked again on a new
   * connection, where the first bytes can only be the answer.
   */
  private mayBeBody(length: number): boolean {
    const { end } = this.thread.head;
    return this.answers > 0 && (end < length || end === this.leftOut);
  }

  /** An answer that only a full parser can tell the meaning of: asked again there. */
  private askInFull(): void {
    this.drop();
    this.end();
    this.connects++;
    this.thread.pace.charge();
    // Loaded when the first such answer comes: undici takes some 50 ms to start.
    void this.openFull();
  }

  private async openFull(): Promise<void> {
    const { FullRequest } = await import('./full-connection.ts');
    if (this.isClosed) return;
    this.full = new FullRequest(this.settings, this.asker);
    this.full.head(this.path, this.headers);
  }

  lost(error: Error): void {
    const reused = this.answers > 0;
    this.drop();
    // Idle, or its next request has not gone out yet: that one opens a connection of its own.
    if (!this.isWritten) {
      if (reused) this.closed++;
      return;
    }
    this.end();
    this.asker.onNoAnswer(error, reused);
  }

  /** Called by the deadlines, once the deadline has passed. */
  expire(): void {
    const error = this.isConnected ? transportError('UND_ERR_HEADERS_TIMEOUT', 'Headers Timeout Error') : transportError('UND_ERR_CONNECT_TIMEOUT', 'Connect Timeout Error');
    this.drop();
    this.end();
    this.asker.onNoAnswer(error, false);
  }

  /** Nothing is asked any more. */
  private end(): void {
    this.deadline = 0;
    this.isWritten = false;
  }

  private drop(): void {
    const { socket } = this;
    this.socket = null;
    this.pending = null;
    socket?.destroy();
  }

  /** Drops the connection, and what it may still say; the next HEAD goes out on a new one. */
  renew(): void {
    this.drop();
  }

  /** What is asked gets no answer any more. */
  async close(): Promise<void> {
    const isAsked = this.deadline !== 0;
    this.isClosed = true;
    this.end();
    this.thread.deadlines.remove(this);
    this.drop();
    if (isAsked) this.asker.onNoAnswer(transportError('UND_ERR_DESTROYED', 'The connection was closed'), false);
    await this.full?.close();
  }
}
