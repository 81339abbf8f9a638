/**
 * The live counters of the shards, in memory that all threads share: one row a shard and endpoint, written only by the
 * worker that hosts the shard, read by main whenever it likes, without a message.
 *
 * No Atomics: they do not know Float64Array, and with one writer a row nothing can be lost. A reader may see
 * two counters of a row a few requests apart, which matters to no one; once the workers have stopped, the
 * rows are exact.
 */

/** What is counted, and where in its row: the hot path calls `counters.add(shard, COUNTER.done, 1)`. */
export const COUNTER = {
  /** keys that have their row: ok + gone + failed */
  done: 0,
  ok: 1,
  /** rows with status 404 */
  gone: 2,
  failed: 3,
  /** requests sent */
  attempts: 4,
  /** requests under way: the one counter that also falls */
  inFlight: 5,
  /** attempts that followed a failure of transport or server */
  retriesTransient: 6,
  /** attempts that followed an answer that said to slow down */
  retriesThrottled: 7,
  /** answers that said to slow down */
  throttled: 8,
  /** connections opened after a slot's first */
  reconnects: 9,
  bytesIn: 10,
  bytesOut: 11,
  /** epoch ms of the first request sent; 0 = none */
  startMs: 12,
  /** epoch ms of the last answer; 0 = none */
  endMs: 13,
  /** answers after which the server closed the connection */
  closed: 14,
  /** µs spent on opening connections, which is in no latency */
  connectUs: 15,
  /** rows that the listing told */
  told: 16,
  /** requests that no answer came to, but for those on idle connections that the server ended */
  unanswered: 17,
} as const;

type Counter = keyof typeof COUNTER;

export const COUNTERS: readonly Counter[] = Object.keys(COUNTER) as Counter[];

/** One shard's counters by name. */
export type ShardTotals = Readonly<Record<Counter, number>>;

/** 256 bytes a row: two workers never write to one cache line, nor to a pair that is fetched together. */
const ROW = 32;

function totalOf(name: Counter, values: readonly number[]): number {
  if (name === 'endMs') return Math.max(...values);
  if (name !== 'startMs') return values.reduce((sum, value) => sum + value, 0);
  const starts = values.filter((ms) => ms > 0);
  return starts.length === 0 ? 0 : Math.min(...starts);
}

export class ShardCounters {
  readonly shards: number;
  private readonly endpoints: number;
  private readonly values: Float64Array;

  static allocate(shards: number, endpoints = 1): SharedArrayBuffer {
    return new SharedArrayBuffer(shards * endpoints * ROW * Float64Array.BYTES_PER_ELEMENT);
  }

  constructor(buffer: SharedArrayBuffer, endpoints = 1) {
    this.values = new Float64Array(buffer);
    this.endpoints = endpoints;
    this.shards = this.values.length / ROW / endpoints;
  }

  /** The row of what a shard asks an endpoint; of the first endpoint, it is the shard's number. */
  rowOf(shard: number, endpoint: number): number {
    return endpoint * this.shards + shard;
  }

  /** A shard's rows, one an endpoint. */
  rowsOf(shard: number): number[] {
    return Array.from({ length: this.endpoints }, (_, endpoint) => this.rowOf(shard, endpoint));
  }

  /** `counter` is one of `COUNTER`; `n` may be negative. */
  add(row: number, counter: number, n: number): void {
    const at = row * ROW + counter;
    this.values[at] = this.values[at]! + n;
  }

  /** For what is known as a total: bytes and connections. */
  set(row: number, counter: number, n: number): void {
    this.values[row * ROW + counter] = n;
  }

  /** Notes a request sent: only the row's first counts. */
  started(row: number, nowMs: number): void {
    const at = row * ROW + COUNTER.startMs;
    if (this.values[at] === 0) this.values[at] = nowMs;
  }

  /** Notes an answer. */
  ended(row: number, nowMs: number): void {
    this.values[row * ROW + COUNTER.endMs] = nowMs;
  }

  get(row: number, counter: number): number {
    return this.values[row * ROW + counter]!;
  }

  /** Sum over all rows. */
  total(counter: number): number {
    let sum = 0;
    for (let at = counter; at < this.values.length; at += ROW) sum += this.values[at]!;
    return sum;
  }

  /** One shard's counters, over all endpoints. */
  ofShard(shard: number): ShardTotals {
    return this.totalsOf(this.rowsOf(shard));
  }

  /** One endpoint's counters, over all shards. */
  ofEndpoint(endpoint: number): ShardTotals {
    return this.totalsOf(Array.from({ length: this.shards }, (_, shard) => this.rowOf(shard, endpoint)));
  }

  private totalsOf(rows: readonly number[]): ShardTotals {
    const pairs = COUNTERS.map((name) => [name, totalOf(name, rows.map((row) => this.get(row, COUNTER[name])))] as const);
    return Object.fromEntries(pairs) as Record<Counter, number>;
  }
}
