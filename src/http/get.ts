/** One GET with a body, bounded in time and size. For listings: a request for a thousand keys, off the per-key path. */
import { Client } from 'undici';
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

function flatHeaders(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const flat = Object.create(null) as Record<string, string>;
  for (const [name, value] of Object.entries(headers)) flat[name] = Array.isArray(value) ? value.join(', ') : (value ?? '');
  return flat;
}

/** A keep-alive connection for GETs, one at a time. */
export class GetConnection {
  private readonly client: Client;

  constructor(settings: ConnectionSettings) {
    this.client = new Client(settings.origin, clientOptions(settings));
  }

  /** `path` is sent as it is; `headers` alternates names and values. Throws what undici throws, or BodyTooLarge. */
  async get(path: string, headers: string[], signal: AbortSignal): Promise<HttpResponse> {
    const response = await this.client.request({
      method: 'GET',
      path,
      headers,
      signal,
    });
    const chunks: Buffer[] = [];
    let length = 0;
    for await (const chunk of response.body as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > MAX_BODY_BYTES) throw new BodyTooLarge();
      chunks.push(chunk);
    }
    return { status: response.statusCode, headers: flatHeaders(response.headers), body: Buffer.concat(chunks, length) };
  }

  async close(): Promise<void> {
    await this.client.destroy();
  }
}
