/**
 * The course of a scan: a sample every interval, fed by main.
 *
 * Bounded (R5): when it is full, every second sample is dropped and from then on only every second one is
 * kept, so a scan of days has between half and all of MAX_SAMPLES, evenly spaced. Rates are computed at the
 * end, from neighbours that are left, so thinning out loses resolution and no keys.
 */
import { isoTime, perSecond } from './rates.ts';

export const MAX_SAMPLES = 2048;

/** What main reads off the counters in one go. */
export interface ScanSnapshot {
  /** keys that have their row */
  readonly done: number;
  readonly inFlight: number;
  /** rows that carry an error other than 404 */
  readonly errors: number;
  /** keys that the source has yielded so far */
  readonly listed: number;
}

/** A sample as the metrics file shows it. */
export interface SeriesSample {
  readonly time: string;
  readonly done: number;
  /** since the sample before */
  readonly headers_per_second: number;
  readonly in_flight: number;
  readonly errors: number;
  readonly listed: number;
}

interface Point extends ScanSnapshot {
  readonly timeMs: number;
}

export class Series {
  private points: Point[] = [];
  private readonly startMs: number;
  /** one sample in so many is kept */
  private stride = 1;
  private seen = 0;

  /** `startMs`: epoch ms from which the first sample's rate counts. */
  constructor(startMs: number) {
    this.startMs = startMs;
  }

  /** Every interval. */
  sample(timeMs: number, snapshot: ScanSnapshot): void {
    if (++this.seen % this.stride !== 0) return;
    this.keep(timeMs, snapshot);
    if (this.points.length === MAX_SAMPLES) {
      this.points = this.points.filter((_, index) => index % 2 === 1);
      this.stride *= 2;
    }
  }

  /** Once, when the last row is written: never thinned out, so the series ends in the scan's totals. */
  end(timeMs: number, snapshot: ScanSnapshot): void {
    this.keep(timeMs, snapshot);
  }

  private keep(timeMs: number, { done, inFlight, errors, listed }: ScanSnapshot): void {
    this.points.push({ timeMs, done, inFlight, errors, listed });
  }

  samples(): SeriesSample[] {
    let before = { timeMs: this.startMs, done: 0 };
    return this.points.map((point) => {
      const rate = perSecond(point.done - before.done, point.timeMs - before.timeMs);
      before = point;
      return {
        time: isoTime(point.timeMs),
        done: point.done,
        headers_per_second: rate,
        in_flight: point.inFlight,
        errors: point.errors,
        listed: point.listed,
      };
    });
  }
}
