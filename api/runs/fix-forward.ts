/** A run's pushes and what its deploy said of each, with how much of the bounds for fixing forward is left: the story of a red deploy, for people. */
import { logOf } from '../../activities/deploy/output.ts';
import { boundsWith } from '../../domain/bounds.ts';
import { trimLog } from '../../domain/log-trim.ts';
import type { FixForwardView, PushView } from '../views/view.ts';
import type { EvidenceIndex, EvidenceRow, RunRow, TransitionRow } from '../../store/port.ts';

const LOG_CHARS = 2_500;

/** Null while nothing of the run was red once deployed. */
export async function viewFixForward(
  evidence: Pick<EvidenceIndex, 'body'>,
  run: RunRow,
  transitions: readonly TransitionRow[],
  rows: readonly EvidenceRow[],
): Promise<FixForwardView | null> {
  const { progress, stage } = run.state;
  if (progress.red === null) return null;
  const bounds = boundsWith(run.bounds, progress.granted);
  const over = stage === 'frozen' || stage === 'ended' || progress.firstRedAt === null;
  return {
    made: progress.fixes,
    allowed: bounds.fixAttempts,
    until: over ? null : (progress.firstRedAt ?? 0) + bounds.fixMs,
    pushes: await Promise.all(foldPushes(transitions).map((push) => withLog(evidence, push, rows))),
  };
}

type Folded = Omit<PushView, 'red'> & { readonly red: { readonly stage: string; readonly reason: string } | null };

export function foldPushes(transitions: readonly TransitionRow[]): Folded[] {
  const pushes: Folded[] = [];
  let by = 'first push';
  let before: TransitionRow['stage'] | null = null;
  for (const { state, at } of transitions) {
    const last = pushes.at(-1);
    if (state.stage === 'implement' && state.brief.kind === 'retry') by = `retry by ${state.brief.by}`;
    if (state.stage === 'fix' && state.brief !== null) by = `fix-forward attempt ${state.progress.fixes}`;
    if (state.stage === 'watch' && last?.sha !== state.sha)
      pushes.push({ sha: state.sha, by, at, verdict: null, red: null });
    const { red } = state.progress;
    if (last !== undefined && state.stage === 'fix' && red?.sha === last.sha)
      pushes.splice(-1, 1, { ...last, verdict: 'red', red });
    if (last !== undefined && state.stage === 'ended' && state.outcome === 'shipped' && before === 'watch')
      pushes.splice(-1, 1, { ...last, verdict: 'green' });
    before = state.stage;
  }
  return pushes;
}

async function withLog(
  evidence: Pick<EvidenceIndex, 'body'>,
  push: Folded,
  rows: readonly EvidenceRow[],
): Promise<PushView> {
  const { red } = push;
  if (red === null) return { ...push, red: null };
  const row = rows.findLast((one) => one.kind === red.stage && one.sha === push.sha && one.verdict === 'red');
  const log = row === undefined ? '' : trimLog(logOf(await evidence.body(row.id)), LOG_CHARS);
  return { ...push, red: { ...red, evidence: row?.id ?? null, log } };
}
