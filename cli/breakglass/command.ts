import { Argument, Command, InvalidArgumentError } from 'commander';
import { OP_ID, type Verb, VERBS } from '../../domain/breakglass/verb.ts';
import { withExamples } from '../terminal/options.ts';
import type { VerbOptions } from './verb.ts';

export function breakglassCommand(): Command {
  return new Command('breakglass')
    .description(
      'the power verbs of the VM in `breakglass` of lamplighter.yaml; needs no `up`, no Temporal, no name server',
    )
    .addCommand(verbCommand());
}

function verbCommand(): Command {
  return withExamples(new Command('verb').description('send one verb to the host, over SSH, with the key of human'), [
    'breakglass verb status',
    'breakglass verb cycle',
    'breakglass verb status --op 01KB4V0000000000000000TEST',
    'breakglass verb reset --yes --json',
  ])
    .addArgument(new Argument('<verb>', 'status and forensics change nothing').choices(VERBS))
    .option('--op <id>', 'of the op: to ask for it (status), or to send the same one again, which happens once', opId)
    .option('--direct', 'past Temporal. No verb goes through Temporal yet, so today it changes nothing')
    .option(
      '--stop-wait <seconds>',
      'of stop and cycle: how long QEMU may take to end by itself, within the bounds of the host',
      seconds,
    )
    .option(
      '--guest-wait <seconds>',
      'of reset, start and cycle: how long the guest is waited for, within the bounds of the host',
      seconds,
    )
    .option('--yes', 'do not ask before the power is touched')
    .option('--config <file>', 'lamplighter.yaml (default: the one in this folder)')
    .option('--json', 'print JSON; progress stays on stderr')
    .addHelpText(
      'after',
      '\nExit codes of status (version 1): 0 running, 10 off, 11 wedged, 12 none of these for sure, 4 no status.\n' +
        'Of the others: 0 ok, 1 failed and the power was touched, 2 wrong usage or configuration (nothing sent), 3 unknown: ask by the op id,\n' +
        '4 refused or not reached: nothing touched. An answer that is lost is looked up at the host; no verb is sent twice.',
    )
    .action(async (verb: Verb, options: VerbOptions) => {
      // With the SSH library: only who turns the power loads it.
      const { runVerbCommand } = await import('./verb.ts');
      process.exitCode = await runVerbCommand(verb, options);
    });
}

function seconds(text: string): number {
  if (!/^(0|[1-9]\d{0,3})$/.test(text)) throw new InvalidArgumentError('a wait is a number of seconds, up to 9999.');
  return Number(text);
}

function opId(text: string): string {
  if (!OP_ID.test(text))
    throw new InvalidArgumentError('an op id is 26 capital letters and digits, as the host prints it.');
  return text;
}
