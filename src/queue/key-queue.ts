/**
 * The bounded queue between the key source and the shards (R5). The source pushes what it has (a LIST page,
 * a slice of a key file); a shard that has room takes a batch cut to its share. A slow server or a slow disk
 * thus slows the LIST down.
 */
import { shareOf } from './batch-size.ts';
import { sliceBatch, sliceEnd, type KeyBatch } from './key-batch.ts';

export class KeyQueue {
  /** keys waiting */
  queued = 0;
  /** true once the source has said that no more will come */
  ended = false;
  private readonly capacity: number;
  private readonly totalSlots: number;
  private readonly batches: KeyBatch[] = [];
  /** keys of the first batch already taken */
  private taken = 0;
  private wakeProducer: (() => void) | null = null;

  /** `capacity` in keys; the batch that exceeds it is still taken in. */
  constructor(capacity: number, totalSlots: number) {
    this.capacity = capacity;
    this.totalSlots = totalSlots;
  }

  /** Resolves when there is room again. One producer at a time. */
  async push(batch: KeyBatch): Promise<void> {
    if (batch.count > 0) {
      this.batches.push(batch);
      this.queued += batch.count;
    }
    if (this.queued < this.capacity) return;
    await new Promise<void>((resolve) => {
      this.wakeProducer = resolve;
    });
  }

  end(): void {
    this.ended = true;
  }

  /** Forgets what waits: the scan is stopping. */
  clear(): void {
    this.batches.length = 0;
    this.taken = 0;
    this.queued = 0;
    this.releaseProducer();
  }

  /** A batch for a shard with that many slots, or null if nothing waits. */
  take(slots: number): KeyBatch | null {
    const first = this.batches[0];
    if (first === undefined) return null;
    const from = this.taken;
    const to = sliceEnd(first, Math.min(first.count, from + shareOf(this.queued, slots, this.totalSlots)));
    this.queued -= to - from;
    this.taken = to;
    if (to === first.count) {
      this.batches.shift();
      this.taken = 0;
    }
    if (this.queued < this.capacity) this.releaseProducer();
    return sliceBatch(first, from, to);
  }

  private releaseProducer(): void {
    const wake = this.wakeProducer;
    this.wakeProducer = null;
    wake?.();
  }
}
