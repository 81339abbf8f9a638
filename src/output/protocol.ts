/**
 * What the writer thread and its handle on the main thread say to each other. Record batches do not pass here:
 * they come from their producers by ports of their own (records/channel.ts).
 */
import type { MessagePort } from 'node:worker_threads';
import type { FailureMessage } from '../failure.ts';
import type { EncoderOptions } from './encoder.ts';

/** The thread's `workerData`. */
export interface WriterOptions extends EncoderOptions {
  /** null is standard output */
  readonly path: string | null;
  /** whether a file of that name may be replaced */
  readonly overwrite: boolean;
}

/** Main → thread. */
export type WriterCommand =
  /** record batches will come by this port */
  | { readonly kind: 'port'; readonly port: MessagePort }
  /** end the file once this many record batches in all have been taken in */
  | { readonly kind: 'finish'; readonly expectedBatches: number }
  /** leave no file, and end */
  | { readonly kind: 'abort' };

/** Thread → main. `finished`, `failed` and `aborted` are the last it says. */
export type WriterEvent =
  /** the output is open */
  | { readonly kind: 'ready' }
  /** a record batch was encoded, and what came out of it was handed to the file */
  | { readonly kind: 'written'; readonly rows: number; readonly keyBatches: readonly number[] }
  /** the reader of standard output went away; batches are taken in and dropped from here on */
  | { readonly kind: 'closed' }
  | { readonly kind: 'finished'; readonly rows: number; readonly bytes: number }
  | { readonly kind: 'failed'; readonly failure: FailureMessage }
  | { readonly kind: 'aborted' };
