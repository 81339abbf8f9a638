/** Structured logs for `--log-level` and `--log-file`; without either, nothing is loaded and nothing is logged. */
import { Failure } from '../failure.ts';
import type { ScanLog } from '../scan/scan.ts';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

const SILENT: ScanLog = { debug() {}, info() {} };

/** JSON lines to the file, or to standard error. Nothing secret is ever handed to it (R7). */
export async function openLog(level: LogLevel | undefined, file: string | undefined): Promise<ScanLog> {
  if (level === undefined && file === undefined) return SILENT;
  const { pino } = await import('pino');
  try {
    const destination = pino.destination({ dest: file ?? 2, sync: true });
    const logger = pino({ name: 's3scan', level: level ?? 'info' }, destination);
    return {
      debug: (message, fields) => logger.debug(fields, message),
      info: (message, fields) => logger.info(fields, message),
    };
  } catch (error) {
    throw new Failure('usage', `--log-file ${file}: ${error instanceof Error ? error.message : String(error)}`, 'name a file in a folder that exists');
  }
}
