/**
 * Progress on standard error while a scan runs: one line redrawn on a terminal, a plain line every few seconds
 * elsewhere (a container's log). `progressLine` is pure; `startProgress` is the timer around it.
 */
import { formatClock, formatCount, isTerminal, type Environment, type TerminalStream } from './terminal.ts';

export type ProgressMode = 'auto' | 'always' | 'never';

/** What `head` shows. */
export interface HeadProgress {
  readonly kind: 'head';
  readonly done: number;
  readonly errors: number;
  readonly inFlight: number;
  /** keys that the source has yielded */
  readonly listed: number;
  /** keys that filters left out, not among those */
  readonly filtered: number;
  /** about how many it is still to yield; null where nobody knows */
  readonly left: number | null;
  /** true once the source has yielded its last key */
  readonly complete: boolean;
  /** whether keys are listed or read from a file */
  readonly source: 'listing' | 'file';
}

/** What `list` shows. */
export interface ListProgress {
  readonly kind: 'list';
  readonly keys: number;
  /** of these, keys that filters left out */
  readonly filtered: number;
  readonly pages: number;
  readonly apiCalls: number;
  readonly ranges: number;
  readonly splits: number;
  /** about how many keys are left; null where nobody knows */
  readonly left: number | null;
  /** keys listed a second time, to compare */
  readonly verified: number;
}

export type ProgressSnapshot = HeadProgress | ListProgress;

/** A piece of the line; where it does not fit, the piece of the greatest `drop` goes first. */
interface Piece {
  readonly text: string;
  readonly drop: number;
}

function filteredText(filtered: number): string {
  return filtered === 0 ? '' : `, ${formatCount(filtered)} filtered out`;
}

/** To two digits, and marked: an estimate. */
function leftText(left: number | null): string {
  return left === null || left < 1 ? '' : `, ~${formatCount(Number(left.toPrecision(2)))} left`;
}

function headPieces(snapshot: HeadProgress, rate: number, clock: string): Piece[] {
  const { done, errors, inFlight, listed, filtered, left, complete } = snapshot;
  const verb = snapshot.source === 'listing' ? 'listed' : 'read';
  const activity = snapshot.source === 'listing' ? 'listing' : 'reading';
  const share = listed === 0 ? '' : ` (${Math.floor((done / listed) * 100)}% of what is ${verb})`;
  return [
    { text: `done ${formatCount(done)}`, drop: 0 },
    { text: share, drop: 5 },
    { text: ` · ${formatCount(rate)} HEAD/s now`, drop: 1 },
    { text: ` · errors ${formatCount(errors)}`, drop: 2 },
    { text: ` · ${formatCount(inFlight)} in flight`, drop: 7 },
    { text: ` · ${verb} ${formatCount(listed)}`, drop: 4 },
    { text: filteredText(filtered), drop: 8 },
    { text: `, ${activity} ${complete ? 'complete' : 'on'}`, drop: 6 },
    { text: leftText(left), drop: 9 },
    { text: ` · ${clock}`, drop: 3 },
  ];
}

function listPieces(snapshot: ListProgress, rate: number, clock: string): Piece[] {
  const { keys, filtered, pages, apiCalls, ranges, splits, left, verified } = snapshot;
  const calls = keys === 0 ? '' : ` · ${((apiCalls / (keys + verified)) * 1000).toFixed(2)} calls per 1,000 keys`;
  return [
    { text: `listed ${formatCount(keys)} keys`, drop: 0 },
    { text: verified === 0 ? leftText(left) : `, ${formatCount(verified)} of them again`, drop: 3 },
    { text: filteredText(filtered), drop: 5 },
    { text: ` · ${formatCount(rate)} keys/s now`, drop: 1 },
    { text: ` · ${formatCount(pages)} pages`, drop: 4 },
    { text: calls, drop: 6 },
    { text: ` · ${formatCount(ranges)} ranges, ${formatCount(splits)} splits`, drop: 7 },
    { text: ` · ${clock}`, drop: 2 },
  ];
}

