/**
 * A shard: a lane of the queue with its own connections. Hands its keys to its slots, sends again what is
 * worth it, and asks for the next batch before the last one runs out.
 */
import type { RecordableHistogram } from 'node:perf_hooks';
import type { EndpointHealth } from '../http/endpoint-health.ts';
import type { RetryBudget } from '../http/retry-budget.ts';
import { parseRetryAfter, retryDelay, type RetryCause } from '../http/retry.ts';
import { recordLatency } from '../metrics/latency.ts';
import { COUNTER, type ShardCounters } from '../metrics/shard-counters.ts';
import type { KeyBatch } from '../queue/key-batch.ts';
import { classifyStatus, classifyTransport, isAboutCredentials } from '../s3/errors.ts';
import { driftOf } from './drift.ts';
import { WHOLE, type AnswerHeaders, type Asked, type Channel, type Engine, type SlotOwner } from './engine.ts';
import type { Gate } from './gate.ts';
import type { AccessCheck } from './access-check.ts';
import type { OpenRecords, RecordAssembly } from './record-assembly.ts';
import type { RowError } from './row-writer.ts';
import type { ToldHeads } from './told-heads.ts';

/** A key batch that is being asked. */
interface ActiveBatch {
  readonly id: number;
  readonly batch: KeyBatch;
  readonly records: OpenRecords;
  /** the keys to be asked for; null: all of them */
  asked: readonly number[] | null;
  /** the next of these that no request was sent for */
  next: number;
  /** keys without a row */
  remaining: number;
}

const FIRST_PART: Asked = { versionId: null, firstPart: true };

/** One key on its way: what was tried so far. */
interface Task {
  readonly active: ActiveBatch;
  readonly index: number;
  attempts: number;
  /** asked again on a fresh connection, since the answer did not fit the LIST entry (R4) */
  doubted: boolean;
  /** the clock was corrected for it */
  reclocked: boolean;
  /** asked again after the end of an idle connection */
  restarted: boolean;
  /** refused, and asked again with credentials that are known to be good */
  cleared: boolean;
  asked: Asked;
}

/** What a shard needs of its worker. */
export interface ShardContext<Answer> {
  readonly shard: number;
  readonly slots: number;
  readonly maxAttempts: number;
  /** ask for the first part of each object */
  readonly parts: boolean;
  /** one an endpoint */
  readonly engines: readonly Engine<Answer>[];
  readonly endpoints: EndpointHealth;
  readonly assembly: RecordAssembly;
  /** reads what the listing told; null where all keys are asked for */
  readonly told: ToldHeads | null;
  readonly counters: ShardCounters;
  readonly latency: RecordableHistogram;
  readonly retryBudget: RetryBudget;
  /** one an endpoint */
  readonly gates: readonly Gate[];
  readonly access: AccessCheck;
  /** asks the main thread for a batch */
  readonly pull: () => void;
  /** the scan's retry budget is spent */
  readonly exhausted: (last: string) => void;
  /** nothing in flight, nothing to ask */
  readonly idle: () => void;
}

export class Shard<Answer> {
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

  /** Sends the task again after its back-off; meanwhile the slot takes other keys. */
  retryLater(task: Task, delayMs: number): void {
    this.delayed++;
    setTimeout(() => this.resume(task), delayMs);
  }

  /** A task waits, until it is resumed. */
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

/** One connection and the one key that it is asked for (R4). */
class Slot<Answer> implements SlotOwner<Answer> {
  /** by endpoint: only the last that was asked has a connection */
  readonly channels: readonly Channel[];
  /** what the present key is asked of, and where that is counted */
  private endpoint = 0;
  private row: number;
  private readonly lane: Shard<Answer>;
  private readonly context: ShardContext<Answer>;
  private task: Task | null = null;

  constructor(lane: Shard<Answer>, context: ShardContext<Answer>) {
    this.lane = lane;
    this.context = context;
    this.row = context.shard;
    this.channels = context.engines.map((engine) => engine.open(this));
  }

