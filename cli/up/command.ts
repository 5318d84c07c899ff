import { relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InvalidArgumentError, type Command } from 'commander';
import { up } from './up.ts';
import type { UpOptions } from './options.ts';

interface Given {
  readonly dataDir?: string;
  readonly port?: number;
  readonly config?: string;
  readonly exit?: boolean;
  readonly json?: boolean;
  readonly seed?: number;
  readonly fresh?: boolean;
}

export function addUpCommand(program: Command): void {
  program
    .command('up')
    .description('run Temporal, the worker and the api on this machine; without a lamplighter.yaml, the playground')
    .option(
      '--data-dir <dir>',
      'where everything is kept (default: ~/.local/share/lamplighter, the playground: ~/.local/share/lamplighter-playground)',
      folder,
    )
    .option('--port <n>', 'port of the api and its pages (default: 7070, or a free one)', wholeNumber)
    .option('--config <file>', 'lamplighter.yaml to serve (default: the one in this folder)')
    .option('--exit', 'playground only: run its issues to their end, a demo client acting for you, and stop')
    .option('--json', 'print the result as one JSON document on stdout')
    .option('--fresh', 'playground only: throw away the one that was played here, and make another')
    .option('--seed <n>', 'playground only: other names, another port, another bug', wholeNumber)
    .action(async (given: Given) => {
      process.exitCode = await up(optionsFrom(given));
    });
}

function optionsFrom(given: Given): UpOptions {
  return {
    dataDir: given.dataDir ?? null,
    port: given.port ?? null,
    config: given.config === undefined ? null : resolve(given.config),
    exit: given.exit ?? false,
    json: given.json ?? false,
    seed: given.seed ?? 1,
    fresh: given.fresh ?? false,
    command: commandName(process.env),
  };
}

/** As it was typed; `npm start` is run where bin/ is. */
function commandName(env: Readonly<Record<string, string | undefined>>): string {
  return env['LAMPLIGHTER_COMMAND'] ?? relative('', fileURLToPath(new URL('../../bin/lamplighter', import.meta.url)));
}

function folder(text: string): string {
  if (text === '') throw new InvalidArgumentError('a folder is expected.');
  return resolve(text);
}

function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('a whole number is expected.');
  return Number(text);
}
