/**
 * Opens the sockets that requests go out on: HEADs, listings and the official SDK's alike. Who is asked, by Host, SNI and
 * certificate, is the origin, whatever address is connected to.
 */
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { checkServerIdentity, connect as connectTls, type ConnectionOptions } from 'node:tls';
import type { buildConnector } from 'undici';
import type { HostPort, NetworkSettings } from './network.ts';

/** An error with the code that undici would have given it, so that one list classifies both. */
export function transportError(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}

/** Called once: with a socket that can be written to, or with what was in the way. */
export type Opened = (...result: [error: Error, socket: null] | [error: null, socket: Socket]) => void;

export class Dialer {
  private readonly secure: boolean;
  private readonly address: HostPort;
  private readonly tls: ConnectionOptions;

  constructor(origin: string, { tls, connectTo }: NetworkSettings) {
    const { protocol, hostname, port } = new URL(origin);
    const host = hostname.replace(/^\[(.*)\]$/, '$1');
    this.secure = protocol === 'https:';
    this.address = connectTo ?? { host, port: Number(port || (this.secure ? 443 : 80)) };
    this.tls = {
      ...tls,
      ALPNProtocols: ['http/1.1'],
      // An IP address is no server name (RFC 6066, 3), but a certificate has to name it all the same.
      ...(isIP(host) === 0 && { servername: host }),
      checkServerIdentity: (_name, certificate) => checkServerIdentity(host, certificate),
    };
  }

  /** Opens a socket that is read as a stream. Returns what to destroy as long as `opened` has not been called. */
  open(opened: Opened): Socket {
    return this.follow(this.secure ? connectTls({ ...this.address, ...this.tls }) : connectTcp(this.address), opened);
  }

  /**
   * Opens a socket whose bytes are handed to `receive`, and gone when that returns. Without TLS, all of them come in the one
   * buffer, and none of the stream machinery is used.
   */
  dial(buffer: Buffer, receive: (bytes: Buffer, length: number) => void, opened: Opened): Socket {
    if (this.secure) {
      return this.open((...result) => {
        result[1]?.on('data', (chunk: Buffer) => receive(chunk, chunk.length));
        opened(...result);
      });
    }
    const onread = {
      buffer,
      callback: (length: number, bytes: Uint8Array): boolean => {
        receive(bytes as Buffer, length);
        return true;
      },
    };
    return this.follow(connectTcp({ ...this.address, onread }), opened);
  }

  private follow(socket: Socket, opened: Opened): Socket {
    socket.setNoDelay(true);
    socket.setKeepAlive(true, 60_000);
    const failed = (error: Error): void => settle(error);
    const closed = (): void => settle(transportError('UND_ERR_SOCKET', 'other side closed'));
    const settle = (error: Error | null): void => {
      socket.off('error', failed).off('close', closed);
      if (error === null) {
        opened(null, socket);
        return;
      }
      // What it may still throw is nobody's.
      socket.on('error', () => {}).destroy();
      opened(error, null);
    };
    socket.on('error', failed).on('close', closed);
    socket.once(this.secure ? 'secureConnect' : 'connect', () => settle(null));
    return socket;
  }
}

/** For undici's clients, which have a deadline for connecting and none of their own once they are given this. */
export function undiciConnect(origin: string, network: NetworkSettings, timeoutMs: number): buildConnector.connector {
  const dialer = new Dialer(origin, network);
  return (_options, callback) => {
    const socket = dialer.open((...result) => {
      clearTimeout(timer);
      callback(...result);
    });
    const timer = setTimeout(() => socket.destroy(transportError('UND_ERR_CONNECT_TIMEOUT', 'Connect Timeout Error')), timeoutMs);
  };
}
