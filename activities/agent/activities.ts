/** The built-in agent's activities, of any unit: model turns anywhere, openings and tools on the host that holds the checkout. */
import type { Pool } from '../../domain/pool.ts';
import type { Subject, Unit } from '../../domain/unit.ts';
import type { ControlActivities, RepoActivities } from '../../workflows/ports.ts';
import { heartbeating } from '../pace/heartbeat.ts';
import { CALLED_AWAY } from '../run/minding.ts';
import { isNotYet, notYet } from '../pace/waiting.ts';
import type { Sandbox } from '../sandbox/port.ts';
import type { ModelCallDeps } from './model-call.ts';
import { takeStep } from './model-turn.ts';
import { openUnitSession } from './open-session.ts';
import { comeOutOfHold, markHeld } from './session-hold.ts';
import type { CallKey } from './session-facts.ts';
import { recordLost, runToolCall, type ToolRunDeps, type ToolRunInput } from './tool-run.ts';
import { workOf, type UnitWork, type UnitWorks } from './unit-work.ts';

export interface AgentDeps extends ModelCallDeps {
  readonly works: UnitWorks;
  readonly sandbox: Pick<Sandbox, 'run'>;
  readonly isKilled: () => Promise<boolean>;
  /** A session that was held takes its slot again. */
  readonly pool: () => Promise<Pool>;
  /** A folder of ours, there already, that no agent can write. */
  readonly scratchDir: string;
}

export type AgentActivities = Pick<ControlActivities, 'modelTurn'> &
  Pick<RepoActivities, 'openSession' | 'runTool' | 'recordInterrupted'>;

export function createAgentActivities(deps: AgentDeps): AgentActivities {
  async function unitAt(subject: Subject): Promise<{ readonly unit: Unit; readonly work: UnitWork }> {
    const { id, work } = workOf(deps.works, subject);
    return { unit: await work.unit(id), work };
  }

  /** No model call begins while it is on. */
  async function holdWhileKilled(unit: Unit): Promise<void> {
    if (!(await deps.isKilled())) return;
    const why = 'held by the kill switch';
    await markHeld(deps, unit, why);
    throw notYet(`${unit.subject} is ${why}`);
  }

  type Called = CallKey & { readonly unit: Subject };

  /** A command is watched: a person's stop or interrupt ends it, and the next turn then hears what the person says. */
  async function withCall<T>(
    { unit: subject, ...call }: Called,
    signal: AbortSignal,
    run: (toolDeps: ToolRunDeps, input: ToolRunInput) => Promise<T>,
  ): Promise<T> {
    const { unit, work } = await unitAt(subject);
    const { people } = work;
    const shouldStop = async (): Promise<boolean> => (await deps.isKilled()) || (await people.cutShort(unit.id));
    return run({ ...deps, shouldStop }, { unit, people, call, signal, workplace: await work.workplace(unit.id) });
  }

  return {
    openSession: ({ unit: subject, opening, brief }) =>
      heartbeating(async () => {
        const { unit, work } = await unitAt(subject);
        return openUnitSession({ ...deps, work }, { unit, opening, brief });
      }),

    modelTurn: ({ unit: subject, sessionId, elapsedMs }) =>
      heartbeating(async ({ signal }) => {
        const { unit, work } = await unitAt(subject);
        const { people } = work;
        try {
          const heldMs = await comeOutOfHold(deps, unit, deps.pool);
          await holdWhileKilled(unit);
          return await takeStep(deps, { unit, people, sessionId, elapsedMs, heldMs, signal });
        } catch (error) {
          // Whatever holds it: a person who wants the unit elsewhere does not wait for that.
          if (isNotYet(error) && (await people.callAway(unit.id))) return { kind: 'ended', end: CALLED_AWAY };
          throw error;
        }
      }),

    runTool: (call) => heartbeating(({ signal }) => withCall(call, signal, runToolCall)),
    recordInterrupted: (call) => heartbeating(({ signal }) => withCall(call, signal, recordLost)),
  };
}
