/**
 * One client's connection: requests in, answers out in the same order, each after its own delay, as few writes as possible.
 */
import net from 'node:net';
import type { DelayWheel } from './delay-wheel.ts';
import type { Endpoint } from './endpoint.ts';
import { PLAIN_FATE, type Fate } from './fate.ts';
import type { PageBuffer } from './page-buffer.ts';
import { RequestParser, type Malformed, type Request } from './request.ts';
import type { SimStats } from './stats.ts';

/** What the connections of one process share. */
export interface Service {
  readonly endpoint: Endpoint;
  readonly drawFate: (method: string) => Fate;
  readonly wheel: DelayWheel<DelayedAnswer>;
  readonly stats: SimStats;
}

export interface DelayedAnswer {
  readonly connection: Connection;
  readonly taken: Request | Malformed;
  readonly fault: Fate['fault'];
}

const READ_BUFFER_BYTES = 16_384;
/** A client that sends and does not read is not read from either. */
const MAX_UNSENT_BYTES = 1_048_576;
const CLOSE_GRACE_MS = 1_000;

export class Connection {
  readonly #service: Service;
  readonly #socket: net.Socket;
  readonly #parser = new RequestParser();
  #unsent = '';
  /** answers in the wheel */
  #delayed = 0;
  #latestTick = 0;
  /** nothing that arrives is looked at any more */
  #deaf = false;

  /** `accepted` comes from a server with `pauseOnConnect`: nothing has been read from it. */
  constructor(service: Service, accepted: net.Socket) {
    this.#service = service;
    this.#socket = takeOver(accepted, (bytes) => this.#receive(bytes));
    this.#socket.on('drain', () => this.#socket.resume());
    // A client that is gone needs no answer; 'close' follows.
    this.#socket.on('error', () => {});
    service.stats.connections++;
  }

  onClose(listener: () => void): void {
    this.#socket.on('close', listener);
  }

  destroy(): void {
    this.#deaf = true;
    this.#socket.destroy();
  }

  reset(): void {
    this.#service.stats.resets++;
    this.#deaf = true;
    this.#socket.resetAndDestroy();
  }

  /** Puts a delayed answer, whose time has come, behind those before it. It leaves with `flush`. */
  deliver({ taken, fault }: DelayedAnswer): void {
    this.#delayed--;
    this.#answer(taken, fault);
  }

  flush(): void {
    if (this.#unsent === '') return;
    const unsent = this.#unsent;
    this.#unsent = '';
    this.#socket.write(unsent, 'latin1');
  }

  /** False to be sent no more until the client has read. */
  #receive(bytes: string): boolean {
    if (this.#deaf) return true;
    this.#parser.push(bytes);
    for (let taken = this.#parser.next(); taken !== null; taken = this.#parser.next()) {
      if (typeof taken === 'string') this.#schedule(taken, PLAIN_FATE);
      else this.#schedule(taken, this.#service.drawFate(taken.method));
      this.#deaf ||= typeof taken === 'string' || taken.fields.close;
      if (this.#deaf) break;
    }
    this.flush();
    return this.#socket.writableLength < MAX_UNSENT_BYTES;
  }

  #schedule(taken: Request | Malformed, { delayMs, fault }: Fate): void {
    if (delayMs === 0 && this.#delayed === 0) {
      this.#answer(taken, fault);
      return;
    }
    this.#delayed++;
    this.#latestTick = this.#service.wheel.add({ connection: this, taken, fault }, delayMs, this.#latestTick);
  }

  #answer(taken: Request | Malformed, fault: Fate['fault']): void {
    if (this.#socket.destroyed) return;
    const { endpoint, stats } = this.#service;
    if (fault === 'reset') {
      this.flush();
      this.reset();
      return;
    }
    if (fault === 'silence') {
      stats.heads++;
      stats.silences++;
      this.#deaf = true;
      return;
    }
    const malformed = typeof taken === 'string';
    const answer = malformed ? endpoint.answerMalformed(taken) : endpoint.answer(taken, fault === 'slow-down');
    if (typeof answer === 'string') this.#unsent += answer;
    else this.#sendPage(answer.head, answer.page);
    if (malformed || taken.fields.close) this.#end();
  }

  #sendPage(head: string, page: PageBuffer): void {
    this.#unsent += head;
    this.#socket.cork();
    this.flush();
    this.#socket.write(page.view(), () => page.release());
    this.#socket.uncork();
  }

  /** What the client still sends is read and dropped for a while: closing on it at once would take the answer from it (RFC 9112, 9.6). */
  #end(): void {
    this.flush();
    this.#socket.end();
    const timer = setTimeout(() => this.#socket.destroy(), CLOSE_GRACE_MS);
    this.#socket.once('close', () => clearTimeout(timer));
  }
}

/** What node:net gives a socket's constructor itself, but does not document. */
type HandleOptions = net.SocketConstructorOpts & net.ConnectOpts & { readonly handle: unknown };

/**
 * The accepted connection as a socket with `onread`, which spares the stream machinery: 3 µs a request of user time instead of 7 (Node 20, one
 * core). A server has no option for it, so the connection's handle moves to a socket made with it.
 */
function takeOver(accepted: net.Socket, receive: (bytes: string) => boolean): net.Socket {
  const holder = accepted as unknown as { _handle: unknown };
  const handle = holder._handle;
  holder._handle = null;
  // Without its handle this ends nothing but the server's count of it.
  accepted.destroy();
  const buffer = Buffer.allocUnsafeSlow(READ_BUFFER_BYTES);
  const options: HandleOptions = {
    handle,
    onread: { buffer, callback: (length) => receive(buffer.toString('latin1', 0, length)) },
  };
  return new net.Socket(options);
}
