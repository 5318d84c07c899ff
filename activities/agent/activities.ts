/** The agent's activities: triage and model turns anywhere, openings and tools on the host that holds the checkout. */
import type { Issue } from '../../domain/issue.ts';
import type { Pool } from '../../domain/pool.ts';
import type { Contract } from '../../domain/contract.ts';
import type { RunRow } from '../../store/port.ts';
import type { ControlActivities, RepoActivities } from '../../workflows/ports.ts';
import type { RepoGit } from '../git/port.ts';
import { heartbeating } from '../run/heartbeat.ts';
import { hasActs, CALLED_AWAY, minding } from '../run/minding.ts';
import { isNotYet, notYet } from '../run/waiting.ts';
import type { Environment } from '../sandbox/environment.ts';
import type { Sandbox } from '../sandbox/port.ts';
import type { ModelCallDeps } from './model-call.ts';
import { takeStep } from './model-turn.ts';
import { openRunSession } from './open-session.ts';
import { isInterrupted, isStopped } from './session-acts.ts';
import { comeOutOfHold, markHeld } from './session-hold.ts';
import { recordLost, runToolCall, type ToolRunDeps } from './tool-run.ts';
import { triageRun } from './triage.ts';
import { storedRun } from '../run/stored-run.ts';

export interface AgentDeps extends ModelCallDeps {
  readonly sandbox: Pick<Sandbox, 'run'>;
  readonly gitOf: (repoKey: string) => RepoGit;
  /** For sessions: gates have caches of their own. */
  readonly environmentOf: (repoKey: string) => Environment;
  /** As it is in the run's base; throws where it can't be read, which prepare has seen to before. */
  readonly contractOf: (run: RunRow) => Promise<Contract>;
  readonly issueOf: (run: RunRow) => Promise<Issue>;
  readonly isKilled: () => Promise<boolean>;
  /** A session that was held takes its slot again. */
  readonly pool: Pool;
  /** A folder of ours, there already, that no agent can write. */
  readonly scratchDir: string;
}

export type AgentActivities = Pick<ControlActivities, 'triage' | 'modelTurn'> &
  Pick<RepoActivities, 'openSession' | 'runTool' | 'recordInterrupted'>;

export function createAgentActivities(deps: AgentDeps): AgentActivities {
  /** No model call begins while it is on. */
  async function holdWhileKilled(runId: string): Promise<void> {
    if (!(await deps.isKilled())) return;
    const why = 'held by the kill switch';
    await markHeld(deps, runId, why);
    throw notYet(`run ${runId} is ${why}`);
  }

  /** Asked each second while a command runs. An interrupt ends it as well; the next turn then hears what the person says. */
  async function shouldStop(runId: string): Promise<boolean> {
    return (await deps.isKilled()) || (await isStopped(deps.store, runId)) || (await isInterrupted(deps.store, runId));
  }

  function toolDeps(run: RunRow): ToolRunDeps {
    return {
      ...deps,
      git: deps.gitOf(run.repo),
      shouldStop,
      environmentOf: async () => deps.environmentOf(run.repo).forContract(await deps.contractOf(run)),
    };
  }

  return {
    triage: ({ runId }) =>
      minding(deps, runId, async ({ signal }) => {
        await holdWhileKilled(runId);
        return triageRun(deps, await storedRun(deps.store.runs, runId), signal);
      }),

    openSession: ({ runId, opening, brief }) =>
      heartbeating(async () => {
        const run = await storedRun(deps.store.runs, runId);
        return openRunSession({ ...deps, git: deps.gitOf(run.repo) }, { run, opening, brief });
      }),

    modelTurn: ({ runId, sessionId, elapsedMs }) =>
      heartbeating(async ({ signal }) => {
        try {
          const heldMs = await comeOutOfHold(deps, runId, deps.pool);
          await holdWhileKilled(runId);
          const run = await storedRun(deps.store.runs, runId);
          return await takeStep(deps, { run, sessionId, elapsedMs, heldMs, signal });
        } catch (error) {
          // Whatever holds it: a person who wants the run elsewhere does not wait for that.
          if (isNotYet(error) && (await hasActs(deps.store, runId))) return { kind: 'ended', end: CALLED_AWAY };
          throw error;
        }
      }),

    runTool: ({ runId, ...call }) =>
      heartbeating(async ({ signal }) => {
        const run = await storedRun(deps.store.runs, runId);
        return runToolCall(toolDeps(run), { run, call, signal });
      }),

    recordInterrupted: ({ runId, ...call }) =>
      heartbeating(async ({ signal }) => {
        const run = await storedRun(deps.store.runs, runId);
        return recordLost(toolDeps(run), { run, call, signal });
      }),
  };
}
