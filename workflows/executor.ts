/**
 * The executor port at workflow level: what drives the model. An executor is a hint machine: it says that it submitted or gave up, and
 * the gates decide. What counts as submitted is activities/hand-over's to say, what a call may cost activities/metering's: of every executor.
 */
import type { SessionEnd } from '../domain/session-end.ts';
import type { Brief } from '../domain/stage.ts';
import type { Subject } from '../domain/unit.ts';

export interface SessionSpec {
  readonly unit: Subject;
  readonly repoKey: string;
  /** By its name in executors.ts; the built-in one where the run's input says none. */
  readonly executor?: string | undefined;
  /** Key of `start`: the same opening twice is one. */
  readonly opening: number;
  readonly brief: Brief;
  readonly heartbeatSeconds: number;
}

export interface Executor {
  /** What a worker's death costs at most. */
  readonly lossBound: string;
  /** Idempotent by the spec's opening; hands over the brief. */
  start(spec: SessionSpec): Promise<{ readonly sessionId: string }>;
  /** Goes one step on and says whether the session has ended. `elapsedMs` is the session time of the unit's whole life. */
  observe(spec: SessionSpec, sessionId: string, elapsedMs: number): Promise<SessionEnd | null>;
  /** Says to the session what people have asked since; before each step. */
  instruct(spec: SessionSpec, sessionId: string): Promise<void>;
  /** The session was cancelled: nothing of it is at work once this is done. */
  stop(spec: SessionSpec, sessionId: string): Promise<void>;
}
