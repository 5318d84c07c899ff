/** One command for each thing that a person may do to a run. The api checks it against the run and answers a refusal in words. */
import { randomUUID } from 'node:crypto';
import { InvalidArgumentError, Option, type Command } from 'commander';
import type { RunView } from '../../api/views/view.ts';
import { UNFREEZE_WAYS } from '../../domain/act.ts';
import { createApiClient, findRun, type ApiClient } from '../terminal/api-client.ts';
import { CliFailure, EXIT } from '../terminal/failure.ts';
import { actingCommand, wholeNumber, type CommonOptions } from '../terminal/options.ts';
import { paint, plain, say, sayJson } from '../terminal/output.ts';

interface ActOptions extends CommonOptions {
  readonly note: string;
  readonly way?: string;
  readonly reverted?: boolean;
  readonly sha?: string;
  readonly usd?: number;
  readonly turns?: number;
  readonly minutes?: number;
  readonly rounds?: number;
  readonly fixes?: number;
}

type Details = (options: ActOptions, api: ApiClient, run: string) => object | Promise<object>;

export function actCommands(): Command[] {
  return [
    plainAct('steer', 'say something to the agent: it enters at its next turn', 'use the helper in src/format.ts'),
    plainAct('interrupt', 'stop what the agent is doing now, and tell it why', 'not that way: the table is generated'),
    plainAct('pause', 'hold a run at its next boundary; its slot goes to others', 'the registry is being moved'),
    plainAct('resume', 'let a paused run go on', 'the registry is back'),
    approveCommand(),
    plainAct(
      'reject',
      'send what waits for approval back to the agent, with the reason',
      'the message must name the file',
    ),
    grantCommand(),
    unfreezeCommand(),
    plainAct(
      'escalate',
      'stop a run and call a person: before a push it ends, after one it freezes',
      'it is going the wrong way',
    ),
    plainAct('cancel', 'end a run that is not frozen', 'the issue was a duplicate'),
  ];
}

function plainAct(kind: string, description: string, note: string): Command {
  return act(kind, description, [`${kind} 01J9 --note "${note}"`], () => ({}));
}

function unfreezeCommand(): Command {
  const command = act(
    'unfreeze',
    "end a freeze: a person's decision, with a name and a note",
    [
      'unfreeze 01J9 --way retry --note "the registry is back"',
      'unfreeze 01J9 --way retry --fixes 2 --usd 5 --note "go on, two more attempts"',
      'unfreeze 01J9 --way resolved --reverted --note "reverted by hand in 4be1c2d"',
      'unfreeze 01J9 --way abandon --note "not worth it now"',
    ],
    (options) => ({
      way: options.way,
      ...(options.reverted === undefined ? {} : { reverted: options.reverted }),
      ...(options.way === 'retry' || grantsOf(options) !== null ? { grants: grantsOf(options) ?? {} } : {}),
    }),
  )
    .addOption(
      new Option(
        '--way <way>',
        'retry: the agent goes on; resolved: you fixed main, which is proven first; abandon: the run ends',
      )
        .choices(UNFREEZE_WAYS)
        .makeOptionMandatory(),
    )
    .option('--reverted', 'with resolved: the change was taken out of main');
  return withGrants(command, 'with retry: ');
}

function grantCommand(): Command {
  const examples = ['grant 01J9 --usd 10 --turns 50 --note "worth it"'];
  return withGrants(
    act('grant', 'let a run go beyond one of its bounds', examples, (options) => ({ grants: grantsOf(options) ?? {} })),
    '',
  );
}

function withGrants(command: Command, when: string): Command {
  return command
    .option('--usd <amount>', `${when}more money for the issue, in dollars`, amount)
    .option('--turns <n>', `${when}more model turns`, wholeNumber)
    .option('--minutes <n>', `${when}more minutes of session time`, wholeNumber)
    .option('--rounds <n>', `${when}more gate refusals that go back to the agent`, wholeNumber)
    .option('--fixes <n>', `${when}more fix-forward attempts`, wholeNumber);
}

function amount(text: string): number {
  if (!/^\d{1,5}(?:\.\d{1,2})?$/.test(text)) throw new InvalidArgumentError('an amount such as 5 or 2.50 is expected.');
  return Number(text);
}

function grantsOf({ usd, turns, minutes, rounds, fixes }: ActOptions): object | null {
  const given = Object.entries({ usd, turns, minutes, rounds, fixes }).filter(([, value]) => value !== undefined);
  return given.length === 0 ? null : Object.fromEntries(given);
}

function approveCommand(): Command {
  return act(
    'approve',
    'let what waits for approval be pushed; look at its diff first (`lamplighter show`)',
    ['approve 01J9 --note "looks right"', 'approve 01J9 --sha 4be1c2d0… --note "looks right"'],
    async (options, api, run) => ({ sha: await shaToApprove(api, run, options.sha) }),
  ).option('--sha <sha>', 'the sha, or its beginning, that you looked at (default: the one that waits now)');
}

/** An approval is of one sha: the one that waits, and the one that the person named, must be the same. */
async function shaToApprove(api: ApiClient, run: string, given: string | undefined): Promise<string> {
  const { run: found } = await api.get<RunView>(`/api/runs/${encodeURIComponent(run)}`);
  const { state } = found;
  // Whatever is sent then is refused by the api, in its words.
  if (state.stage !== 'awaiting-approval') return '0'.repeat(40);
  if (given !== undefined && !state.head.startsWith(given)) {
    throw new CliFailure(
      EXIT.failed,
      'other-sha',
      `what waits for approval is ${state.head}, not ${given}`,
      `look at it again: lamplighter show ${run}`,
    );
  }
  return state.head;
}

function act(kind: string, description: string, examples: readonly string[], details: Details): Command {
  return actingCommand(kind, description, examples)
    .argument('<run>', 'its id, or the beginning of it')
    .requiredOption('--note <text>', 'why, for those who read the run later')
    .action(async (given: string, options: ActOptions) => {
      const api = createApiClient(options);
      const run = await findRun(api, given);
      const body = { id: randomUUID(), kind, note: options.note, ...(await details(options, api, run.id)) };
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
