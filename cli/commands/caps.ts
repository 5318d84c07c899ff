import { randomUUID } from 'node:crypto';
import { Argument, Command, InvalidArgumentError } from 'commander';
import type { CapsView, CapView } from '../../api/views/view.ts';
import { CAP_WINDOWS } from '../../domain/caps.ts';
import { ago, money } from '../../ui/format.ts';
import { createApiClient } from '../terminal/api-client.ts';
import { actingCommand, apiCommand, type CommonOptions } from '../terminal/options.ts';
import { columns, oneLine, paint, plain, say, sayJson } from '../terminal/output.ts';

export function capsCommand(): Command {
  return new Command('caps')
    .description('the most that may be spent in a day or month: a reached cap holds lanes and model calls')
    .addCommand(show(), { isDefault: true })
    .addCommand(raise());
}

function show(): Command {
  return apiCommand('show', 'every cap, what is spent of it and what is left', ['caps', 'caps show --json']).action(
    async (options: CommonOptions) => {
      const answer = await createApiClient(options).get<CapsView>('/api/caps');
      if (options.json === true) return sayJson(answer);
      say(
        columns([['CAP', 'MOST', 'SPENT', 'LEFT', 'UNTIL'].map((head) => paint('dim', head)), ...answer.caps.map(row)]),
      );
      for (const cap of answer.caps) sayRaises(cap, answer.now);
    },
  );
}

interface RaiseOptions extends CommonOptions {
  readonly usd: number;
  readonly note: string;
  readonly repo?: string;
}

function raise(): Command {
  return actingCommand('raise', "add to one cap until its window ends: a person's decision, with a name and a note", [
    'caps raise day --usd 20 --note "the release has to go out today"',
    'caps raise month --repo acme/shop --usd 50 --note "two big issues"',
  ])
    .addArgument(new Argument('<window>', 'of the cap').choices(CAP_WINDOWS))
    .requiredOption('--usd <dollars>', 'how much is added', dollars)
    .requiredOption('--note <text>', 'why')
    .option('--repo <name>', "the repo's own cap, by name or key; without it that of all repos together")
    .action(async (window: string, { usd, note, repo, ...options }: RaiseOptions) => {
      const answer = await createApiClient(options).send<{ raise: unknown; cap: CapView }>('POST', '/api/caps/raises', {
        id: randomUUID(),
        window,
        usd,
        note,
        ...(repo === undefined ? {} : { repo }),
      });
      if (options.json === true) return sayJson(answer);
      const { cap } = answer;
      say(
        `${nameOf(cap)} is ${money(cap.capMicroUsd + cap.raisedMicroUsd)} until ${until(cap)}, ${money(cap.leftMicroUsd)} left; what waits for it goes on within a minute`,
      );
    });
}

function row(cap: CapView): string[] {
  const raised = cap.raisedMicroUsd === 0 ? '' : ` (${money(cap.raisedMicroUsd)} of it raised)`;
  const left = money(cap.leftMicroUsd);
  return [
    nameOf(cap),
    `${money(cap.capMicroUsd + cap.raisedMicroUsd)}${raised}`,
    money(cap.spentMicroUsd),
    cap.reached ? paint('yellow', `${left}, reached: holds`) : left,
    until(cap),
  ];
}

function sayRaises(cap: CapView, now: number): void {
  for (const { microUsd, by, note, at } of cap.raises)
    say(
      paint('dim', `${nameOf(cap)}: ${money(microUsd)} added by ${plain(by)}, ${ago(at, now)}: ${oneLine(note, 200)}`),
    );
}

function nameOf({ window, repoName }: CapView): string {
  return `${window}, ${repoName === null ? 'all repos' : plain(repoName)}`;
}

function until({ endsAt }: CapView): string {
  return `${new Date(endsAt).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

function dollars(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value <= 0)
    throw new InvalidArgumentError('an amount of dollars above 0 is expected.');
  return value;
}
