import type { Command } from 'commander';
import type { RunView } from '../../api/views/view.ts';
import { boundsInWords } from '../../ui/fix-forward.ts';
import { ago, duration, money } from '../../ui/format.ts';
import { stageTrack } from '../../ui/stages.ts';
import { createApiClient, findRun } from '../terminal/api-client.ts';
import { followRun } from '../terminal/follow.ts';
import { apiCommand, type CommonOptions } from '../terminal/options.ts';
import { columns, oneLine, paint, plain, say, sayJson, standing } from '../terminal/output.ts';

export function showCommand(): Command {
  return apiCommand('show', 'show a run: stages, gates, evidence, acts, spend', [
    'show 01J9',
    'show 01J9 --follow',
    'show 01J9 --json',
  ])
    .argument('<run>', 'its id, or the beginning of it')
    .option(
      '--follow',
      'tell what happens, from the beginning and live, until the run has ended; with --json one event a line',
    )
    .action(async (given: string, options: CommonOptions & { readonly follow?: boolean }) => {
      const api = createApiClient(options);
      const { id } = await findRun(api, given);
      if (options.follow === true) return followRun(api, id, options.json === true);
      const view = await api.get<RunView>(`/api/runs/${encodeURIComponent(id)}`);
      if (options.json === true) sayJson(view);
      else sayRun(view);
    });
}

export function sayRun(view: RunView): void {
  const { run, links } = view;
  const now = Date.now();
  say(
    `${paint('bold', `${plain(run.repoName)}#${run.issue}  ${oneLine(run.title, 100)}`)}\n${standing(run)}  ${paint('dim', `run ${run.id}, begun ${ago(run.createdAt, now)}`)}`,
  );
  if (run.reason !== null) say(`  ${plain(run.reason)}`);
  for (const { text, remedy } of view.holds)
    say(`${paint('yellow', `  ${plain(text)}`)}\n${paint('dim', `  → ${plain(remedy)}`)}`);
  sayMoves(view);
  sayStages(view, now);
  sayFixForward(view, now);
  sayEvidence(view);
  for (const act of view.acts) {
    say(
      `${paint('dim', 'act')}  ${act.words} by ${plain(act.by.name)}, ${ago(act.at, now)}: ${oneLine(act.note, 200)}`,
    );
  }
  for (const call of view.escalations.filter((one) => one.severity === 'high')) {
    say(
      `${paint('yellow', 'called a person')}  ${plain(call.topic)}, ${ago(call.at, now)}: ${oneLine(call.decision, 300)}`,
    );
  }
  sayFacts(view);
  say(`${paint('dim', 'page')}      ${links.page}`);
  if (links.temporal !== null) say(`${paint('dim', 'temporal')}  ${links.temporal}`);
}

/** What a person can do where a run stands still, and what to look at before. */
function sayMoves({ moves, approval }: RunView): void {
  if (approval?.diff != null) {
    say(`\n${plain(approval.diff.text).trimEnd()}`);
    if (!approval.diff.whole) say(paint('dim', `… the rest is evidence ${approval.diff.evidence}, on the run's page`));
  }
  if (moves.length === 0) return;
  const lines = moves.map(({ what, command }) => `    ${paint('dim', what)}\n    ${command}`);
  say(`\n  A person decides:\n${lines.join('\n')}`);
}

const LOG_LINES = 6;

function sayFixForward({ fixForward }: RunView, now: number): void {
  if (fixForward === null) return;
  say(`${paint('bold', 'fix-forward')}  ${boundsInWords(fixForward, now)}`);
  for (const { by, sha, verdict, red } of fixForward.pushes) {
    const came =
      red === null ? (verdict === 'green' ? paint('green', 'green') : 'watched') : paint('red', `${red.stage} red`);
    say(
      `  ${plain(by)}  ${paint('dim', sha.slice(0, 10))}  ${came}${red === null ? '' : `  ${oneLine(red.reason, 300)}`}`,
    );
    const log = red === null ? [] : plain(red.log).trim().split('\n').slice(-LOG_LINES);
    for (const line of log) if (line !== '') say(paint('dim', `    │ ${oneLine(line, 160)}`));
  }
  say('');
}

const MARKS = { passed: '●', here: '◉', ahead: '○' } as const;

function sayStages(view: RunView, now: number): void {
  const rows = stageTrack(view, now).map((mark) => {
    const time =
      mark.standing === 'ahead' || mark.stage === 'ended'
        ? ''
        : `${duration(mark.ms)}${mark.visits > 1 ? `  ${mark.visits} times` : ''}`;
    return [`  ${MARKS[mark.standing]} ${mark.label}`, time];
  });
  say(`\n${columns(rows)}\n`);
}

function sayEvidence({ evidence }: RunView): void {
  if (evidence.length === 0) return;
  const tone = { green: 'green', red: 'red', pending: 'cyan', unknown: 'yellow' } as const;
  const rows = evidence.map((one) => [
    paint('dim', 'evidence'),
    one.kind,
    one.verdict === null ? '–' : paint(tone[one.verdict], one.verdict),
    oneLine(one.summary, 90),
    paint('dim', one.id),
  ]);
  say(`${columns(rows)}\n`);
}

function sayFacts({ run, spend }: RunView): void {
  const { pushed } = run.state.progress;
  say(
    `${paint('dim', 'spend')}     ${money(spend.runMicroUsd)} in ${spend.turns} turns; the issue ${money(spend.issueMicroUsd)} of ${money(spend.capMicroUsd)}`,
  );
  say(`${paint('dim', 'on main')}   ${pushed ?? 'nothing of this run'}`);
}
