/**
 * One opening of a unit's session, whatever executor drives it: from a brief to submit, give-up or a bound. The transcript lives in the
 * store and outlives this workflow; history carries references only, and rotates long before it gets heavy.
 */
import {
  CancellationScope,
  continueAsNew,
  isCancellation,
  setCurrentDetails,
  workflowInfo,
} from '@temporalio/workflow';
import type { SessionEnd } from '../domain/session-end.ts';
import type { SessionSpec } from './executor.ts';
import { executorNamed } from './executors.ts';

export interface SessionInput extends SessionSpec {
  /** Milliseconds that earlier openings of this unit's session took. */
  readonly spentMs: number;
  /** Set when this execution continues an opening that has been briefed. */
  readonly continued?: { readonly sessionId: string; readonly steps: number };
}

export interface SessionResult {
  readonly end: SessionEnd;
  readonly spentMs: number;
}

const STEPS_PER_EXECUTION = 50;

export async function agentSession(input: SessionInput): Promise<SessionResult> {
  const startedAt = Date.now();
  const spent = (): number => input.spentMs + (Date.now() - startedAt);
  const executor = executorNamed(input.executor);
  const { sessionId } = input.continued ?? (await executor.start(input));
  const before = input.continued?.steps ?? 0;

  try {
    for (let steps = 1; ; steps += 1) {
      setCurrentDetails(`Session \`${sessionId}\`, step ${before + steps}, briefed by \`${input.brief.kind}\``);
      await executor.instruct(input, sessionId);
      const end = await executor.observe(input, sessionId, spent());
      if (end !== null) return { end, spentMs: spent() };
      if (steps >= STEPS_PER_EXECUTION || workflowInfo().continueAsNewSuggested) {
        await continueAsNew<typeof agentSession>({
          ...input,
          spentMs: spent(),
          continued: { sessionId, steps: before + steps },
        });
      }
    }
  } catch (error) {
    if (isCancellation(error)) await CancellationScope.nonCancellable(() => executor.stop(input, sessionId));
    throw error;
  }
}
