/**
 * The one error that s3scan raises on purpose: what happened, what to do next, and which exit code it ends in.
 *
 * Anything else that is thrown is a defect (exit 1). A failed HEAD is not a Failure: it is a row.
 */

/** Why a scan cannot go on or cannot end with 0. The exit code of each kind is in `cli/exit-code.ts`. */
export type FailureKind =
  /** an option, argument or input file that cannot be used */
  | 'usage'
  /** the listing could not be proven complete, or the answer was no S3 listing (R2) */
  | 'listing'
  /** credentials, permissions, or no such bucket */
  | 'access'
  /** the output could not be written */
  | 'output'
  /** throttled or unreachable past the retry budget */
  | 'unreachable'
  /** a defect in s3scan itself */
  | 'defect';

/** What crosses a thread in place of a Failure: class identity does not survive a structured clone. */
export interface FailureMessage {
  readonly kind: FailureKind;
  readonly message: string;
  readonly hint: string | null;
  readonly stack: string | null;
}

/** An expected failure. `message` says what and where in one line; `hint` says what to do next. */
export class Failure extends Error {
  readonly kind: FailureKind;
  readonly hint: string | null;

  constructor(kind: FailureKind, message: string, hint: string | null = null, options?: ErrorOptions) {
    super(message, options);
    this.name = 'Failure';
    this.kind = kind;
    this.hint = hint;
  }
}

/** Turns anything thrown into what can be posted to another thread. Never throws. */
export function toFailureMessage(thrown: unknown): FailureMessage {
  if (thrown instanceof Failure) {
    return { kind: thrown.kind, message: thrown.message, hint: thrown.hint, stack: thrown.stack ?? null };
  }
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  return { kind: 'defect', message: error.message, hint: null, stack: error.stack ?? null };
}

/** The Failure that another thread posted, with the stack of where it was raised. */
export function fromFailureMessage(message: FailureMessage): Failure {
  const failure = new Failure(message.kind, message.message, message.hint);
  if (message.stack !== null) failure.stack = message.stack;
  return failure;
}
