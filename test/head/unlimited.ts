/** What a shard shares with all who ask the endpoint, without a limit, and with credentials that nobody doubts. */
import { AccessCheck } from '../../src/head/access-check.ts';
import { Gate } from '../../src/head/gate.ts';
import { EndpointHealth } from '../../src/http/endpoint-health.ts';
import { Pace } from '../../src/http/pace.ts';
import { RetryBudget } from '../../src/http/retry-budget.ts';

export interface Unlimited {
  readonly pace: Pace;
  /** one */
  readonly endpoints: EndpointHealth;
  readonly retryBudget: RetryBudget;
  readonly gates: readonly Gate[];
  /** takes each refusal for the key's own */
  readonly access: AccessCheck;
}

export function unlimited(concurrency: number): Unlimited {
  const pace = new Pace(Pace.allocate(null));
  const retryBudget = new RetryBudget(RetryBudget.allocate(concurrency));
  return { pace, endpoints: new EndpointHealth(EndpointHealth.allocate(1)), retryBudget, gates: [new Gate(pace, retryBudget)], access: new AccessCheck(false, () => {}) };
}
