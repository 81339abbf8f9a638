/**
 * A timing wheel: any number of waiting requests, one timer. A setTimeout a request costs more than answering it does.
 *
 * Slots are a millisecond wide, and nothing is delivered before it is due. What is due in one millisecond is delivered in the order
 * of its arrival.
 */

interface Waiting<Item> {
  readonly item: Item;
  readonly tick: number;
}

export class DelayWheel<Item> {
  readonly #slots: Waiting<Item>[][];
  readonly #deliver: (due: readonly Item[]) => void;
  readonly #clock: () => number;
  #waiting = 0;
  /** no slot before this one holds anything that is due */
  #next = 0;
  #timer: NodeJS.Timeout | null = null;
  #timerTick = 0;

  /** `deliver` gets all that is due at once. `clock` in milliseconds, monotonic. */
  constructor(maxDelayMs: number, deliver: (due: readonly Item[]) => void, clock: () => number) {
    this.#slots = Array.from({ length: Math.ceil(maxDelayMs) + 2 }, () => []);
    this.#deliver = deliver;
    this.#clock = clock;
  }

  /** Adds an item that is due `delayMs` from now, and not before `notBefore`. Returns the tick it will be delivered in. */
  add(item: Item, delayMs: number, notBefore: number): number {
    const now = this.#clock();
    if (this.#waiting === 0) this.#next = Math.floor(now);
    const tick = Math.max(Math.ceil(now + delayMs), notBefore, this.#next);
    this.#slot(tick).push({ item, tick });
    this.#waiting++;
    if (this.#timer === null || tick < this.#timerTick) this.#arm(tick, now);
    return tick;
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    for (const slot of this.#slots) slot.length = 0;
    this.#waiting = 0;
  }

  #slot(tick: number): Waiting<Item>[] {
    return this.#slots[tick % this.#slots.length]!;
  }

  #arm(tick: number, now: number): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timerTick = tick;
    this.#timer = setTimeout(() => this.#advance(), Math.max(1, Math.ceil(tick - now)));
  }

  #advance(): void {
    this.#timer = null;
    const now = this.#clock();
    const due: Item[] = [];
    for (; this.#next <= now && this.#waiting > 0; this.#next++) this.#take(due);
    if (due.length > 0) this.#deliver(due);
    if (this.#waiting === 0) return;
    let tick = this.#next;
    while (this.#slot(tick).length === 0) tick++;
    this.#arm(tick, now);
  }

  /** A slot may hold what is due a whole turn later, if the process stood still while requests came in. */
  #take(due: Item[]): void {
    const slot = this.#slot(this.#next);
    let kept = 0;
    for (const waiting of slot) {
      if (waiting.tick <= this.#next) due.push(waiting.item);
      else slot[kept++] = waiting;
    }
    this.#waiting -= slot.length - kept;
    slot.length = kept;
  }
}
