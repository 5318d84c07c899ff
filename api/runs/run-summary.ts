/** A run's row as lists show it: who has to do something, and why it stands where it does. */
import type { RunRow } from '../../store/port.ts';
import type { RunGroup, RunSummary } from '../views/view.ts';

/** A run that ended for a person stays in front of them this long. */
const CALL_SHOWN_MS = 7 * 24 * 60 * 60_000;

export function summaryOf(run: RunRow, now: number): RunSummary {
  return {
    id: run.id,
    repo: run.repo,
    repoName: run.repoName,
    issue: run.issue,
    title: run.title,
    group: groupOf(run, now),
    stage: run.state.stage,
    outcome: run.outcome,
    reason: reasonOf(run.state),
    trouble: null,
    sha: shaOf(run.state),
    createdAt: run.createdAt,
    updatedAt: run.updatedAt,
    endedAt: run.endedAt,
  };
}

function groupOf(run: RunRow, now: number): RunGroup {
  const { state } = run;
  if (state.progress.pause !== null) return 'needs-you';
  switch (state.stage) {
    case 'frozen':
      return state.proving === null ? 'needs-you' : 'running';
    case 'prepare':
      return state.waiting ? 'needs-you' : 'running';
    case 'verify':
      return state.redBase === null ? 'running' : 'needs-you';
    case 'fix':
      return state.redMain === null ? 'running' : 'needs-you';
    case 'awaiting-approval':
      return 'needs-you';
    case 'ended': {
      const calls = state.outcome === 'needs-human' || state.outcome === 'rejected';
      return calls && now - (run.endedAt ?? run.updatedAt) < CALL_SHOWN_MS ? 'needs-you' : 'done';
    }
    default:
      return 'running';
  }
}

function reasonOf(state: RunRow['state']): string | null {
  const { pause } = state.progress;
  if (state.stage === 'frozen' || state.stage === 'ended') return state.reason;
  if (pause !== null) return `paused by ${pause.by}: ${pause.note}`;
  if (state.stage === 'awaiting-approval') return `${state.head} passed every gate and waits for a person's approval`;
  if (isWaitingForMain(state)) return 'main is red without us: waiting until it moves';
  return mendingOf(state);
}

/** What a red deploy means for a run that still goes on. */
function mendingOf({ stage, progress, ...rest }: RunRow['state']): string | null {
  const { red, fixes } = progress;
  if (red === null || (stage === 'watch' && fixes === 0)) return null;
  const where = `${red.stage} of ${red.sha.slice(0, 10)}`;
  const judging = stage === 'fix' && 'brief' in rest && rest.brief === null;
  return judging ? `${where} is red: ${red.reason}` : `fix-forward attempt ${fixes}: ${where} was red`;
}

function isWaitingForMain(state: RunRow['state']): boolean {
  switch (state.stage) {
    case 'prepare':
      return state.waiting;
    case 'verify':
      return state.redBase !== null;
    case 'fix':
      return state.redMain !== null;
    default:
      return false;
  }
}

function shaOf(state: RunRow['state']): string | null {
  switch (state.stage) {
    case 'verify':
    case 'awaiting-approval':
    case 'push':
      return state.head;
    case 'watch':
    case 'fix':
    case 'frozen':
      return state.sha;
    default:
      return state.progress.pushed;
  }
}