  send(task: Task, endpoint: number): void {
    const { counters, shard } = this.context;
    const channel = this.channels[endpoint]!;
    const row = counters.rowOf(shard, endpoint);
    if (endpoint !== this.endpoint) this.channels[this.endpoint]!.renew();
    this.endpoint = endpoint;
    this.row = row;
    this.task = task;
    task.attempts++;
    // Any connection that is open may have been ended by the server, or be about to say something that is another key's.
    if (task.doubted || task.restarted) channel.renew();
    counters.add(row, COUNTER.attempts, 1);
    counters.add(row, COUNTER.inFlight, 1);
    counters.started(row, Date.now());
    const { bucket, keys } = task.active.batch;
    channel.head(bucket, keys.values, keys.offsets[task.index]!, keys.offsets[task.index + 1]!, task.asked);
  }

  async close(): Promise<void> {
    await Promise.all(this.channels.map((channel) => channel.close()));
  }

  onAnswer(status: number, answer: Answer, latencyUs: number): void {
    const { engines, counters, latency } = this.context;
    const task = this.endTask();
    recordLatency(latency, latencyUs);
    counters.ended(this.row, Date.now());
    const headers = engines[this.endpoint]!.read(answer);
    const { listed } = task.active.batch;
    if (status >= 200 && status < 300) {
      const { versionId } = task.asked;
      const drift = listed === null && versionId === null ? null : driftOf(listed, task.index, versionId, headers);
      if (drift !== null && !task.doubted) {
        this.askOnFreshConnection(task);
        return;
      }
      this.answered();
      this.context.access.succeeded();
      this.count(COUNTER.ok);
      this.writeRow(task, status, latencyUs, drift, headers, null);
    } else {
      this.onRefusal(task, status, latencyUs, headers);
    }
  }

  private onRefusal(task: Task, status: number, latencyUs: number, headers: AnswerHeaders): void {
    // MinIO names the reason in headers, since a HEAD has no body.
    const told = headers.text('x-minio-error-desc')?.replaceAll('"', '') ?? null;
    const { code, message, outcome } = classifyStatus(status, headers.text('x-minio-error-code'), told);
    if (outcome === 'transient' || outcome === 'throttled') {
      if (outcome === 'throttled') this.count(COUNTER.throttled);
      else if (this.goesElsewhere(task)) return;
      const retryAfterMs = parseRetryAfter(headers.text('retry-after'), Date.now());
      if (this.sendAgain(task, outcome, retryAfterMs, `${status} ${code}`, true)) return;
    } else {
      this.answered();
    }
    if (outcome === 'gone') this.context.access.succeeded();
    if (status === 403 && !task.reclocked && this.context.engines[this.endpoint]!.correctClock(headers.text('date'), Date.now() - latencyUs / 1000)) {
      task.reclocked = true;
      this.askAgain(task);
      return;
    }
    // An object without a byte has no first part.
    if (status === 416 && task.asked.firstPart) {
      task.asked = { ...task.asked, firstPart: false };
      this.askAgain(task);
      return;
    }
    if (this.waitsForAccess(task, status, headers)) return;
    const { listed } = task.active.batch;
    // So a delete marker answers whoever asks for it: it was listed as what has no size.
    const isMarker = status === 405 && headers.text('x-amz-delete-marker') === 'true';
    const gone = outcome === 'gone' || isMarker;
    const isMissed = gone && listed !== null && (!isMarker || Number(listed.size?.[task.index] ?? -1) >= 0);
    if (isMissed && !task.doubted) {
      this.askOnFreshConnection(task);
      return;
    }
    if (gone) this.count(COUNTER.gone);
    else this.countFailed(task);
    this.writeRow(task, status, latencyUs, isMissed ? 'gone' : null, headers, { code, message });
  }

