/** The `lamplighter` command. Everything but `up`, `init`, `doctor`, `schema` and `breakglass` speaks to the api over HTTP. */
import { Command } from 'commander';
import { breakglassCommand } from './breakglass/command.ts';
import { actCommands } from './commands/acts.ts';
import { capsCommand } from './commands/caps.ts';
import { doctorCommand } from './commands/doctor.ts';
import { initCommand } from './commands/init.ts';
import { issueCommand } from './commands/issue.ts';
import { killSwitchCommand, recoverCommand } from './commands/operations.ts';
import { runsCommand } from './commands/runs.ts';
import { schemaCommand } from './commands/schema.ts';
import { showCommand } from './commands/show.ts';
import { tokenCommand } from './commands/token.ts';
import { tryCommand } from './commands/try.ts';

export interface ProgramInput {
  readonly version: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The words after the program's name: they say whether `up` is wanted. */
  readonly args: readonly string[];
}

export async function createProgram({ version, env, args }: ProgramInput): Promise<Command> {
  const program = new Command('lamplighter')
    .description('Keeps the lights on while you are away: issues become healthy deploys, durably, test-first.')
    .version(version)
    .showHelpAfterError('(add --help for what it takes)')
    .addHelpText(
      'after',
      '\nExit codes: 0 done, 1 refused or failed, 2 wrong usage, 3 nothing answers (start it with `lamplighter up`).',
    );
  await addUp(program, args);
  const commands = [
    runsCommand(),
    showCommand(),
    issueCommand(),
    tryCommand(),
    ...actCommands(),
    killSwitchCommand(),
    capsCommand(),
    tokenCommand(),
    recoverCommand(),
    breakglassCommand(),
    initCommand(env),
    doctorCommand(env),
    schemaCommand(),
  ];
  for (const command of commands) program.addCommand(command);
  for (const command of everyCommand(program))
    command.exitOverride().showHelpAfterError('(add --help for what it takes)');
  return program;
}

/** `up` brings the whole product with it, so it is loaded only when it is asked for. */
async function addUp(program: Command, args: readonly string[]): Promise<void> {
  const wanted = args[0] === 'up' || (args[0] === 'help' && args[1] === 'up');
  if (!wanted) {
    program.command('up').description('run Temporal, the worker and the api on this machine');
    return;
  }
  const { addUpCommand } = await import('./up/command.ts');
  addUpCommand(program);
}

function everyCommand(command: Command): Command[] {
  return [command, ...command.commands.flatMap(everyCommand)];
}
