/**
 * What reaches a terminal: text that came from outside is made harmless, colours appear only where they are
 * wanted, and numbers read well. Files never pass through here: there, keys are exact (R3).
 */

/** A stream that may be a terminal: `process.stderr`, or a test's. */
export interface TerminalStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Controls (C0, DEL, C1), line and paragraph separators, lone surrogates, and everything that shows nothing but
 * changes what is shown: bidirectional marks, zero-width characters, tags, fillers. The classes are Unicode's,
 * so that what a later version adds is covered with Node's tables.
 */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

/** Text from outside (a key, a path, a server's message) as it may be shown: unsafe characters become `\u{1b}`. */
export function escapeForTerminal(text: string): string {
  return text.replace(UNSAFE, (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`);
}

/** True where the cursor can be moved: a terminal, and not one that says it is dumb. */
export function isTerminal(stream: TerminalStream, environment: Environment): boolean {
  return stream.isTTY === true && environment['TERM'] !== 'dumb';
}

/** Select Graphic Rendition codes (ECMA-48 8.3.117): on and off. */
const STYLES = { bold: [1, 22], dim: [2, 22], red: [31, 39], yellow: [33, 39] } as const;

export type Paint = (style: keyof typeof STYLES, text: string) => string;

/** Colours on terminals, unless NO_COLOR is set and not empty (no-color.org). */
export function painter(stream: TerminalStream, environment: Environment): Paint {
  if (!isTerminal(stream, environment) || environment['NO_COLOR']) return (_style, text) => text;
  return (style, text) => `\u001b[${STYLES[style][0]}m${text}\u001b[${STYLES[style][1]}m`;
}

/** 12,345. Not by Intl.NumberFormat, whose first use loads its tables for 20 ms. */
export function formatCount(n: number): string {
  return String(Math.round(n)).replace(/\B(?=(\d{3})+$)/g, ',');
}

const BYTE_UNITS = ['kB', 'MB', 'GB', 'TB', 'PB'] as const;

/** 1.2 MB: decimal units, one decimal. */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  let value = bytes / 1000;
  let unit = 0;
  // 999.95 would be written as 1000.0
  while (value >= 999.95 && unit < BYTE_UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${value.toFixed(1)} ${BYTE_UNITS[unit]!}`;
}

function twoDigits(n: number): string {
  return String(n).padStart(2, '0');
}

/** 0:12, 12:34, 1:02:03: whole seconds gone by. */
export function formatClock(seconds: number): string {
  const whole = Math.floor(seconds);
  const minutes = Math.floor(whole / 60);
  const rest = twoDigits(whole % 60);
  return minutes < 60 ? `${minutes}:${rest}` : `${Math.floor(minutes / 60)}:${twoDigits(minutes % 60)}:${rest}`;
}

/** A duration measured: 0.042 s, 12.3 s, 12:34, 1:02:03. */
export function formatDuration(seconds: number): string {
  if (seconds < 1) return `${seconds.toFixed(3)} s`;
  return seconds < 60 ? `${seconds.toFixed(1)} s` : formatClock(seconds);
}

/** A latency in ms from µs: 0.42, 4.87, 123. */
export function formatMilliseconds(us: number): string {
  const ms = us / 1000;
  return ms < 100 ? ms.toFixed(2) : formatCount(ms);
}
