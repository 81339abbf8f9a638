/**
 * What the writer thread and its handle on the main thread say to each other. Record batches do not pass here:
 * they come from their producers by ports of their own (records/channel.ts).
 */
import type { MessagePort } from 'node:worker_threads';
import type { FailureMessage } from '../failure.ts';
import type { EncoderOptions } from './encoder.ts';
import type { PublishedPart } from './part.ts';

export interface PartsOptions {
  /** the number of the first */
  readonly first: number;
  /** at most, unless one record batch has more */
  readonly maxRows: number;
}

/** The thread's `workerData`. */
export interface WriterOptions extends EncoderOptions {
  /** null is standard output; of parts, their folder */
  readonly path: string | null;
  /** whether a file of that name may be replaced */
  readonly overwrite: boolean;
  /** readable by its owner only */
  readonly private: boolean;
  /** of one file, load what encodes it before there is anything to encode */
  readonly loadsEarly: boolean;
  /** null: one file */
  readonly parts: PartsOptions | null;
}

/** Main → thread. */
export type WriterCommand =
  /** record batches will come by this port */
  | { readonly kind: 'port'; readonly port: MessagePort; readonly producer: number }
  /** end the output once this many record batches in all have been taken in; `isWhole`: nothing was cut short */
  | { readonly kind: 'finish'; readonly expectedBatches: number; readonly isWhole: boolean }
  /** leave no file, and end */
  | { readonly kind: 'abort' };

/** Thread → main. `finished`, `failed` and `aborted` are the last it says. */
export type WriterEvent =
  /** the output is open */
  | { readonly kind: 'ready' }
  /** a record batch was encoded, and what came out of it was handed to the file */
  | { readonly kind: 'written'; readonly rows: number; readonly keyBatches: readonly number[] }
  /** the producer is gone, and all that it had sent has been taken in: so many record batches */
  | { readonly kind: 'producer ended'; readonly producer: number; readonly recordBatches: number }
  /** the reader of standard output went away; batches are taken in and dropped from here on */
  | { readonly kind: 'closed' }
  /** a part is published: it holds what was `written` since the one before */
  | { readonly kind: 'part'; readonly part: PublishedPart }
  | { readonly kind: 'finished'; readonly rows: number; readonly bytes: number }
  | { readonly kind: 'failed'; readonly failure: FailureMessage }
  | { readonly kind: 'aborted' };
