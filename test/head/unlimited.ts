/** What a shard shares with all who ask the endpoint, without a limit, and with credentials that nobody doubts. */
import { AccessCheck } from '../../src/head/access-check.ts';
import { Gate } from '../../src/head/gate.ts';
import { Pace } from '../../src/http/pace.ts';
import { RetryBudget } from '../../src/http/retry-budget.ts';

export interface Unlimited {
  readonly pace: Pace;
  readonly retryBudget: RetryBudget;
  readonly gate: Gate;
  /** takes each refusal for the key's own */
  readonly access: AccessCheck;
}

export function unlimited(concurrency: number): Unlimited {
  const pace = new Pace(Pace.allocate(null));
  const retryBudget = new RetryBudget(RetryBudget.allocate(concurrency));
  return { pace, retryBudget, gate: new Gate(pace, retryBudget), access: new AccessCheck(false, () => {}) };
}
