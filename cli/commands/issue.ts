import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import type { IssueView, RunSummary } from '../../api/views/view.ts';
import { createApiClient } from '../terminal/api-client.ts';
import { CliFailure, EXIT } from '../terminal/failure.ts';
import { actingCommand, apiCommand, collect, wholeNumber, type CommonOptions } from '../terminal/options.ts';
import { columns, oneLine, paint, plain, say, sayJson, standing } from '../terminal/output.ts';

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
    .description('add, label, list and show issues')
    .addCommand(add())
    .addCommand(label())
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
      else {
        say(`${plain(issue.repoName)}#${issue.number} is written: ${plain(issue.url)}`);
        if (issue.pickUp.asked) sayPickUp(issue);
      }
    });
}

function label(): Command {
  return actingCommand('label', 'apply a label; ready-for-agent once more is a new release, and a new run', [
    'issue label acme/shop 3 ready-for-agent',
  ])
    .argument('<repo>', 'by name or key')
    .argument('<number>', 'of the issue', wholeNumber)
    .argument('<label>', 'to apply')
    .action(async (repo: string, number: number, name: string, options: CommonOptions) => {
      const { issue } = await createApiClient(options).send<{ issue: IssueView }>(
        'POST',
        `${issuePath(repo, number)}/labels`,
        { label: name },
      );
      if (options.json) return sayJson({ issue });
      say(`${plain(issue.repoName)}#${issue.number} carries ${plain(name)}`);
      sayPickUp(issue);
    });
}

function issuePath(repo: string, number: number): string {
  return `/api/issues/${repo.split('/').map(encodeURIComponent).join('/')}/${number}`;
}

/** What keeps the issue from being picked up, each with its remedy; or that nothing does. */
function sayPickUp({ pickUp }: IssueView): void {
  if (pickUp.run !== null) return say(`${paint('cyan', 'at work')}  lamplighter show ${plain(pickUp.run)} --follow`);
  if (pickUp.refusals.length === 0)
    return say(`${paint('green', 'picked up')} as soon as its lane and a slot are free`);
  say(`${paint('yellow', 'not picked up')}, because`);
  for (const { text, remedy } of pickUp.refusals) say(`  ${plain(text)}\n${paint('dim', `    → ${plain(remedy)}`)}`);
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
      const answer = await createApiClient(options).get<{ issues: IssueView[]; unreadable: string[] }>(
        `/api/issues?${query.toString()}`,
      );
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
              whyNot(issue),
            ]),
          ),
        );
      if (options.json !== true)
        for (const what of answer.unreadable) say(paint('yellow', `unreadable  ${plain(what)}`));
    });
}

/** For a line of the list: the reasons alone. */
function whyNot({ pickUp }: IssueView): string {
  if (pickUp.run !== null) return paint('cyan', 'at work');
  if (!pickUp.asked || pickUp.refusals.length === 0) return '';
  return paint('yellow', `not picked up: ${plain(pickUp.refusals.map((one) => one.text).join('; '))}`);
}

function show(): Command {
  return apiCommand('show', 'show one issue: who labelled it, its runs, and why it is picked up or not', [
    'issue show acme/shop 3',
    'issue show acme/shop 3 --json',
  ])
    .argument('<repo>', 'by name or key')
    .argument('<number>', 'of the issue', wholeNumber)
    .action(async (repo: string, number: number, options: CommonOptions) => {
      const answer = await createApiClient(options).get<{ issue: IssueView; runs: RunSummary[] }>(
        issuePath(repo, number),
      );
      if (options.json) return sayJson(answer);
      const { issue, runs } = answer;
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
      for (const run of runs) say(`  run ${plain(run.id)}  ${standing(run)}  ${oneLine(run.reason ?? '', 100)}`);
      if (issue.state === 'open') sayPickUp(issue);
      say(`\n${plain(issue.body)}`);
    });
}
