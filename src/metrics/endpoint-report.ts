/** One of several endpoints in the metrics document: what it was asked, what came of it, and when it was out. */
import { withoutSecrets } from './options.ts';
import { isoTime } from './rates.ts';
import type { ShardTotals } from './shard-counters.ts';

/** Of one endpoint, when all is over. */
export interface EndpointInput {
  readonly endpoint: string;
  /** of its HEADs; null for `list` */
  readonly totals: ShardTotals | null;
  readonly lists: { readonly requests: number; readonly unanswered: number };
  /** times are ms since the epoch, 0 for never; `outMs`: in all outages that are over */
  readonly health: { readonly isOut: boolean; readonly outages: number; readonly outSince: number; readonly backAt: number; readonly outMs: number };
  readonly nowMs: number;
}

export interface EndpointReport {
  readonly endpoint: string;
  /** rows that it told by HEADs */
  readonly keys: number;
  readonly ok: number;
  readonly gone: number;
  readonly failed: number;
  readonly head_requests: number;
  readonly list_requests: number;
  readonly throttled: number;
  /** requests that no answer came to */
  readonly unanswered: number;
  /** times it was taken out, since nothing but failures came */
  readonly outages: number;
  /** in all of them, s */
  readonly out_time: number;
  /** the last of them: when it began, and when it was over */
  readonly out_at: string | null;
  readonly back_at: string | null;
}

export function buildEndpoint({ endpoint, totals, lists, health, nowMs }: EndpointInput): EndpointReport {
  const { isOut, outages, outSince, backAt, outMs } = health;
  return {
    endpoint: withoutSecrets(endpoint),
    keys: (totals?.done ?? 0) - (totals?.told ?? 0),
    ok: (totals?.ok ?? 0) - (totals?.told ?? 0),
    gone: totals?.gone ?? 0,
    failed: totals?.failed ?? 0,
    head_requests: totals?.attempts ?? 0,
    list_requests: lists.requests,
    throttled: totals?.throttled ?? 0,
    unanswered: (totals?.unanswered ?? 0) + lists.unanswered,
    outages,
    out_time: Math.round(outMs + (isOut ? nowMs - outSince : 0)) / 1000,
    out_at: outages === 0 ? null : isoTime(outSince),
    back_at: outages === 0 || isOut ? null : isoTime(backAt),
  };
}
