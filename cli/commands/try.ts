import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from 'commander';
import type { RunView, TrialView } from '../../api/views/view.ts';
import { createApiClient, type ApiClient } from '../terminal/api-client.ts';
import { CliFailure, EXIT } from '../terminal/failure.ts';
import { followRun } from '../terminal/follow.ts';
import { actingCommand, wholeNumber, type CommonOptions } from '../terminal/options.ts';
import { paint, plain, say, sayJson } from '../terminal/output.ts';
import { sayRun } from './show.ts';

interface TryOptions extends CommonOptions {
  readonly repo?: string;
}

const LOOK_EVERY_MS = 300;

export function tryCommand(): Command {
  return actingCommand(
    'try',
    'let the agent implement an issue and the gates judge it, without a push and without a word on the issue',
    ['try 3', 'try 3 --repo acme/shop --json'],
  )
    .argument('<issue>', 'its number', wholeNumber)
    .option('--repo <name>', 'by name or key; not needed where only one is enrolled')
    .action(async (issue: number, options: TryOptions) => {
      const api = createApiClient(options);
      const trial = await api.send<TrialView>('POST', '/api/trials', {
        id: randomUUID(),
        issue,
        ...(options.repo === undefined ? {} : { repo: options.repo }),
      });
      const json = options.json === true;
      if (!json) sayBegin(trial);
      await untilBegun(api, trial);
      if (json) await untilEnded(api, trial.run);
      else await followRun(api, trial.run, false);
      const view = await api.get<RunView>(runPath(trial.run));
      const diff = await diffOf(api, view);
      if (json) sayJson({ run: view, diff });
      else sayEnd(view, diff);
      // For scripts: a trial that its gates did not pass is no success.
      if (view.run.outcome !== 'tried') process.exitCode = EXIT.failed;
    });
}

function runPath(run: string): string {
  return `/api/runs/${encodeURIComponent(run)}`;
}

function sayBegin({ repoName, issue, title, run, behind }: TrialView): void {
  say(`trying ${plain(repoName)}#${issue} ${plain(title)}: nothing is pushed, nothing is written on the issue`);
  if (behind !== null)
    say(paint('dim', `its lane is held by run ${behind}: it begins when that has ended (lamplighter show ${behind})`));
  say(paint('dim', `run ${run}`));
}

/** Waits for the lane as long as it takes: who does not want to wait ends the command, and the trial goes on. */
async function untilBegun(api: ApiClient, { run }: TrialView): Promise<void> {
  for (;;) {
    const { runs } = await api.get<{ runs: readonly { readonly id: string }[] }>(
      `/api/runs?id=${encodeURIComponent(run)}`,
    );
    if (runs.some((one) => one.id === run)) return;
    await delay(LOOK_EVERY_MS);
  }
}

async function untilEnded(api: ApiClient, run: string): Promise<void> {
  while ((await api.get<RunView>(runPath(run))).run.outcome === null) await delay(LOOK_EVERY_MS);
}

/** Null where no change was proven. */
async function diffOf(api: ApiClient, { evidence }: RunView): Promise<string | null> {
  const row = evidence.findLast((one) => one.kind === 'diff');
  return row === undefined ? null : api.text(`/api/evidence/${encodeURIComponent(row.id)}`);
}

function sayEnd(view: RunView, diff: string | null): void {
  say('');
  sayRun(view);
  if (view.run.outcome === null) throw new CliFailure(EXIT.failed, 'unfinished', `run ${view.run.id} has not ended`);
  if (diff !== null) say(`\n${plain(diff)}`);
}