function join(pieces: readonly Piece[]): string {
  return pieces.map((piece) => piece.text).join('');
}

/** The line, at most `width` characters long: what matters least is left out first. */
export function progressLine(snapshot: ProgressSnapshot, ratePerSecond: number, elapsedMs: number, width: number): string {
  const clock = formatClock(elapsedMs / 1000);
  const all = snapshot.kind === 'head' ? headPieces(snapshot, ratePerSecond, clock) : listPieces(snapshot, ratePerSecond, clock);
  let kept = all;
  for (let drop = all.length - 1; drop > 0 && join(kept).length > width; drop--) kept = kept.filter((piece) => piece.drop < drop);
  return join(kept).slice(0, Math.max(0, width));
}

/** The rate over the last `spanMs`: what a reader takes for "now", without the jitter of a single tick. */
export class RecentRate {
  private readonly spanMs: number;
  private readonly points: { readonly timeMs: number; readonly count: number }[];

  constructor(spanMs: number, startMs: number) {
    this.spanMs = spanMs;
    this.points = [{ timeMs: startMs, count: 0 }];
  }

  /** Notes the count so far, and tells the rate a second. */
  next(timeMs: number, count: number): number {
    this.points.push({ timeMs, count });
    while (this.points.length > 2 && this.points[1]!.timeMs <= timeMs - this.spanMs) this.points.shift();
    const oldest = this.points[0]!;
    return timeMs > oldest.timeMs ? ((count - oldest.count) * 1000) / (timeMs - oldest.timeMs) : 0;
  }
}

const REDRAW_MS = 200;
const PLAIN_MS = 5000;
const REDRAWN_RATE_MS = 2000;
/** Where a stream that is redrawn does not tell its width. */
const DEFAULT_COLUMNS = 80;
/** Carriage return, erase to the end of the line (ECMA-48 8.3.41). */
const CLEAR_LINE = '\r\u001b[K';

/** Standard error, or a test's stream. */
export interface ProgressStream extends TerminalStream {
  readonly writableNeedDrain?: boolean;
  write(text: string): unknown;
}

export interface Progress {
  /** Takes the line away before something else is written to the stream; the next tick draws it again. */
  clear(): void;
  /** Takes the line away for good. */
  stop(): void;
}

export interface ProgressOptions {
  /** `always` redraws one line even where the stream is no terminal */
  readonly mode: ProgressMode;
  readonly quiet: boolean;
  readonly stream: ProgressStream;
  readonly environment: Environment;
  /** monotonic ms */
  readonly now: () => number;
}

/** Shows progress until `stop`. Never keeps the process alive by itself. */
export function startProgress(snapshot: () => ProgressSnapshot, options: ProgressOptions): Progress {
  const { mode, stream, now } = options;
  if (options.quiet || mode === 'never') return { clear() {}, stop() {} };

  const redrawn = mode === 'always' || isTerminal(stream, options.environment);
  const startMs = now();
  const recent = new RecentRate(redrawn ? REDRAWN_RATE_MS : PLAIN_MS, startMs);
  let shown = false;

  function tick(): void {
    const timeMs = now();
    const current = snapshot();
    const rate = recent.next(timeMs, current.kind === 'head' ? current.done : current.keys + current.verified);
    // A reader that has stopped reading must not make us hoard lines for it (R5).
    if (stream.writableNeedDrain === true) return;
    // The last column stays free: a character there makes some terminals wrap.
    const width = redrawn ? (stream.columns || DEFAULT_COLUMNS) - 1 : Infinity;
    const line = progressLine(current, rate, timeMs - startMs, width);
    stream.write(redrawn ? CLEAR_LINE + line : `${line}\n`);
    shown = redrawn;
  }

  function clear(): void {
    if (shown) stream.write(CLEAR_LINE);
    shown = false;
  }

  const timer = setInterval(tick, redrawn ? REDRAW_MS : PLAIN_MS);
  timer.unref();
  return {
    clear,
    stop() {
      clearInterval(timer);
      clear();
    },
  };
}
