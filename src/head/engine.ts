/** What a shard needs of the way its HEADs are sent. Chosen once a scan; two implementations. */
import type { RecordBuilder } from '../records/record-builder.ts';
import type { BucketAddress } from '../s3/bucket-address.ts';
import type { Credentials } from '../s3/sigv4.ts';

/** An answer's headers, for the row and for the cross-check with the LIST entry (R4). */
export interface AnswerHeaders {
  /** without quotes; null where there is none */
  etag(): Uint8Array | null;
  /** bytes of the object; -1 where they are not told */
  contentLength(): number;
  /** ms since the epoch; NaN where there is none */
  lastModified(): number;
  /** any header, by its name in lower case; off the hot path */
  text(name: string): string | null;
  /** sets the columns that have a header in the builder's current row */
  write(builder: RecordBuilder, errorRow: boolean): void;
}

/** Exactly one of the two is called, once, for each `head`. */
export interface SlotOwner<Answer> {
  onAnswer(status: number, answer: Answer, latencyUs: number): void;
  /** `reused`: the connection had answered before, so that a reset may be no more than its idle end. */
  onNoAnswer(error: Error, reused: boolean): void;
}

/** What of an object is asked for; most scans ask for the object as it is, `WHOLE`. */
export interface Asked {
  /** null: the latest */
  readonly versionId: string | null;
  /** only the first part, whose answer tells how many there are */
  readonly firstPart: boolean;
}

export const WHOLE: Asked = { versionId: null, firstPart: false };

/** One request at a time. */
export interface Channel {
  readonly connects: number;
  /** spent on them, µs */
  readonly connectUs: number;
  /** answers after which the server closed the connection */
  readonly closed: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** HEADs the object whose key is `keys[start, end)`. */
  head(bucket: string, keys: Uint8Array, start: number, end: number, asked: Asked): void;
  /** The next request goes out on a connection that no answer has come on. */
  renew(): void;
  close(): Promise<void>;
}

export interface Engine<Answer> {
  open(owner: SlotOwner<Answer>): Channel;
  /** The answer's headers, valid until the next call. */
  read(answer: Answer): AnswerHeaders;
  /** Corrects the time that requests are dated with by a refused answer's `Date`; false where that was not the reason. `sentAt`: ms, by this machine's clock. */
  correctClock(serverDate: string | null, sentAt: number): boolean;
  /** Where a bucket's objects are: told before the first of them is asked for. */
  useAddress(bucket: string, address: BucketAddress): void;
  useCredentials(credentials: Credentials): void;
}
