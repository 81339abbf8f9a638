/** A server that speaks bytes: what it sends, and when, is each test's own. Loopback only. */
import { createServer, type AddressInfo, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { createServer as createTlsServer } from 'node:tls';
import { CERTIFICATE, KEY } from './self-signed.ts';

export interface RawRequest {
  /** the connection, counted from 1 */
  readonly connection: number;
  /** the request on that connection, counted from 1 */
  readonly number: number;
  /** as sent, up to the empty line */
  readonly head: string;
  readonly method: string;
  /** path and query, as sent */
  readonly target: string;
  /** a header's value, by its name in lower case */
  readonly header: (name: string) => string | null;
}

export interface RawServer {
  readonly port: number;
  readonly origin: string;
  readonly requests: readonly RawRequest[];
  readonly connections: number;
}

function parseHead(head: string, connection: number, number: number): RawRequest {
  const [line = '', ...lines] = head.split('\r\n');
  const [method = '', target = ''] = line.split(' ');
  return {
    connection,
    number,
    head,
    method,
    target,
    header: (name) => lines.find((each) => each.toLowerCase().startsWith(`${name}:`))?.slice(name.length + 1).trim() ?? null,
  };
}

/** `answer` is called once a request has come, each time with its connection. Ended with the test. `secure`: over TLS. */
export async function rawServer(t: TestContext, answer: (socket: Socket, request: RawRequest) => void, secure = false): Promise<RawServer> {
  const requests: RawRequest[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const onConnection = (socket: Socket): void => {
    const connection = ++connections;
    let number = 0;
    let received = '';
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => {
      received += chunk.toString('latin1');
      for (let end = received.indexOf('\r\n\r\n'); end >= 0; end = received.indexOf('\r\n\r\n')) {
        const request = parseHead(received.slice(0, end), connection, ++number);
        received = received.slice(end + 4);
        requests.push(request);
        answer(socket, request);
      }
    });
  };
  const server = secure ? createTlsServer({ key: KEY, cert: CERTIFICATE }, onConnection) : createServer(onConnection);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return {
    port,
    origin: `${secure ? 'https' : 'http'}://127.0.0.1:${port}`,
    requests,
    get connections() {
      return connections;
    },
  };
}

/** A port of loopback that nothing listens on. */
export async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => {
    server.close(resolve);
  });
  return port;
}

/** An answer as bytes; Content-Length as it is for the body. */
export function response(status: number, headers: Readonly<Record<string, string>> = {}, body = ''): string {
  const all = { 'Content-Length': String(Buffer.byteLength(body)), ...headers };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} X\r\n${lines.join('')}\r\n${body}`;
}

/** A body in chunks, in the order given. */
export function chunked(...chunks: readonly string[]): string {
  return `${chunks.map((chunk) => `${Buffer.byteLength(chunk, 'latin1').toString(16)}\r\n${chunk}\r\n`).join('')}0\r\n\r\n`;
}
