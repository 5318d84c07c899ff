import { Command, InvalidArgumentError } from 'commander';
import type { ApiOptions } from './api-client.ts';

export interface CommonOptions extends ApiOptions {
  readonly json?: boolean;
}

/** A command that speaks to the api. Options stand on each command, because `up` has a `--data-dir` of its own. */
export function apiCommand(name: string, description: string, examples: readonly string[]): Command {
  return withExamples(new Command(name).description(description), examples)
    .option(
      '--data-dir <dir>',
      'of the `up` to speak to (default: ~/.local/share/lamplighter, or the playground that is up)',
    )
    .option('--url <url>', 'of the api, instead of the one in the data directory')
    .option('--token-file <file>', 'with a token (default: operator.token in the data directory)')
    .option('--json', 'print JSON');
}

/** Such a command that changes something, and so needs a token and a name. */
export function actingCommand(name: string, description: string, examples: readonly string[]): Command {
  return apiCommand(name, description, examples).option(
    '--as <name>',
    'who acts, as it is recorded (default: your login name; a token without the scope admin acts under its own)',
  );
}

export function withExamples(command: Command, examples: readonly string[]): Command {
  return command.addHelpText(
    'after',
    `\nExamples:\n${examples.map((example) => `  $ lamplighter ${example}`).join('\n')}`,
  );
}

export function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('a whole number from 1 is expected.');
  return Number(text);
}

export function collect(value: string, before: readonly string[]): string[] {
  return [...before, value];
}
