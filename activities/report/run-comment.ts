/** What a person reads on the issue when a run needs them or has ended: why, with what evidence, and how to go on. Pure. */
import { withNotes } from '../../domain/act.ts';
import { boundsWith } from '../../domain/bounds.ts';
import { LABELS } from '../../domain/issue.ts';
import type { RunEffect } from '../../domain/stage.ts';
import { unfreezeWays } from '../../domain/unfreeze-ways.ts';
import type { ActRow, EvidenceRow, RunRow } from '../../store/port.ts';
import { fenced, inline } from './markdown.ts';

export type Topic = Extract<RunEffect, { do: 'comment' }>['topic'];

export interface CommentFacts {
  readonly topic: Topic;
  readonly run: RunRow;
  /** Oldest first. */
  readonly evidence: readonly EvidenceRow[];
  readonly acts: readonly ActRow[];
  /** What matters of the log of the last red deploy; empty where there is none. */
  readonly redLog: string;
  /** A push was begun and nobody knows how it ended. */
  readonly pushUnknown: boolean;
  readonly publicUrl: string;
}

/** By run, topic and transition: a run that freezes twice says so twice. */
export function commentMarker(run: string, topic: Topic, seq: number): string {
  return `<!-- lamplighter:${run}:${topic}:${seq} -->`;
}

export function renderRunComment(facts: CommentFacts): string {
  const { run, publicUrl, topic } = facts;
  return [
    `**${TITLES[topic](facts)}** · [run page](${publicUrl}/runs/${run.id})`,
    `Why:\n\n${fenced(reasonOf(facts))}`,
    ...(topic === 'frozen' && facts.redLog !== '' ? [`What its log says:\n\n${fenced(facts.redLog)}`] : []),
    tried(facts),
    `How to go on:\n\n${steps(facts)}`,
  ].join('\n\n');
}

const TITLES: Readonly<Record<Topic, (facts: CommentFacts) => string>> = {
  'needs-human': ({ pushUnknown }) =>
    pushUnknown
      ? 'Lamplighter needs a person: it is not known whether its push reached main'
      : 'Lamplighter needs a person: nothing was pushed',
  frozen: ({ run }) => {
    const { pushed, red } = run.state.progress;
    const isRed = red === null || red.sha !== pushed ? '' : `, and its ${red.stage} is red`;
    return `Lamplighter froze: \`${(pushed ?? '').slice(0, 10)}\` is on main${isRed}`;
  },
  rejected: () => 'Lamplighter cannot build this issue as it is written',
  'base-red': () => 'Lamplighter waits: main is red without this change',
  ended: ({ run }) =>
    `Lamplighter ended this run: ${run.state.stage === 'ended' ? run.state.outcome : run.state.stage}`,
};

function reasonOf({ run, evidence, acts }: CommentFacts): string {
  const { state } = run;
  if (state.stage === 'frozen' || state.stage === 'ended') return withNotes(state.reason, acts);
  return (
    evidence.findLast((row) => row.kind === 'base' && row.verdict !== 'green')?.summary ??
    'the checks of the contract fail on the base'
  );
}

const SHOWN = 20;

function tried({ run, evidence, publicUrl }: CommentFacts): string {
  const { openings, rounds, races, fixes } = run.state.progress;
  const counts = [
    `sessions: ${openings}`,
    `gate refusals: ${rounds}`,
    `lost races: ${races}`,
    `fix-forward attempts: ${fixes} of ${boundsWith(run.bounds, run.state.progress.granted).fixAttempts}`,
  ].join(', ');
  const told = evidence.filter((row) => row.verdict !== null);
  const lines = told
    .slice(-SHOWN)
    .map((row) => `- [${row.kind}](${publicUrl}/evidence/${row.id}) ${row.verdict}: ${inline(row.summary)}`);
  const left = told.length > SHOWN ? [`- and ${told.length - SHOWN} before these, on the run page`] : [];
  return `What was tried (${counts}):\n\n${[...left, ...lines].join('\n') || '- nothing that left evidence'}`;
}

function steps({ topic, run, pushUnknown }: CommentFacts): string {
  const again = `apply the label \`${LABELS.ready}\` again: a new run starts`;
  switch (topic) {
    case 'frozen': {
      const bounds = boundsWith(run.bounds, run.state.progress.granted);
      const ways = unfreezeWays({ id: run.id, progress: run.state.progress, bounds });
      return commands(ways.map(({ what, command }) => [what, command]));
    }
    case 'base-red':
      return `Make main green. The run goes on by itself when main moves. To give it up:\n\n${commands([['cancel the run', `lamplighter cancel ${run.id} --note "why"`]])}`;
    case 'rejected':
      return `Answer the above in the issue, then ${again}.`;
    case 'needs-human':
    case 'ended':
      if (run.outcome === 'superseded' || (run.state.stage === 'ended' && run.state.outcome === 'superseded'))
        return `Main has gone on without this run: close the issue if that settles it, else ${again}.`;
      return `${pushUnknown ? `Look first whether main has a commit with \`Lamplighter-Run: ${run.id}\`. Then read` : 'Read'} what was tried (\`lamplighter show ${run.id}\`), then ${again}; or do it by hand.`;
  }
}

function commands(lines: readonly (readonly [string, string])[]): string {
  return `\`\`\`sh\n${lines.map(([why, command]) => `# ${why}\n${command}`).join('\n')}\n\`\`\``;
}
