/**
 * A shard: a lane of the queue with its own connections. Hands its keys to its slots, keeps those that
 * are to be asked again, and asks for the next batch before the last one runs out.
 */
import { COUNTER } from '../metrics/shard-counters.ts';
import type { KeyBatch } from '../queue/key-batch.ts';
import { WHOLE, type Asked } from './engine.ts';
import type { Gate } from './gate.ts';
import type { RecordAssembly } from './record-assembly.ts';
import { Slot, type ActiveBatch, type Lane, type SlotContext, type Task } from './slot.ts';
import type { ToldHeads } from './told-heads.ts';

const FIRST_PART: Asked = { versionId: null, firstPart: true };

/** What a shard needs of its worker. */
export interface ShardContext<Answer> extends SlotContext<Answer> {
  readonly slots: number;
  /** ask for the first part of each object */
  readonly parts: boolean;
  readonly assembly: RecordAssembly;
  /** reads what the listing told; null where all keys are asked for */
  readonly told: ToldHeads | null;
  /** one an endpoint */
  readonly gates: readonly Gate[];
  /** asks the main thread for a batch */
  readonly pull: () => void;
  /** nothing in flight, nothing to ask */
  readonly idle: () => void;
}

export class Shard<Answer> implements Lane<Answer> {
  private readonly context: ShardContext<Answer>;
  private readonly slots: Slot<Answer>[];
  private readonly free: Slot<Answer>[];
  /** batches with keys not asked yet, in order */
  private readonly waiting: ActiveBatch[] = [];
  /** tasks to be sent again now, in turn: in an outage few get one */
  private readonly due: Task[] = [];
  /** tasks whose back-off has not passed */
  private delayed = 0;
  private unsent = 0;
  private pulling = false;
  private ended = false;
  private stopped = false;
  private closed = false;

  constructor(context: ShardContext<Answer>) {
    this.context = context;
    this.slots = Array.from({ length: context.slots }, () => new Slot(this, context));
    this.free = this.slots.slice();
  }

  /** A batch that the shard pulled. */
  accept(id: number, batch: KeyBatch): void {
    this.pulling = false;
    if (this.stopped) return;
    const records = this.context.assembly.assign(id, batch.count, Date.now());
    const active: ActiveBatch = { id, batch, records, asked: null, next: 0, remaining: batch.count };
    const unsent = this.writeTold(active);
    if (unsent > 0) this.waiting.push(active);
    this.unsent += unsent;
    this.pump();
  }

  /** Writes the rows that the listing told. Returns how many keys are left to be asked for. */
  private writeTold(active: ActiveBatch): number {
    const { told, counters, shard } = this.context;
    const { batch, records } = active;
    const heads = batch.listed?.heads;
    if (told === null || heads === undefined) return batch.count;
    const asked: number[] = [];
    const origin = { shard, attempts: 0, versionId: null, status: 200, latencyUs: null, drift: null };
    counters.started(shard, Date.now());
    for (let index = 0; index < batch.count; index++) {
      const headers = told.read(heads, index);
      if (headers === null) {
        asked.push(index);
        continue;
      }
      records.rows.write(batch, index, origin, headers, null);
      for (const counter of [COUNTER.done, COUNTER.ok, COUNTER.told]) counters.add(shard, counter, 1);
      this.rowWritten(active);
    }
    counters.ended(shard, Date.now());
    active.asked = asked;
    return asked.length;
  }

  /** No batch will follow. */
  end(): void {
    this.ended = true;
    this.pump();
  }

  /** Starts no request more; those in flight may still end. */
  stop(): void {
    this.stopped = true;
    this.ended = true;
    this.pump();
  }

  get isIdle(): boolean {
    return this.free.length === this.slots.length && (this.stopped || (this.ended && this.unsent === 0 && this.due.length === 0 && this.delayed === 0));
  }

  get isClosed(): boolean {
    return this.closed;
  }

  async close(): Promise<void> {
    this.closed = true;
    await Promise.all(this.slots.map((slot) => slot.close()));
  }

  /** Gives every free slot a key, and sees to the next batch. */
  pump(): void {
    const { slots, assembly, gates, endpoints } = this.context;
    while (this.free.length > 0 && this.hasKeys) {
      const endpoint = this.endpoint();
      if (!gates[endpoint]!.admits(this)) break;
      endpoints.asks(endpoint, Date.now);
      this.free.pop()!.send(this.due.shift() ?? this.nextKey(), endpoint);
    }
    // Keys for one more round, no more: what one shard holds, no other can ask.
    if (!this.pulling && !this.ended && this.unsent < 2 * slots && assembly.ready) {
      this.pulling = true;
      this.context.pull();
    }
    if (this.isIdle) this.context.idle();
  }

  private endpoint(): number {
    const { shard, endpoints } = this.context;
    const count = endpoints.endpoints;
    return count === 1 ? 0 : endpoints.pick(shard % count, Math.floor(shard / count), Date.now);
  }

  private get hasKeys(): boolean {
    return !this.stopped && (this.due.length > 0 || this.waiting.length > 0);
  }

  private nextKey(): Task {
    const active = this.waiting[0]!;
    const { asked, batch } = active;
    const at = active.next++;
    const index = asked === null ? at : asked[at]!;
    if (active.next === (asked?.length ?? batch.count)) this.waiting.shift();
    this.unsent--;
    return { active, index, attempts: 0, doubted: false, reclocked: false, restarted: false, cleared: false, asked: this.askedOf(active.batch, index) };
  }

  private askedOf({ versions }: KeyBatch, index: number): Asked {
    const { parts } = this.context;
    if (versions === null) return parts ? FIRST_PART : WHOLE;
    const start = versions.offsets[index]!;
    const end = versions.offsets[index + 1]!;
    const versionId = start === end ? null : Buffer.from(versions.values.buffer, versions.values.byteOffset + start, end - start).toString();
    return versionId === null && !parts ? WHOLE : { versionId, firstPart: parts };
  }

  release(slot: Slot<Answer>): void {
    this.free.push(slot);
    this.pump();
  }

  retryLater(task: Task, delayMs: number): void {
    this.delayed++;
    setTimeout(() => this.resume(task), delayMs);
  }

  suspend(): void {
    this.delayed++;
  }

  resume(task: Task): void {
    this.delayed--;
    this.due.push(task);
    this.pump();
  }

  rowWritten(active: ActiveBatch): void {
    active.records.owners.push(active.id);
    active.remaining--;
    if (active.remaining > 0) return;
    let bytesIn = 0;
    let bytesOut = 0;
    let reconnects = 0;
    let connectUs = 0;
    let closed = 0;
    for (const { channels } of this.slots) {
      let connects = 0;
      for (const channel of channels) {
        bytesIn += channel.bytesIn;
        bytesOut += channel.bytesOut;
        connects += channel.connects;
        connectUs += channel.connectUs;
        closed += channel.closed;
      }
      reconnects += Math.max(0, connects - 1);
    }
    const { counters, shard, assembly } = this.context;
    counters.set(shard, COUNTER.bytesIn, bytesIn);
    counters.set(shard, COUNTER.bytesOut, bytesOut);
    counters.set(shard, COUNTER.reconnects, reconnects);
    counters.set(shard, COUNTER.connectUs, connectUs);
    counters.set(shard, COUNTER.closed, closed);
    assembly.complete(active.records, active.id);
  }
}
