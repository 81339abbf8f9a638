/** What a micro-benchmark is: the same work by s3scan and by others, and how much of it one call does. */
export interface Variant {
  readonly name: string;
  /** done by one call */
  readonly items: number;
  readonly run: () => unknown;
  /** size of what was made, where that matters */
  readonly bytesPerItem?: number;
}

export interface Part {
  readonly name: string;
  readonly item: string;
  /** s3scan first; the others do the same work */
  readonly variants: readonly [Variant, ...Variant[]];
  /** µs an item that s3scan must not exceed */
  readonly limit?: number;
}

export function check(isSame: boolean, what: string): void {
  if (!isSame) throw new Error(`the variants of "${what}" do not give the same result`);
}