  onNoAnswer(thrown: Error, reused: boolean): void {
    const task = this.endTask();
    this.context.counters.ended(this.row, Date.now());
    // Cut off by the end of the scan: the key gets no row, and counts as none.
    if (this.lane.isClosed) return;
    const { code, message, outcome } = classifyTransport(thrown);
    if (outcome === 'transient') {
      // The server ended an idle connection as we wrote: nothing failed, ask again at once.
      if (reused && !task.restarted) {
        task.restarted = true;
        this.askAgain(task);
        return;
      }
      this.count(COUNTER.unanswered);
      if (this.goesElsewhere(task) || this.sendAgain(task, outcome, null, code, false)) return;
    }
    this.countFailed(task);
    this.writeRow(task, null, null, null, null, { code, message });
  }

  /** Whether the refusal may be about the credentials: then the key is asked again once they are known to be good. */
  private waitsForAccess(task: Task, status: number, headers: AnswerHeaders): boolean {
    if ((status !== 400 && status !== 401 && status !== 403) || task.cleared) return false;
    const told = headers.text('x-minio-error-code');
    if (told !== null && !isAboutCredentials(told)) return false;
    const isHeld = this.context.access.holds(Date.now(), () => {
      task.cleared = true;
      this.lane.resume(task);
    });
    if (isHeld) {
      this.lane.suspend();
      this.lane.release(this);
    }
    return isHeld;
  }

  private answered(): void {
    this.context.retryBudget.earn();
    this.context.endpoints.answered(this.endpoint, Date.now);
  }

  /** What an endpoint failed to answer that is out now is asked of another: at once, and at no cost of the retry budget. */
  private goesElsewhere(task: Task): boolean {
    if (!this.context.endpoints.failed(this.endpoint, Date.now())) return false;
    this.count(COUNTER.retriesTransient);
    this.askAgain(task);
    return true;
  }

  private endTask(): Task {
    const task = this.task!;
    this.task = null;
    this.count(COUNTER.inFlight, -1);
    return task;
  }

  private count(counter: number, by = 1): void {
    this.context.counters.add(this.row, counter, by);
  }

  private countFailed({ active }: Task): void {
    this.count(COUNTER.failed);
    active.records.failures.push(active.id);
  }

  /** True if the task will be sent again, or if the scan is ending because it cannot be. */
  private sendAgain(task: Task, cause: RetryCause, retryAfterMs: number | null, last: string, isAnswered: boolean): boolean {
    const { maxAttempts, retryBudget, exhausted } = this.context;
    // A server that is out says nothing of the key: how long it may be is the budget's to say.
    const isOutage = !isAnswered && retryBudget.isOut;
    const attempts = isOutage ? Math.min(task.attempts, Math.max(1, maxAttempts - 1)) : task.attempts;
    const delayMs = retryDelay(cause, attempts, { maxAttempts }, Math.random(), retryAfterMs);
    if (delayMs === null) return false;
    if (!retryBudget.spend(cause, Date.now())) {
      exhausted(last);
      this.lane.retryLater(task, 1000);
    } else {
      this.count(cause === 'throttled' ? COUNTER.retriesThrottled : COUNTER.retriesTransient);
      this.lane.retryLater(task, delayMs);
    }
    this.lane.release(this);
    return true;
  }

  /** R4: what does not fit the LIST entry may be another key's late answer. */
  private askOnFreshConnection(task: Task): void {
    task.doubted = true;
    this.askAgain(task);
  }

  /** At once, and not as a retry. */
  private askAgain(task: Task): void {
    this.lane.retryLater(task, 0);
    this.lane.release(this);
  }

  private writeRow(
    task: Task,
    status: number | null,
    latencyUs: number | null,
    drift: string | null,
    headers: AnswerHeaders | null,
    error: RowError | null,
  ): void {
    const { active, index, attempts, asked } = task;
    const origin = { shard: this.context.shard, attempts, versionId: asked.versionId, status, latencyUs, drift };
    active.records.rows.write(active.batch, index, origin, headers, error);
    this.count(COUNTER.done);
    this.lane.rowWritten(active);
    this.lane.release(this);
  }
}
