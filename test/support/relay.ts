/** A relay in front of a server: keeps the first line of each request, and can hold requests back. Loopback only. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import type { Ending } from './folder.ts';

export interface Relay {
  readonly endpoint: string;
  /** `METHOD target HTTP/1.1`, as sent */
  readonly requests: readonly string[];
}

export interface RelayOptions {
  /** Called with each request's first line before it goes on; it waits for that. */
  readonly before?: (line: string) => Promise<void>;
}

/** Requests have no bodies. */
export async function startRelay(t: Ending, target: string, { before = () => Promise.resolve() }: RelayOptions = {}): Promise<Relay> {
  const { hostname, port } = new URL(target);
  const requests: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    let sending: Promise<void> = Promise.resolve();
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    const forward = async (earlier: Promise<void>, chunk: Buffer, waits: readonly Promise<void>[]): Promise<void> => {
      await earlier;
      await Promise.all(waits);
      upstream.write(chunk);
    };
    client.on('data', (chunk: Buffer) => {
      const lines = chunk.toString('latin1').match(/^[A-Z]+ \S+ HTTP\/1\.1(?=\r\n)/gm) ?? [];
      requests.push(...lines);
      sending = forward(sending, chunk, lines.map(before));
    });
    upstream.on('data', (chunk: Buffer) => client.write(chunk));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  });
  return { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}
