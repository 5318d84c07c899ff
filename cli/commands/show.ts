import type { Command } from 'commander';
import type { RunView } from '../../api/view.ts';
import { ago, duration, money } from '../../ui/format.ts';
import { stageTrack } from '../../ui/stages.ts';
import { createApiClient, findRun } from '../api-client.ts';
import { followRun } from '../follow.ts';
import { apiCommand, type CommonOptions } from '../options.ts';
import { columns, oneLine, paint, plain, say, sayJson, standing } from '../output.ts';

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
  if (run.stage === 'frozen') sayWays(run.id, links.commandPlace);
  else sayDecision(view);
  sayStages(view, now);
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

function sayWays(id: string, place: string): void {
  say(
    `\n  A person decides:\n${['retry', 'resolved', 'abandon'].map((way) => `    lamplighter unfreeze ${id} --way ${way} --note "why"${place}`).join('\n')}`,
  );
}

/** What else a run may wait for a person to say. */
function sayDecision({ run, evidence, links }: RunView): void {
  const { state } = run;
  const command = (rest: string): string => `    lamplighter ${rest} --note "why"${links.commandPlace}`;
  if (state.progress.pause !== null) {
    say(`\n  Paused by ${plain(state.progress.pause.by)}; a person resumes it:\n${command(`resume ${run.id}`)}`);
  } else if (state.stage === 'awaiting-approval') {
    const diff = evidence.findLast((one) => one.kind === 'diff' && one.sha === state.head);
    const where = diff === undefined ? '' : ` (${links.page.replace(/\/runs\/[^/]*$/, `/evidence/${diff.id}`)})`;
    say(
      `\n  A person looks at the diff${where} and decides:\n${command(`approve ${run.id} --sha ${state.head}`)}\n${command(`reject ${run.id}`)}`,
    );
  }
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
