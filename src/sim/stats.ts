/** What a simulation counts. */

export interface SimStats {
  connections: number;
  /** HEAD requests, whatever was answered */
  heads: number;
  /** GET requests, whatever was answered */
  lists: number;
  /** keys and common prefixes in the pages sent */
  keysListed: number;
  /** 503 SlowDown, drawn by `errorRate` and `listErrorRate`, or not admitted */
  slowDowns: number;
  /** connections reset, drawn by `resetRate` or by the clock */
  resets: number;
  /** HEADs never answered */
  silences: number;
  /** requests whose signature was not accepted */
  refused: number;
  /** answers of status 400 and above, the two before among them */
  errors: number;
}

export function emptyStats(): SimStats {
  return { connections: 0, heads: 0, lists: 0, keysListed: 0, slowDowns: 0, resets: 0, silences: 0, refused: 0, errors: 0 };
}

export function sumStats(all: Iterable<SimStats>): SimStats {
  const sum = emptyStats();
  for (const stats of all) {
    for (const name of Object.keys(sum) as (keyof SimStats)[]) sum[name] += stats[name];
  }
  return sum;
}
