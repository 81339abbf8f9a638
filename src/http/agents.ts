/** Node's own agents for the official SDK, which connect as everything else does. */
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { Dialer, type Opened } from './dial.ts';
import type { NetworkSettings } from './network.ts';

/** What an agent tells of the connection it wants. */
interface Wanted {
  readonly host: string;
  readonly port: number | string;
  readonly servername?: string;
}

export function agents(network: NetworkSettings, maxSockets: number, keepAlive = true): { httpAgent: HttpAgent; httpsAgent: HttpsAgent } {
  const createConnection = (scheme: string) => (wanted: Wanted, opened: Opened): void => {
    const host = wanted.host.includes(':') ? `[${wanted.host}]` : wanted.host;
    new Dialer(`${scheme}://${host}:${wanted.port}`, network, true).open(opened);
  };
  const options = { keepAlive, maxSockets };
  return {
    httpAgent: Object.assign(new HttpAgent(options), { createConnection: createConnection('http') }),
    httpsAgent: Object.assign(new HttpsAgent(options), { createConnection: createConnection('https') }),
  };
}
