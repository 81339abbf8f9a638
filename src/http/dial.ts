/**
 * Opens the sockets that requests go out on: HEADs, listings and the official SDK's alike; to the origin, to another address
 * in its place, or through a proxy. Who is asked, by Host, SNI and certificate, is the origin all the same.
 */
import dns from 'node:dns';
import { connect as connectTcp, isIP, type LookupFunction, type OnReadOpts, type Socket } from 'node:net';
import { checkServerIdentity, connect as connectTls, type ConnectionOptions } from 'node:tls';
import type { buildConnector } from 'undici';
import type { HostPort, NetworkSettings } from './network.ts';
import { proxyFor, type Proxy } from './proxy.ts';

/** What a proxy may answer to CONNECT, with its headers. */
const MAX_CONNECT_ANSWER = 16 * 1024;

/** An error with the code that undici would have given it, so that one list classifies both. */
export function transportError(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}

/** Called once: with a socket that can be written to, or with what was in the way. */
export type Opened = (...result: [error: Error, socket: null] | [error: null, socket: Socket]) => void;

/** Who reads and writes a socket. What happens to a socket that is not its present one, it does not hear of (R4). */
export interface SocketUser {
  /** the present one, which may not be connected yet; null after it was given up */
  socket: Socket | null;
  /** The socket can be written to. */
  connected(socket: Socket): void;
  /** `bytes[0, length)` came, and is gone when this returns. */
  take(bytes: Buffer, length: number): void;
  /** The socket could not be opened, or is closed. */
  lost(error: Error): void;
}

/** connections that asked for an address so far */
let turn = 0;

/**
 * All addresses behind a name, beginning with another one each time, so that connections are spread over them. One that is
 * dead is passed over by Node itself, which tries the next.
 */
const lookupInTurn: LookupFunction = (hostname, options, callback) => {
  dns.lookup(hostname, options, (error, addresses, family) => {
    if (error !== null || !Array.isArray(addresses)) {
      callback(error, addresses, family);
      return;
    }
    const first = turn++ % addresses.length;
    callback(null, [...addresses.slice(first), ...addresses.slice(0, first)]);
  });
};

/** TLS with a server: an IP address is no server name (RFC 6066, 3), but the certificate has to name it all the same. */
function tlsWith(host: string): ConnectionOptions {
  return {
    ALPNProtocols: ['http/1.1'],
    ...(isIP(host) === 0 && { servername: host }),
    checkServerIdentity: (_name, certificate) => checkServerIdentity(host, certificate),
  };
}

/** Calls back when the socket is connected, or has failed to be. */
function follow(socket: Socket, event: 'connect' | 'secureConnect', opened: Opened): Socket {
  const failed = (error: Error): void => settle(error);
  const closed = (): void => settle(transportError('UND_ERR_SOCKET', 'other side closed'));
  const connected = (): void => settle(null);
  const settle = (error: Error | null): void => {
    socket.off('error', failed).off('close', closed).off(event, connected);
    if (error === null) {
      opened(null, socket);
      return;
    }
    // What it may still throw is nobody's.
    socket.on('error', () => {}).destroy();
    opened(error, null);
  };
  return socket.on('error', failed).on('close', closed).once(event, connected);
}

/** Reads a proxy's answer to CONNECT, which nothing may follow: the server speaks second. */
function readConnectAnswer(socket: Socket, proxy: Proxy, opened: Opened): void {
  let answer = '';
  const settle = (error: Error | null): void => {
    socket.off('data', read).off('error', failed).off('close', closed);
    if (error === null) {
      opened(null, socket);
      return;
    }
    socket.on('error', () => {}).destroy();
    opened(error, null);
  };
  const failed = (): void => settle(transportError('PROXY_UNREACHABLE', 'the proxy broke off'));
  const closed = failed;
  const read = (chunk: Buffer): void => {
    answer += chunk.toString('latin1');
    const end = answer.indexOf('\r\n\r\n');
    if (end === -1 && answer.length < MAX_CONNECT_ANSWER) return;
    const status = Number(/^HTTP\/1\.[01] (\d{3})(?!\d)/.exec(answer)?.[1]);
    if (status >= 200 && status < 300 && end === answer.length - 4) settle(null);
    else if (status >= 500) settle(transportError('PROXY_UNREACHABLE', `the proxy answered ${status}`));
    else settle(transportError('PROXY_REFUSED', `the proxy ${proxy.host}:${proxy.port} ${status > 0 ? `refused the connection with status ${status}` : 'does not speak HTTP'}`));
  };
  socket.on('data', read).on('error', failed).on('close', closed);
}

export class Dialer {
  /** what stands before the path of a request, and names and values that go with it: for a proxy that is asked to pass it on */
  readonly targetPrefix: string;
  readonly proxyHeaders: readonly string[];
  /** what the socket is opened to: the origin, or its proxy */
  private readonly first: HostPort;
  private readonly firstTls: ConnectionOptions | null;
  private readonly proxy: Proxy | null;
  /** `host:port` of the origin, where the proxy is to open a way there */
  private readonly tunnel: string | null;
  /** TLS with the origin within the tunnel */
  private readonly innerTls: ConnectionOptions | null;

