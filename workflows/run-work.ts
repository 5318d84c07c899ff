/** One function a kind of work: calls the activities that do it and turns what they say into the event that moves the run. */
import { CancellationScope, condition, executeChild, sleep } from '@temporalio/workflow';
import { sessionWorkflowId, type RunInput } from '../domain/run.ts';
import type { RunEvent, Work } from '../domain/stage.ts';
import { agentSession } from './agent-session.ts';
import { control, long, onHost, waiting } from './calls.ts';

export type RunWork = (due: Work) => Promise<RunEvent>;

type Of<D extends Work['do']> = Extract<Work, { do: D }>;

/** After more lost races than the bounds allow, the run lets the others finish first. */
const PATIENCE = '10 minutes';

export function createWork(input: RunInput, look: () => void): RunWork {
  const { runId, repoKey } = input;
  const steady = long(input.heartbeatSeconds);
  let sessionMs = 0;

  async function triage(): Promise<RunEvent> {
    const issue = await control('Is the issue still released?').checkIssue({ runId });
    if (!issue.ok) return { kind: 'not-eligible', reason: issue.reason };
    const triaged = await control('Triage: turn the issue into a plan', steady).triage({ runId });
    return triaged;
  }

  async function prepare(): Promise<RunEvent> {
    await control('Wait for a free slot', waiting(2_000)).acquireSlot({ runId });
    return onHost(repoKey, 'Prepare: fetch, worktree, prove the base', steady).prepareRun({ runId });
  }

  async function awaitHeadMove(due: Of<'await-head-move'>): Promise<RunEvent> {
    await onHost(repoKey, `Base is red at ${short(due.from)}: wait for main to move`, waiting(15_000)).awaitHeadMove({ runId, from: due.from });
    return { kind: 'head-moved' };
  }

  async function session(due: Of<'session'>): Promise<RunEvent> {
    const issue = await control('Is the issue still released?').checkIssue({ runId });
    if (!issue.ok) return { kind: 'withdrawn', reason: issue.reason };
    await control('Wait for a free slot', waiting(2_000)).acquireSlot({ runId });
    const result = await executeChild(agentSession, {
      args: [{ runId, repoKey, opening: due.opening, brief: due.brief, bounds: input.bounds, heartbeatSeconds: input.heartbeatSeconds, spentMs: sessionMs }],
      workflowId: sessionWorkflowId(runId, due.opening),
      staticSummary: `Session ${due.opening}: ${due.brief.kind}`,
    });
    sessionMs = result.spentMs;
    const { end } = result;
    if (end.kind === 'failed') return { kind: 'failed', reason: `the session failed: ${end.reason}` };
    if (end.kind === 'stopped') return { kind: 'failed', reason: 'the session was stopped' };
    return end;
  }

  async function verify(due: Of<'verify'>): Promise<RunEvent> {
    return onHost(repoKey, `Gates on ${short(due.head)}`, steady).verifyRun({ runId, base: due.base, head: due.head });
  }

  async function push(due: Of<'push'>): Promise<RunEvent> {
    const issue = await control('Is the issue still released?').checkIssue({ runId });
    if (!issue.ok) return { kind: 'withdrawn', reason: issue.reason };
    // A push in flight is never cut: its outcome is what the next act must be judged by.
    return CancellationScope.nonCancellable(() => onHost(repoKey, `Push ${short(due.head)}`, steady).pushRun({ runId, head: due.head }));
  }

  async function merge(due: Of<'merge'>): Promise<RunEvent> {
    if (due.patient) await sleep(PATIENCE, { summary: 'Several lost races: let the others land first' });
    return onHost(repoKey, `Somebody landed first: merge ${short(due.main)}`, steady).mergeRun({ runId, head: due.head });
  }

  async function watch(due: Of<'watch'>): Promise<RunEvent> {
    const seen = await onHost(repoKey, `Watch ${short(due.sha)} through build, deploy and health`, steady).watchDeploy({ runId, sha: due.sha });
    return seen.kind === 'unwatchable' ? { kind: 'failed', reason: seen.reason } : seen;
  }

  async function proveHead(due: Of<'prove-head'>): Promise<RunEvent> {
    const seen = await onHost(repoKey, 'Prove that main is healthy', steady).proveHead({ runId, sha: due.sha, reverted: due.resolution.reverted });
    return seen.kind === 'proven' ? { kind: 'head-proven', sha: seen.sha } : { kind: 'head-not-proven', reason: seen.reason };
  }

  /** Ends only by an act, which cancels it; the activity is for an act whose poke was lost. */
  async function awaitUnfreeze(): Promise<never> {
    await control('Frozen: wait for a person', waiting(5_000)).awaitAct({ runId });
    look();
    await condition(() => false);
    throw new Error('unreachable: a condition that is never true ended');
  }

  return async (due) => {
    switch (due.do) {
      case 'triage':
        return triage();
      case 'prepare':
        return prepare();
      case 'await-head-move':
        return awaitHeadMove(due);
      case 'session':
        return session(due);
      case 'verify':
        return verify(due);
      case 'push':
        return push(due);
      case 'merge':
        return merge(due);
      case 'watch':
        return watch(due);
      case 'prove-head':
        return proveHead(due);
      case 'await-unfreeze':
        return awaitUnfreeze();
    }
  };
}

function short(sha: string): string {
  return sha.slice(0, 10);
}
