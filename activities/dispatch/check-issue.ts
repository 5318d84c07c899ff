import { isTrusted, lastApplication } from '../../domain/eligibility.ts';
import { LABELS, type Issue } from '../../domain/issue.ts';
import type { RunRow } from '../../store/port.ts';
import type { Admission } from '../../workflows/ports.ts';

export type IssueCheck = Extract<Admission, { kind: 'admitted' | 'withdrawn' }>;

/**
 * Whether people still want the run. The label must be on the issue now; that of this run's release, or a later one
 * that a trusted person applied: who takes the label away and puts it back still wants the work.
 */
export function checkRelease(run: Pick<RunRow, 'issue' | 'release' | 'state'>, issue: Issue | null): IssueCheck {
  if (issue === null) return withdrawn(run, 'is not in the tracker any more');
  if (issue.state === 'closed') return withdrawn(run, 'was closed');
  // A trial is asked for by a person, not by a label.
  if (run.state.progress.trial) return { kind: 'admitted' };
  if (!issue.labels.includes(LABELS.ready)) return withdrawn(run, `does not carry ${LABELS.ready} any more`);
  const last = lastApplication(issue.labelEvents, LABELS.ready);
  if (last?.id === run.release || isTrusted(last?.by ?? null)) return { kind: 'admitted' };
  return withdrawn(
    run,
    `was labelled ${LABELS.ready} again by ${last?.by?.login ?? 'nobody the tracker can name'}, who is not trusted`,
  );
}

function withdrawn(run: Pick<RunRow, 'issue'>, what: string): IssueCheck {
  return { kind: 'withdrawn', reason: `issue #${run.issue} ${what}` };
}