  /** `alwaysTunnel`: also for http, where a proxy passes requests on as a rule. */
  constructor(origin: string, { tls, connectTo, proxies }: NetworkSettings, alwaysTunnel = false) {
    const url = new URL(origin);
    const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
    const secure = url.protocol === 'https:';
    const port = Number(url.port || (secure ? 443 : 80));
    const { ca, rejectUnauthorized } = tls;
    const proxy = connectTo === null && proxies !== null ? proxyFor(proxies, secure, host, port) : null;
    const originTls = secure ? { ...tls, ...tlsWith(host) } : null;
    this.proxy = proxy;
    this.first = connectTo ?? (proxy === null ? { host, port } : { host: proxy.host, port: proxy.port });
    // The client's certificate is for the origin alone (R7).
    this.firstTls = proxy === null ? originTls : proxy.secure ? { ...(ca !== undefined && { ca }), rejectUnauthorized, ...tlsWith(proxy.host) } : null;
    this.tunnel = proxy !== null && (secure || alwaysTunnel) ? `${url.hostname}:${port}` : null;
    this.innerTls = this.tunnel === null ? null : originTls;
    const passedOn = proxy !== null && this.tunnel === null;
    this.targetPrefix = passedOn ? origin : '';
    this.proxyHeaders = passedOn && proxy.authorization !== null ? ['proxy-authorization', proxy.authorization] : [];
  }

  /** What a request begins with, up to the empty line: `path` and `headers`, names and values in turn, as they are. */
  requestHead(method: 'GET' | 'HEAD', path: string, headers: readonly string[]): string {
    const { targetPrefix, proxyHeaders } = this;
    let text = `${method} ${targetPrefix}${path} HTTP/1.1\r\n`;
    for (let i = 0; i < headers.length; i += 2) text += `${headers[i]}: ${headers[i + 1]}\r\n`;
    for (let i = 0; i < proxyHeaders.length; i += 2) text += `${proxyHeaders[i]}: ${proxyHeaders[i + 1]}\r\n`;
    return `${text}\r\n`;
  }

  /** Opens a socket that is read as a stream. Returns what to destroy as long as `opened` has not been called. */
  open(opened: Opened): Socket {
    if (this.proxy === null) return this.connect(undefined, opened);
    const { proxy, tunnel } = this;
    return this.connect(undefined, (...[error, socket]) => {
      if (error !== null) opened(transportError('PROXY_UNREACHABLE', 'the proxy cannot be reached'), null);
      else if (tunnel === null) opened(null, socket);
      else this.openTunnel(socket, proxy, tunnel, opened);
    });
  }

  /** Opens a socket for `user`. Without a proxy, all its bytes come in the one buffer, and none of the stream machinery is used. */
  dial(buffer: Buffer, user: SocketUser): void {
    let socket: Socket;
    const take = (bytes: Buffer, length: number): void => {
      if (user.socket === socket) user.take(bytes, length);
    };
    const lost = (error: Error): void => {
      if (user.socket === socket) user.lost(error);
    };
    const opened: Opened = (...[error, connected]) => {
      if (user.socket !== socket) {
        connected?.destroy();
        return;
      }
      if (error !== null) {
        user.lost(error);
        return;
      }
      // Within a tunnel it is another one.
      socket = connected;
      if (this.proxy !== null) socket.on('data', (chunk: Buffer) => take(chunk, chunk.length));
      socket.on('error', lost).on('close', () => lost(transportError('UND_ERR_SOCKET', 'other side closed')));
      user.socket = socket;
      user.connected(socket);
    };
    const callback = (length: number, bytes: Uint8Array): boolean => {
      take(bytes as Buffer, length);
      return true;
    };
    socket = this.proxy === null ? this.connect({ buffer, callback }, opened) : this.open(opened);
    user.socket = socket;
  }

  private connect(onread: OnReadOpts | undefined, opened: Opened): Socket {
    const { first, firstTls } = this;
    const where = { ...first, lookup: lookupInTurn, ...(onread && { onread }) };
    const socket = firstTls === null ? connectTcp(where) : connectTls({ ...where, ...firstTls });
    socket.setNoDelay(true);
    socket.setKeepAlive(true, 60_000);
    return follow(socket, firstTls === null ? 'connect' : 'secureConnect', opened);
  }

  private openTunnel(socket: Socket, proxy: Proxy, tunnel: string, opened: Opened): void {
    const { innerTls } = this;
    readConnectAnswer(socket, proxy, (...result) => {
      const [error] = result;
      if (error !== null || innerTls === null) opened(...result);
      else follow(connectTls({ ...innerTls, socket }), 'secureConnect', opened);
    });
    const authorization = proxy.authorization === null ? '' : `Proxy-Authorization: ${proxy.authorization}\r\n`;
    socket.write(`CONNECT ${tunnel} HTTP/1.1\r\nHost: ${tunnel}\r\n${authorization}\r\n`, 'latin1');
  }
}

/** For undici's clients, which have a deadline for connecting and none of their own once they are given this. */
export function undiciConnect(dialer: Dialer, timeoutMs: number): buildConnector.connector {
  return (_options, callback) => {
    const socket = dialer.open((...result) => {
      clearTimeout(timer);
      callback(...result);
    });
    const timer = setTimeout(() => socket.destroy(transportError('UND_ERR_CONNECT_TIMEOUT', 'Connect Timeout Error')), timeoutMs);
  };
}
