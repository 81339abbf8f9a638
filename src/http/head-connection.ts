/**
 * One keep-alive connection that sends one HEAD at a time (R4): a response can only belong to the key that the
 * connection was asked for. Every byte is seen: one that comes unasked ends the connection.
 *
 * A plain socket and a strict parser for the plain answers; what that does not know is asked again through
 * undici. A HEAD through undici costs twice as much (measured in bench/head.ts).
 */
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Deadlines, Expiring } from './deadlines.ts';
import type { FullRequest } from './full-connection.ts';
import type { Outbox, Sender } from './outbox.ts';
import type { ResponseHead } from './response-head.ts';
import { MAX_HEADER_BYTES, type Asker, type ConnectionSettings } from './settings.ts';

const READ_BYTES = 16 * 1024;

/** An error with the code that undici would have given it, so that one list classifies both. */
function failure(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}

/** What the connections of a thread share. */
export interface HeadThread {
  readonly deadlines: Deadlines;
  readonly outbox: Outbox;
  readonly head: ResponseHead;
}

export class HeadConnection implements Expiring, Sender {
  /** connections opened so far */
  connects = 0;
  bytesIn = 0;
  bytesOut = 0;
  /** ms of `performance.now()`; 0 while nothing is asked */
  deadline = 0;
  private readonly settings: ConnectionSettings;
  private readonly asker: Asker;
  private readonly thread: HeadThread;
  private readonly buffer: Buffer = Buffer.allocUnsafeSlow(READ_BYTES);
  private socket: Socket | null = null;
  private full: FullRequest | null = null;
  /** what has come of an answer that is not whole yet */
  private pending: Buffer | null = null;
  private path = '';
  private headers: string[] = [];
  private isConnected = false;
  /** a request is on its way */
  private isWritten = false;
  private isClosed = false;
  private writtenAt = 0;
  private requestBytes = 0;
  /** answers on the present socket */
  private answers = 0;

  constructor(settings: ConnectionSettings, asker: Asker, thread: HeadThread) {
    this.settings = settings;
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
    const { headers } = this;
    let text = `HEAD ${this.path} HTTP/1.1\r\n`;
    for (let i = 0; i < headers.length; i += 2) text += `${headers[i]}: ${headers[i + 1]}\r\n`;
    text += '\r\n';
    const socket = (this.socket ??= this.open());
    this.requestBytes = text.length;
    if (this.isConnected) this.bytesOut += text.length;
    this.isWritten = true;
    this.writtenAt = performance.now();
    socket.write(text, 'latin1');
  }

  private open(): Socket {
    const { origin, tls } = this.settings;
    const { protocol, hostname, port } = new URL(origin);
    const host = hostname.replace(/^\[(.*)\]$/, '$1');
    this.answers = 0;
    this.isConnected = false;
    let socket: Socket;
    if (protocol === 'https:') {
      socket = connectTls({ ...tls, host, port: Number(port || 443), ...(isIP(host) === 0 && { servername: host }), ALPNProtocols: ['http/1.1'] });
      socket.once('secureConnect', () => this.connected());
      socket.on('data', (chunk: Buffer) => this.take(socket, chunk, chunk.length));
    } else {
      // `onread`: one buffer for all answers, and none of the stream machinery.
      const onread = {
        buffer: this.buffer,
        callback: (length: number, buffer: Uint8Array): boolean => {
          this.take(socket, buffer as Buffer, length);
          return true;
        },
      };
      socket = connectTcp({ host, port: Number(port || 80), onread });
      socket.once('connect', () => this.connected());
    }
    socket.setNoDelay(true);
    socket.on('error', (error) => this.lost(socket, error));
    socket.on('close', () => this.lost(socket, failure('UND_ERR_SOCKET', 'other side closed')));
    return socket;
  }

  /** The first request has waited for this; its latency begins here. */
  private connected(): void {
    this.isConnected = true;
    this.connects++;
    if (!this.isWritten) return;
    this.bytesOut += this.requestBytes;
    this.writtenAt = performance.now();
  }

  /** `bytes[0, length)` came, and is gone when this returns. */
  private take(socket: Socket, bytes: Buffer, length: number): void {
    if (socket !== this.socket) return;
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
    const latencyUs = Math.round((performance.now() - this.writtenAt) * 1000);
    this.end();
    this.answers++;
    // More than the head of a HEAD's answer: the connection is not clean any more (R4).
    if (head.closes || head.end < length) this.drop();
    this.asker.onAnswer(head.status, head, latencyUs);
  }

  /** An answer that only a full parser can tell the meaning of: asked again there. */
  private askInFull(): void {
    this.drop();
    this.end();
    this.connects++;
    // Loaded when the first such answer comes: undici takes some 50 ms to start.
    void this.openFull();
  }

  private async openFull(): Promise<void> {
    const { FullRequest } = await import('./full-connection.ts');
    if (this.isClosed) return;
    this.full = new FullRequest(this.settings, this.asker);
    this.full.head(this.path, this.headers);
  }

  private lost(socket: Socket, error: Error): void {
    if (socket !== this.socket) return;
    const reused = this.answers > 0;
    this.drop();
    // Idle, or its next request has not gone out yet: that one opens a connection of its own.
    if (!this.isWritten) return;
    this.end();
    this.asker.onNoAnswer(error, reused);
  }

  /** Called by the deadlines, once the deadline has passed. */
  expire(): void {
    const error = this.isConnected ? failure('UND_ERR_HEADERS_TIMEOUT', 'Headers Timeout Error') : failure('UND_ERR_CONNECT_TIMEOUT', 'Connect Timeout Error');
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
    if (isAsked) this.asker.onNoAnswer(failure('UND_ERR_DESTROYED', 'The connection was closed'), false);
    await this.full?.close();
  }
}
