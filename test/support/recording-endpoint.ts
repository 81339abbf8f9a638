/**
 * An S3 endpoint on loopback that keeps what it was asked, as it came, and lists and answers for the keys it was given.
 * With TLS, its certificate is that of `test/http/self-signed.ts`, and it keeps the server name that the client asked for.
 */
import { once } from 'node:events';
import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { CERTIFICATE, KEY } from '../http/self-signed.ts';
import type { Ending } from './folder.ts';

export interface RecordedRequest {
  readonly method: string;
  /** path and query, as sent */
  readonly target: string;
  readonly host: string;
  /** names as sent, in order */
  readonly headers: readonly (readonly [string, string])[];
  /** a header's value, by its name in lower case */
  readonly header: (name: string) => string | null;
  /** of TLS; null without */
  readonly serverName: string | null;
  readonly client: TLSSocket | null;
}

export interface RecordingEndpoint {
  readonly port: number;
  readonly requests: RecordedRequest[];
  readonly server: Server;
}

export interface RecordingOptions {
  readonly tls?: boolean | ServerOptions;
  /** keys of every bucket; a HEAD is answered for any */
  readonly keys?: readonly string[];
  /** Answers in place of the endpoint; true where it has. */
  readonly answer?: (request: RecordedRequest, response: ServerResponse) => boolean;
}

function recorded(request: IncomingMessage): RecordedRequest {
  const { rawHeaders, method = '', url = '' } = request;
  const headers = Array.from({ length: rawHeaders.length / 2 }, (_, at) => [rawHeaders[at * 2]!, rawHeaders[at * 2 + 1]!] as const);
  const header = (name: string): string | null => headers.find(([each]) => each.toLowerCase() === name)?.[1] ?? null;
  const client = 'encrypted' in request.socket ? (request.socket as TLSSocket) : null;
  const serverName = client === null ? null : ((client as { servername?: string | false }).servername || '');
  return { method, target: url, host: header('host') ?? '', headers, header, serverName, client };
}

function listPage(keys: readonly string[]): string {
  const contents = keys.map((key) => `<Contents><Key>${encodeURIComponent(key)}</Key><Size>0</Size><ETag>&quot;e&quot;</ETag><LastModified>2026-01-31T12:00:00.000Z</LastModified></Contents>`);
  return `<?xml version="1.0" encoding="UTF-8"?><ListBucketResult><EncodingType>url</EncodingType><IsTruncated>false</IsTruncated><KeyCount>${keys.length}</KeyCount>${contents.join('')}</ListBucketResult>`;
}

/** Ended with the test, or the suite. */
export async function recordingEndpoint(ending: Ending, options: RecordingOptions = {}): Promise<RecordingEndpoint> {
  const { tls = false, keys = ['key'], answer = () => false } = options;
  const page = listPage(keys);
  const requests: RecordedRequest[] = [];
  const onRequest = (incoming: IncomingMessage, response: ServerResponse): void => {
    const request = recorded(incoming);
    requests.push(request);
    if (answer(request, response)) return;
    if (request.method === 'GET') response.setHeader('content-type', 'application/xml').end(page);
    else response.writeHead(200, { 'content-length': 0, etag: '"e"', 'last-modified': 'Sat, 31 Jan 2026 12:00:00 GMT' }).end();
  };
  const server = tls === false ? createHttpServer(onRequest) : createHttpsServer({ key: KEY, cert: CERTIFICATE, ...(tls === true ? {} : tls) }, onRequest);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ending.after(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => {
      server.close(resolve);
    });
  });
  return { port: (server.address() as AddressInfo).port, requests, server };
}
