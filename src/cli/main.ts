/** The command line: parses, runs a command, and turns whatever happens into one line and an exit code. */
import { CommanderError } from 'commander';
import { Failure } from '../failure.ts';
import { EXIT, exitCodeOfFailure } from './exit-code.ts';
import { buildProgram, type Actions } from './program.ts';
import { escapeForTerminal } from './terminal.ts';
import { packageVersion } from './version.ts';

// The SDK's warning about old Node versions is for who writes programs, not for who runs one.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';

/** Each command's code is loaded when it runs: `--help` answers in 120 ms. */
const ACTIONS: Actions = {
  list: async (url, flags) => (await import('./list-command.ts')).runList(url, flags),
  head: async (url, flags) => (await import('./head-command.ts')).runHead(url, flags),
  sim: async (flags) => (await import('./sim-command.ts')).runSim(flags),
  demo: async (flags) => (await import('./demo-command.ts')).runDemo(flags),
};

/** Before anything is parsed, since it concerns errors of parsing too. */
function wantsStack(argv: readonly string[]): boolean {
  return argv.includes('--log-level=debug') || argv[argv.indexOf('--log-level') + 1] === 'debug';
}

/** Line ends are ours, what stands between them may not be. */
function escapeLines(text: string): string {
  return text.split('\n').map(escapeForTerminal).join('\n');
}

function report(error: unknown, withStack: boolean): number {
  const failure = error instanceof Failure ? error : null;
  const message = error instanceof Error ? error.message : String(error);
  const defect = failure === null || failure.kind === 'defect';
  const lines = [`s3scan: ${defect ? 'defect: ' : ''}${escapeForTerminal(message)}`];
  if (failure?.hint != null) lines.push(`  ${escapeForTerminal(failure.hint)}`);
  if (defect && !withStack) lines.push('  this should not happen: please report it, with what --log-level debug adds');
  if (withStack && error instanceof Error && error.stack !== undefined) lines.push(escapeLines(error.stack));
  process.stderr.write(`${lines.join('\n')}\n`);
  return failure === null ? EXIT.defect : exitCodeOfFailure(failure.kind);
}

/** `argv` without node and script. Resolves to the exit code; never rejects. */
export async function main(argv: readonly string[]): Promise<number> {
  let code: number = EXIT.complete;
  const program = buildProgram(packageVersion(), ACTIONS, (exitCode) => {
    code = exitCode;
  });
  for (const command of [program, ...program.commands]) command.exitOverride().configureOutput({ outputError: (text, write) => write(escapeLines(text)) });
  // Node would print the error with all its properties: what the SDK hangs on its errors holds the request with its headers (R7).
  process.on('uncaughtException', (error) => process.exit(report(error, wantsStack(argv))));
  try {
    await program.parseAsync(argv, { from: 'user' });
    return code;
  } catch (error) {
    // Commander has said what is wrong, or has shown the help that was asked for.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.complete : EXIT.usage;
    return report(error, wantsStack(argv));
  }
}
