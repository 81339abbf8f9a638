/**
 * The floor that `head` is compared with: what undici needs for the same HEADs when nothing is signed and nothing is
 * kept. `node dist/bench/floor.js ENDPOINT KEYFILE`; prints how many were answered.
 */
import { readFileSync } from 'node:fs';
import { Pool, type Dispatcher } from 'undici';
import { BUCKET, IN_FLIGHT } from './head-command.ts';

const [endpoint, keyFile] = process.argv.slice(2) as [string, string];
const keys = readFileSync(keyFile, 'latin1').trimEnd().split('\n');
const pool = new Pool(endpoint, { connections: IN_FLIGHT });
let next = 0;
let answered = 0;

const handler: Dispatcher.DispatchHandler = {
  onRequestStart: () => {},
  onResponseStart: (_controller, status) => {
    if (status !== 200) throw new Error(`status ${status}`);
  },
  onResponseData: () => {},
  onResponseEnd: () => {
    answered++;
    send();
  },
  onResponseError: (_controller, error) => {
    throw error;
  },
};

function send(): void {
  if (next < keys.length) pool.dispatch({ method: 'HEAD', path: `/${BUCKET}/${keys[next++]!}`, reset: false }, handler);
  else if (answered === keys.length) void pool.close();
}

for (let i = 0; i < IN_FLIGHT; i++) send();
process.once('exit', () => console.log(answered));
