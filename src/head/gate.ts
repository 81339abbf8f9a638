/** Lets the requests of a thread's shards out at the endpoint's pace; without a limit it costs two reads of memory. */
import { sharedNow, type Pace } from '../http/pace.ts';
import { OUTAGE_GAP_MS, type RetryBudget } from '../http/retry-budget.ts';

/** A shard that has something to send. */
interface Sending {
  pump(): void;
}

export class Gate {
  private readonly pace: Pace;
  private readonly retryBudget: RetryBudget;
  private waiting: Sending[] = [];
  private timer: NodeJS.Timeout | null = null;
  private turns = 0;

  constructor(pace: Pace, retryBudget: RetryBudget) {
    this.pace = pace;
    this.retryBudget = retryBudget;
  }

  /** True: one request is counted, send it now. Else the shard is pumped again when it is time. */
  admits(sending: Sending): boolean {
    const { isOut } = this.retryBudget;
    if (!isOut && !this.pace.isLimited) return true;
    const waitMs = this.pace.take(sharedNow(), isOut ? OUTAGE_GAP_MS : 0);
    if (waitMs === 0) return true;
    if (!this.waiting.includes(sending)) this.waiting.push(sending);
    this.timer ??= setTimeout(() => this.wake(), Math.ceil(waitMs));
    return false;
  }

  /** Each time another shard is the first to be asked. */
  private wake(): void {
    const { waiting } = this;
    this.waiting = [];
    this.timer = null;
    const first = this.turns++ % waiting.length;
    for (let at = 0; at < waiting.length; at++) waiting[(first + at) % waiting.length]!.pump();
  }
}
