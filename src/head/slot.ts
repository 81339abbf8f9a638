/**
 * A slot: one connection, the one key that it is asked for (R4), and what becomes of the answer: a row, or another try.
 */
import type { RecordableHistogram } from 'node:perf_hooks';
import type { EndpointHealth } from '../http/endpoint-health.ts';
import type { RetryBudget } from '../http/retry-budget.ts';
import { parseRetryAfter, retryDelay, type RetryCause } from '../http/retry.ts';
import { recordLatency } from '../metrics/latency.ts';
import { COUNTER, type ShardCounters } from '../metrics/shard-counters.ts';
import type { KeyBatch } from '../queue/key-batch.ts';
import { classifyStatus, classifyTransport, isAboutCredentials } from '../s3/errors.ts';
import type { AccessCheck } from './access-check.ts';
import { driftOf } from './drift.ts';
import type { AnswerHeaders, Asked, Channel, Engine, SlotOwner } from './engine.ts';
import type { OpenRecords } from './record-assembly.ts';
import type { RowError } from './row-writer.ts';

/** A key batch that is being asked. */
export interface ActiveBatch {
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

/** One key on its way: what was tried so far. */
export interface Task {
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

/** What a slot needs of its shard's worker. */
export interface SlotContext<Answer> {
  readonly shard: number;
  readonly maxAttempts: number;
  /** one an endpoint */
  readonly engines: readonly Engine<Answer>[];
  readonly endpoints: EndpointHealth;
  readonly counters: ShardCounters;
  readonly latency: RecordableHistogram;
  readonly retryBudget: RetryBudget;
  readonly access: AccessCheck;
  /** the scan's retry budget is spent */
  readonly exhausted: (last: string) => void;
}

/** What a slot tells its shard. */
export interface Lane<Answer> {
  /** what is still on its way gets no row */
  readonly isClosed: boolean;
  release(slot: Slot<Answer>): void;
  /** Sends the task again after its back-off; meanwhile the slot takes other keys. */
  retryLater(task: Task, delayMs: number): void;
  /** A task waits, until it is resumed. */
  suspend(): void;
  resume(task: Task): void;
  rowWritten(active: ActiveBatch): void;
}

/** One connection and the one key that it is asked for (R4). */
export class Slot<Answer> implements SlotOwner<Answer> {
  /** by endpoint: only the last that was asked has a connection */
  readonly channels: readonly Channel[];
  /** what the present key is asked of, and where that is counted */
  private endpoint = 0;
  private row: number;
  private readonly lane: Lane<Answer>;
  private readonly context: SlotContext<Answer>;
  private task: Task | null = null;
  /** when its request was signed */
  private signedMs = 0;

  constructor(lane: Lane<Answer>, context: SlotContext<Answer>) {
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
    this.signedMs = Date.now();
    counters.started(row, this.signedMs);
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
    const isHeld = this.context.access.holds(this.signedMs, Date.now(), () => {
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
