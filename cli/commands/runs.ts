import type { Command } from 'commander';
import type { RunSummary, StatusView } from '../../api/views/view.ts';
import { ago } from '../../ui/format.ts';
import { createApiClient } from '../terminal/api-client.ts';
import { apiCommand, wholeNumber, type CommonOptions } from '../terminal/options.ts';
import { columns, oneLine, paint, plain, say, sayJson, standing } from '../terminal/output.ts';

interface RunsOptions extends CommonOptions {
  readonly open?: boolean;
  readonly repo?: string;
  readonly issue?: number;
  readonly limit: number;
}

export function runsCommand(): Command {
  return apiCommand('runs', 'list runs, newest first', ['runs --open', 'runs --repo acme/shop --issue 3 --json'])
    .option('--open', 'only those that have not ended')
    .option('--repo <name>', 'by name or key')
    .option('--issue <number>', 'only runs of this issue', wholeNumber)
    .option('--limit <n>', 'at most this many', wholeNumber, 30)
    .action(async (options: RunsOptions) => {
      const query = new URLSearchParams({ limit: String(options.limit) });
      if (options.open === true) query.set('open', 'true');
      if (options.repo !== undefined) query.set('repo', options.repo);
      if (options.issue !== undefined) query.set('issue', String(options.issue));
      const api = createApiClient(options);
      const answer = await api.get<{ runs: RunSummary[] }>(`/api/runs?${query.toString()}`);
      if (options.json) return sayJson(answer);
      if (answer.runs.length === 0) say('no runs');
      else
        say(
          columns([
            ['RUN', 'ISSUE', 'STAGE', 'SINCE', 'TITLE'].map((head) => paint('dim', head)),
            ...answer.runs.map(row),
          ]),
        );
      sayNotices((await api.get<StatusView>('/api/status')).notices);
    });
}

/** Who looks at the list and misses a run finds here why none starts. */
function sayNotices(notices: StatusView['notices']): void {
  for (const { text, remedy } of notices)
    say(`${paint('yellow', plain(text))}\n${paint('dim', `  → ${plain(remedy)}`)}`);
}

function row(run: RunSummary): string[] {
  // Of what has ended well nobody asks why.
  const reason = run.group === 'done' ? '' : oneLine(run.reason ?? '', 120);
  const why = reason === '' ? '' : paint(run.stage === 'frozen' ? 'red' : 'yellow', `  ${reason}`);
  return [
    plain(run.id),
    `${plain(run.repoName)}#${run.issue}`,
    standing(run),
    ago(run.endedAt ?? run.updatedAt, Date.now()),
    oneLine(run.title, 50) + why,
  ];
}
