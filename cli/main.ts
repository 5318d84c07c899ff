import { readFileSync } from 'node:fs';
import { CommanderError } from 'commander';
import { CliFailure, EXIT } from './terminal/failure.ts';
import { plain, plainJson } from './terminal/output.ts';
import { createProgram } from './program.ts';

// `lamplighter runs | head -1` closes the pipe early, which is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(EXIT.done);
  throw error;
});

await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<void> {
  try {
    const program = await createProgram({ version: ownVersion(), env: process.env, args });
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    process.exitCode = report(error, args.includes('--json'));
  }
}

/** The exit code. Failures go to stderr, as JSON where JSON was asked for. */
function report(error: unknown, json: boolean): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
  if (!(error instanceof CliFailure)) throw error;
  const { code, message, remedy } = error;
  const text = json
    ? plainJson({ error: { code, message, ...(remedy === null ? {} : { remedy }) } })
    : plain(`lamplighter: ${message}${remedy === null ? '' : `\n             ${remedy}`}`);
  process.stderr.write(`${text}\n`);
  return error.exitCode;
}

function ownVersion(): string {
  const own = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    readonly version: string;
  };
  return own.version;
}
