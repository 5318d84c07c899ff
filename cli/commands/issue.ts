import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import type { IssueView } from '../../api/view.ts';
import { createApiClient } from '../api-client.ts';
import { CliFailure, EXIT } from '../failure.ts';
import { actingCommand, apiCommand, collect, wholeNumber, type CommonOptions } from '../options.ts';
import { columns, oneLine, paint, plain, say, sayJson } from '../output.ts';

interface AddOptions extends CommonOptions {
  readonly title: string;
  readonly body?: string;
  readonly bodyFile?: string;
  readonly label: readonly string[];
  readonly repo?: string;
}

interface ListOptions extends CommonOptions {
  readonly repo?: string;
  readonly label?: string;
  readonly state: string;
}

export function issueCommand(): Command {
  return new Command('issue')
    .description('add, list and show issues')
    .addCommand(add())
    .addCommand(list())
    .addCommand(show());
}

function add(): Command {
  return actingCommand('add', 'write an issue; with the label ready-for-agent it is picked up', [
    'issue add --title "Greet by name" --body "GET /hello?name=Ada says Hello, Ada" --label ready-for-agent',
    'issue add --repo acme/shop --title "Round prices" --body-file issue.md',
  ])
    .requiredOption('--title <text>', 'one line')
    .option('--body <text>', 'Markdown')
    .option('--body-file <file>', 'read the body from a file, or from stdin with -')
    .option('--label <name>', 'may be given more than once', collect, [])
    .option('--repo <name>', 'by name or key; not needed where only one is enrolled')
    .action(async (options: AddOptions) => {
      const api = createApiClient(options);
      const { issue } = await api.send<{ issue: IssueView }>('POST', '/api/issues', {
        title: options.title,
        body: bodyOf(options),
        labels: options.label,
        ...(options.repo === undefined ? {} : { repo: options.repo }),
      });
      if (options.json) sayJson({ issue });
      else say(`${plain(issue.repoName)}#${issue.number} is written: ${plain(issue.url)}`);
    });
}

function bodyOf({ body, bodyFile }: AddOptions): string {
  if (bodyFile === undefined) return body ?? '';
  if (body !== undefined) throw new CliFailure(EXIT.usage, 'usage', '--body and --body-file exclude each other');
  try {
    return readFileSync(bodyFile === '-' ? 0 : bodyFile, 'utf8');
  } catch (error) {
    throw new CliFailure(
      EXIT.failed,
      'unreadable',
      `--body-file ${bodyFile} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

function list(): Command {
  return apiCommand('list', 'list issues', ['issue list --label ready-for-agent', 'issue list --state all --json'])
    .option('--repo <name>', 'by name or key')
    .option('--label <name>', 'only those that carry it')
    .option('--state <state>', 'open, closed or all', 'open')
    .action(async (options: ListOptions) => {
      const query = new URLSearchParams({ state: options.state });
      if (options.repo !== undefined) query.set('repo', options.repo);
      if (options.label !== undefined) query.set('label', options.label);
      const answer = await createApiClient(options).get<{ issues: IssueView[] }>(`/api/issues?${query.toString()}`);
      if (options.json) sayJson(answer);
      else if (answer.issues.length === 0) say('no issues');
      else
        say(
          columns(
            answer.issues.map((issue) => [
              `${plain(issue.repoName)}#${issue.number}`,
              issue.state,
              oneLine(issue.title, 60),
              paint('dim', plain(issue.labels.join(', '))),
            ]),
          ),
        );
    });
}

function show(): Command {
  return apiCommand('show', 'show one issue', ['issue show acme/shop 3', 'issue show acme/shop 3 --json'])
    .argument('<repo>', 'by name or key')
    .argument('<number>', 'of the issue', wholeNumber)
    .action(async (repo: string, number: number, options: CommonOptions) => {
      const path = `/api/issues/${repo.split('/').map(encodeURIComponent).join('/')}/${number}`;
      const { issue } = await createApiClient(options).get<{ issue: IssueView }>(path);
      if (options.json) return sayJson({ issue });
      say(paint('bold', `${plain(issue.repoName)}#${issue.number}  ${plain(issue.title)}`));
      say(paint('dim', `${issue.state} · ${plain(issue.labels.join(', ')) || 'no labels'} · ${plain(issue.url)}`));
      for (const event of issue.labelEvents) {
        say(
          paint(
            'dim',
            `  ${new Date(event.at).toISOString()}  ${plain(event.label)} ${event.action} by ${plain(event.by?.login ?? 'nobody known')} (${event.by?.permission ?? 'unknown'})`,
          ),
        );
      }
      say(`\n${plain(issue.body)}`);
    });
}
