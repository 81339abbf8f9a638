/** An engine without a network: each HEAD waits until the test says what becomes of it, and checks that slots ask one at a time. */
import assert from 'node:assert/strict';
import type { AnswerHeaders, Asked as AskedFor, Channel, Engine, SlotOwner } from '../../src/head/engine.ts';
import type { RecordBuilder } from '../../src/records/record-builder.ts';

export interface FakeAnswer {
  readonly etag?: string;
  /** by name in lower case */
  readonly headers?: Readonly<Record<string, string>>;
  /** what a test tells answers apart by: the content_type of the row */
  readonly mark: string;
}

/** A HEAD that no answer has come to. */
export interface Asked {
  readonly key: string;
  readonly bucket: string;
  readonly asked: AskedFor;
  /** counted over the whole engine, from 0 */
  readonly channel: number;
  /** the first on its connection since that was opened or renewed */
  readonly fresh: boolean;
  answer(status: number, answer: FakeAnswer): void;
  fail(code: string, reused: boolean): void;
}

class FakeHeaders implements AnswerHeaders {
  private readonly answer: FakeAnswer;

  constructor(answer: FakeAnswer) {
    this.answer = answer;
  }

  etag(): Uint8Array | null {
    return this.answer.etag === undefined ? null : Buffer.from(this.answer.etag);
  }

  contentLength(): number {
    return -1;
  }

  lastModified(): number {
    return Number.NaN;
  }

  text(name: string): string | null {
    return this.answer.headers?.[name] ?? null;
  }

  write(builder: RecordBuilder): void {
    builder.utf8('content_type')?.setText(builder.rows, this.answer.mark);
  }
}

export class FakeEngine implements Engine<FakeAnswer> {
  /** in the order asked */
  readonly inFlight: Asked[] = [];
  /** every HEAD so far */
  readonly asked: Asked[] = [];
  mostInFlight = 0;
  private channels = 0;

  open(owner: SlotOwner<FakeAnswer>): Channel {
    const channel = this.channels++;
    let fresh = true;
    let current: Asked | null = null;
    const end = (asked: Asked): void => {
      assert.equal(current, asked);
      current = null;
      this.inFlight.splice(this.inFlight.indexOf(asked), 1);
    };
    return {
      connects: 0,
      connectUs: 0,
      closed: 0,
      bytesIn: 0,
      bytesOut: 0,
      head: (bucket, keys, from, to, askedFor) => {
        assert.equal(current, null, 'a slot asks one key at a time (R4)');
        const asked: Asked = {
          key: Buffer.from(keys.subarray(from, to)).toString(),
          bucket,
          asked: askedFor,
          channel,
          fresh,
          answer: (status, answer) => {
            end(asked);
            owner.onAnswer(status, answer, 1000);
          },
          fail: (code, reused) => {
            end(asked);
            owner.onNoAnswer(Object.assign(new Error(code), { code }), reused);
          },
        };
        current = asked;
        fresh = false;
        this.asked.push(asked);
        this.inFlight.push(asked);
        this.mostInFlight = Math.max(this.mostInFlight, this.inFlight.length);
      },
      renew: () => {
        assert.equal(current, null);
        fresh = true;
      },
      // as undici does: what is in flight fails
      close: async () => {
        await Promise.resolve();
        current?.fail('UND_ERR_DESTROYED', false);
      },
    };
  }

  read(answer: FakeAnswer): AnswerHeaders {
    return new FakeHeaders(answer);
  }

  correctClock(serverDate: string | null): boolean {
    return serverDate === 'skewed';
  }

  useAddress(): void {}

  useCredentials(): void {}
}
