/** What a person reads at the top of a run in Temporal Web: where it stands, what is next, where to look. Markdown; no issue text. */
import type { RunInput } from './run.ts';
import type { RunEffect, RunState, Stage } from './stage.ts';

const TRACK: readonly { readonly stage: Stage; readonly label: string }[] = [
  { stage: 'triage', label: 'Triage: the issue becomes a plan' },
  { stage: 'prepare', label: 'Prepare: worktree, base proven green' },
  { stage: 'implement', label: 'Implement: test-first, by the agent' },
  { stage: 'verify', label: 'Verify: guard, red, regression, green' },
  { stage: 'push', label: 'Push to main' },
  { stage: 'watch', label: 'Watch: build, deploy, health' },
];
/** Shown only where a run came through them. */
const ASIDE: readonly { readonly stage: Stage; readonly label: string }[] = [
  { stage: 'awaiting-approval', label: 'Approval of a person' },
  { stage: 'fix', label: 'Fix forward: a red deploy, mended by another commit' },
];

export function runDetails(input: RunInput, state: RunState, passed: ReadonlySet<Stage>): string {
  const lines = [...TRACK, ...ASIDE.filter(({ stage }) => passed.has(stage))].map(({ stage, label }) => {
    if (state.stage === stage) return `- **➤ ${label}**`;
    return passed.has(stage) ? `- ✓ ${label}` : `- ○ ${label}`;
  });
  return [
    `**${headline(state)}**`,
    '',
    ...lines,
    '',
    `[Run page](${input.pageUrl}) · run \`${input.runId}\` · ${input.repoName}#${input.issue}`,
  ].join('\n');
}

/** One line of the timeline: where the run is moved, and what that owes the world. */
export function moveInWords({ state, effects }: { state: RunState; effects: readonly RunEffect[] }): string {
  const stage = state.stage === 'ended' ? `ended, ${state.outcome}` : state.stage;
  return [`Record stage ${stage}`, ...effects.map(effectInWords)].join(' · ');
}

function effectInWords(effect: RunEffect): string {
  switch (effect.do) {
    case 'label':
      return [...effect.add.map((label) => `+ ${label}`), ...effect.remove.map((label) => `− ${label}`)].join('  ');
    case 'comment':
      return `Comment on the issue: ${effect.topic}`;
    case 'close':
      return 'Close the issue with its receipt';
    case 'release-slot':
      return 'Give the slot back';
    case 'escalate':
      return effect.severity === 'high' ? `Call a person: ${effect.topic}` : `Tell people: ${effect.topic}`;
  }
}

function headline(state: RunState): string {
  const { pause } = state.progress;
  if (pause !== null) return `Paused by ${pause.by} in ${state.stage}: a person must resume it`;
  switch (state.stage) {
    case 'triage':
      return 'Reading the issue';
    case 'prepare':
      return state.waiting ? 'Main is red without us: waiting for it to move' : 'Making ready';
    case 'implement':
      return state.brief.kind === 'implement'
        ? 'The agent is at work'
        : `The agent is at work again (${state.brief.kind})`;
    case 'verify':
      return state.redBase === null
        ? `Proving ${short(state.head)}`
        : 'Main moved and is red without us: waiting for it to move on';
    case 'awaiting-approval':
      return `A person must approve or reject ${short(state.head)}`;
    case 'push':
      return state.mergeWith === null ? `Pushing ${short(state.head)}` : 'Somebody landed first: merging';
    case 'watch':
      return `Watching ${short(state.sha)}`;
    case 'fix':
      if (state.redMain !== null) return 'Main is red by others as well: waiting for it to move';
      return state.brief === null
        ? 'Red: looking at main before mending it'
        : `Fixing forward, attempt ${state.progress.fixes}`;
    case 'frozen':
      return `FROZEN at ${short(state.sha)}: a person must unfreeze (retry, resolved or abandon)`;
    case 'ended':
      return `Ended: ${state.outcome}`;
  }
}

function short(sha: string): string {
  return `\`${sha.slice(0, 10)}\``;
}
