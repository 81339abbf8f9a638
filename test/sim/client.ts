/** What the tests of the simulation share: a raw HTTP client that shows every byte, and an SDK client. */
import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import { once } from 'node:events';
import net from 'node:net';
import { startSim, type Sim, type SimOptions } from '../../src/sim/sim.ts';

/** Runs `use` with a simulation that is closed behind it. */
export async function withSim(options: Partial<SimOptions>, use: (sim: Sim) => Promise<void>): Promise<void> {
  const sim = await startSim({ bucket: 'bucket', objects: 3_000, ...options });
  try {
    await use(sim);
  } finally {
    await sim.close();
  }
}

export function sdkClient(sim: Sim, config: S3ClientConfig = {}): S3Client {
  const credentials = { accessKeyId: 'AKIDSIM', secretAccessKey: 'secret' };
  return new S3Client({ endpoint: sim.endpoint, region: 'us-east-1', credentials, forcePathStyle: true, maxAttempts: 1, ...config });
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Sends each chunk in a segment of its own and waits for `wanted` answers, or for the connection's end if that is null. */
export async function raw(sim: Sim, chunks: readonly string[], wanted: number | null, methods: readonly string[] = []): Promise<RawAnswer[]> {
  const { hostname, port } = new URL(sim.endpoint);
  const socket = net.connect({ host: hostname, port: Number(port), noDelay: true });
  const answers: RawAnswer[] = [];
  // A reset is an end like another here.
  socket.on('error', () => {});
  // An answer that does not come fails an assertion, and does not hang.
  socket.setTimeout(5_000, () => socket.destroy());
  const done = new Promise<void>((resolve) => {
    let received = '';
    socket.on('data', (chunk) => {
      received = takeAnswers(received + chunk.toString('latin1'), answers, methods);
      if (answers.length === wanted) resolve();
    });
    socket.on('close', resolve);
  });
  await once(socket, 'connect');
  for (const chunk of chunks) {
    socket.write(chunk, 'latin1');
    if (chunks.length > 1) await new Promise((resolve) => setImmediate(resolve));
  }
  await done;
  socket.destroy();
  return answers;
}

/** Moves whole answers out of `text` and returns what is left. `methods`: of the requests, where they are not all HEAD. */
function takeAnswers(text: string, answers: RawAnswer[], methods: readonly string[]): string {
  for (let at = 0; ;) {
    const end = text.indexOf('\r\n\r\n', at);
    if (end === -1) return text.slice(at);
    const [statusLine = '', ...lines] = text.slice(at, end).split('\r\n');
    const headers = Object.fromEntries(
      lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
    );
    const length = (methods[answers.length] ?? 'HEAD') === 'HEAD' ? 0 : Number(headers['content-length']);
    if (end + 4 + length > text.length) return text.slice(at);
    answers.push({ status: Number(statusLine.split(' ')[1]), headers, body: text.slice(end + 4, end + 4 + length) });
    at = end + 4 + length;
  }
}

export function headRequest(path: string, fields: string = ''): string {
  return `HEAD ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${fields}\r\n`;
}
