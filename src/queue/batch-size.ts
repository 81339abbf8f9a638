/** How many keys a shard is handed at once: pure (R9). */

/**
 * What a thread hop (about 30 µs of both threads) needs to be cheap: 0.25 µs a key. Not more, since an interrupted
 * scan publishes whole batches only: each shard loses half of one on average.
 */
export const MAX_BATCH = 128;

/**
 * Half of the shard's share of what waits, by its slots, so that batches shrink as the end comes near and
 * the last keys spread over all slots (guided self-scheduling): 1,000 keys and 80 slots are 13 rounds, and
 * not one shard working through one page.
 */
export function shareOf(queued: number, slots: number, totalSlots: number): number {
  const share = Math.ceil((queued * slots) / (2 * totalSlots));
  return Math.min(MAX_BATCH, Math.max(1, share));
}
