/**
 * The executor port at workflow level: what drives the model. An executor is a hint machine: it says that it submitted
 * or gave up, and the gates decide. Each states what a worker's death costs at most.
 */
import type { SessionEnd } from '../domain/session-end.ts';
import type { Brief } from '../domain/stage.ts';
import { ActivityFailure, isCancellation } from '@temporalio/workflow';
import { control, long, once, onHost } from './calls.ts';
import type { ToolCall } from './ports.ts';

export interface SessionSpec {
  readonly runId: string;
  readonly repoKey: string;
  /** Key of `start`: the same opening twice is one. */
  readonly opening: number;
  readonly brief: Brief;
  readonly heartbeatSeconds: number;
}

export interface Executor {
  readonly name: 'builtin';
  readonly lossBound: string;
  /** Idempotent by the spec's opening; hands over the brief. */
  start(spec: SessionSpec): Promise<{ readonly sessionId: string }>;
  /** Goes one step on and says whether the session has ended. `elapsedMs` is the session time of the run's whole life. */
  observe(spec: SessionSpec, sessionId: string, elapsedMs: number): Promise<SessionEnd | null>;
}

export const builtin: Executor = {
  name: 'builtin',
  lossBound: 'at most the turn or the tool call in flight',

  start(spec) {
    return onHost(spec.repoKey, `Brief the session: ${spec.brief.kind}`, long(spec.heartbeatSeconds)).openSession({
      runId: spec.runId,
      opening: spec.opening,
      brief: spec.brief,
    });
  },

  async observe(spec, sessionId, elapsedMs) {
    const step = await control('Model turn', long(spec.heartbeatSeconds)).modelTurn({
      runId: spec.runId,
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
};

async function runCall(spec: SessionSpec, sessionId: string, turn: number, call: ToolCall): Promise<SessionEnd | null> {
  const shape = call.replay === 'safe' ? long(spec.heartbeatSeconds) : once(spec.heartbeatSeconds);
  const key = { runId: spec.runId, sessionId, turn, toolUseId: call.id };
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
