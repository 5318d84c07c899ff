import { randomUUID } from 'node:crypto';
import { Option, type Command } from 'commander';
import { UNFREEZE_WAYS } from '../../domain/act.ts';
import { createApiClient, findRun } from '../api-client.ts';
import { actingCommand, type CommonOptions } from '../options.ts';
import { paint, plain, say, sayJson } from '../output.ts';

interface ActOptions extends CommonOptions {
  readonly note: string;
  readonly way?: string;
  readonly reverted?: boolean;
}

export function unfreezeCommand(): Command {
  return act('unfreeze', "end a freeze: a person's decision, with a name and a note", [
    'unfreeze 01J9 --way retry --note "the registry is back"',
    'unfreeze 01J9 --way resolved --reverted --note "reverted by hand in 4be1c2d"',
    'unfreeze 01J9 --way abandon --note "not worth it now"',
  ])
    .addOption(
      new Option(
        '--way <way>',
        'retry: the agent goes on; resolved: you fixed main, which is proven first; abandon: the run ends',
      )
        .choices(UNFREEZE_WAYS)
        .makeOptionMandatory(),
    )
    .option('--reverted', 'with resolved: the change was taken out of main');
}

export function escalateCommand(): Command {
  return act('escalate', 'stop a run and call a person: before a push it ends, after one it freezes', [
    'escalate 01J9 --note "it is going the wrong way"',
  ]);
}

export function cancelCommand(): Command {
  return act('cancel', 'end a run that is not frozen', ['cancel 01J9 --note "the issue was a duplicate"']);
}

function act(kind: 'unfreeze' | 'escalate' | 'cancel', description: string, examples: readonly string[]): Command {
  return actingCommand(kind, description, examples)
    .argument('<run>', 'its id, or the beginning of it')
    .requiredOption('--note <text>', 'why, for those who read the run later')
    .action(async (given: string, options: ActOptions) => {
      const api = createApiClient(options);
      const run = await findRun(api, given);
      const body = {
        id: randomUUID(),
        kind,
        note: options.note,
        ...(kind === 'unfreeze' ? { way: options.way, reverted: options.reverted ?? false } : {}),
      };
      const answer = await api.send<{ act: unknown; poked: boolean }>(
        'POST',
        `/api/runs/${encodeURIComponent(run.id)}/acts`,
        body,
      );
      if (options.json === true) return sayJson(answer);
      say(
        `${kind}${options.way === undefined ? '' : ` (${options.way})`} is recorded for ${plain(run.repoName)}#${run.issue}, run ${run.id}`,
      );
      if (!answer.poked) say(paint('yellow', 'Temporal does not answer: the run takes it up when it is back'));
    });
}
