/** The time that requests are dated with: this machine's, corrected once it is known to be wrong. */
import { amzDate } from './sigv4.ts';

/** AWS refuses a request that is 15 minutes off; a 403 whose `Date` is this far off is about the clock. */
const SKEW_MS = 240_000;
/** How much later than it is dated a request may be sent. */
const SENDING_MS = 1000;

export class RequestClock {
  /** what local time is corrected by to be the server's, ms */
  offsetMs: number;
  private correctedAt = -Infinity;
  private second = 0;
  private date = '';

  constructor(offsetMs: number) {
    this.offsetMs = offsetMs;
  }

  /** x-amz-date, made once a second. */
  amzDate(): string {
    const second = Math.floor((Date.now() + this.offsetMs) / 1000);
    if (second !== this.second) {
      this.second = second;
      this.date = amzDate(second * 1000);
    }
    return this.date;
  }

  /**
   * Corrects the time by a refused answer's `Date`; false where the clock was not the reason. What was sent until the
   * correction (`sentAt`, by this machine's clock) was dated without it: of many on their way, all but the first.
   */
  correct(serverDate: string | null, sentAt: number): boolean {
    const offsetMs = Date.parse(serverDate ?? '') - Date.now();
    if (Number.isNaN(offsetMs)) return false;
    if (Math.abs(offsetMs - this.offsetMs) < SKEW_MS) return sentAt <= this.correctedAt + SENDING_MS;
    this.correctedAt = Date.now();
    this.offsetMs = offsetMs;
    return true;
  }
}
