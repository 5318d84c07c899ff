/** Lamplighter's own agent loop: one activity a model call, one a tool call, the transcript in the store. */
import { ActivityFailure, isCancellation } from '@temporalio/workflow';
import type { SessionEnd } from '../domain/session-end.ts';
import { control, long, once, onHost } from './calls.ts';
import type { Executor, SessionSpec } from './executor.ts';
import type { ToolCall } from './ports.ts';

export const builtin: Executor = {
  lossBound: 'at most the turn or the tool call in flight',

  start({ unit, repoKey, opening, brief, heartbeatSeconds }) {
    const summary = `Brief the session: ${brief.kind}`;
    return onHost(repoKey, summary, long(heartbeatSeconds)).openSession({ unit, opening, brief });
  },

  async observe(spec, sessionId, elapsedMs) {
    const step = await control('Model turn', long(spec.heartbeatSeconds)).modelTurn({
      unit: spec.unit,
      sessionId,
      elapsedMs,
    });
    if (step.kind === 'ended') return step.end;
    if (step.kind === 'again') return null;
    for (const call of step.calls) {
      const end = await runCall(spec, sessionId, step.turn, call);
      if (end !== null) return end;
    }
    return null;
  },

  /** Nothing to do: each model turn reads what people said in the activity that makes it, at its own boundary. */
  instruct: () => Promise.resolve(),

  /** Nothing to do: the activity in flight is cancelled with the session, and waited for. */
  stop: () => Promise.resolve(),
};

async function runCall(spec: SessionSpec, sessionId: string, turn: number, call: ToolCall): Promise<SessionEnd | null> {
  const shape = call.replay === 'safe' ? long(spec.heartbeatSeconds) : once(spec.heartbeatSeconds);
  const key = { unit: spec.unit, sessionId, turn, toolUseId: call.id };
  try {
    const done = await onHost(spec.repoKey, `${call.name} (turn ${turn})`, shape).runTool(key);
    return done.kind === 'ended' ? done.end : null;
  } catch (error) {
    if (isCancellation(error) || !(error instanceof ActivityFailure) || call.replay === 'safe') throw error;
    // One attempt, and it is lost: the model is told that it may have run in part.
    const recorded = await onHost(
      spec.repoKey,
      `${call.name} was interrupted (turn ${turn})`,
      long(spec.heartbeatSeconds),
    ).recordInterrupted(key);
    // Nothing at all in a history of before it could end the session.
    return recorded?.kind === 'ended' ? recorded.end : null;
  }
}
