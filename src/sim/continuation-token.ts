/** Continuation tokens: opaque, of characters that have to be encoded in a query (`+`, `/`, `=`), and valid in every process of a simulation. */
import { mix } from './mix.ts';

const BYTES = 16;

/** Where the next page begins, and a check of it that a token somebody made up will not have. */
export function tokenOf(index: number, seed: number): string {
  const bytes = Buffer.alloc(BYTES);
  bytes.writeUInt32BE(mix(seed, index, 50), 0);
  bytes.writeUInt32BE(mix(seed, index, 51), 4);
  bytes.writeBigUInt64BE(BigInt(index), 8);
  return bytes.toString('base64');
}

/** -1 if it is no token of this simulation. */
export function indexOfToken(token: string, seed: number): number {
  const bytes = Buffer.from(token, 'base64');
  if (bytes.length !== BYTES) return -1;
  const index = Number(bytes.readBigUInt64BE(8));
  return Number.isSafeInteger(index) && tokenOf(index, seed) === token ? index : -1;
}
