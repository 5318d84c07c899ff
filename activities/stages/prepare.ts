/** Before a session: the contract as main has it, the base proven, the worktree made ready; and the wait for main to move. */
import type { RunRow, Store } from '../../store/port.ts';
import type { Admission, RepoActivities } from '../../workflows/ports.ts';
import { declaredStages } from '../deploy/declared.ts';
import type { Stages } from '../deploy/stages.ts';
import { READ_APART_MS, type Admit } from '../dispatch/admission.ts';
import type { Gates } from '../gates/gates.ts';
import type { RepoGit } from '../git/port.ts';
import { checksFact, checksMs } from '../run/checks-fact.ts';
import type { ContractAt } from '../run/contract-at.ts';
import { hasActs, CALLED_AWAY, minding } from '../run/minding.ts';
import { patiently } from '../pace/patience.ts';
import type { SetUp } from './set-up.ts';
import { notYet } from '../pace/waiting.ts';
import { storedRun } from '../run/stored-run.ts';

export interface PrepareDeps {
  readonly admit: Admit;
  readonly store: Pick<Store, 'runs' | 'acts' | 'escalations' | 'control'>;
  readonly git: Pick<RepoGit, 'refresh' | 'remoteHead' | 'openWorktree'>;
  readonly gates: Pick<Gates, 'proveBase'>;
  readonly contractAt: ContractAt;
  readonly stages: Pick<Stages, 'stagesOf'>;
  readonly setUp: SetUp;
  readonly now: () => number;
}

export type PrepareActivities = Pick<RepoActivities, 'readContract' | 'prepareRun' | 'awaitHeadMove'>;

/** Nothing is lost yet when the remote can't be read at the start: the lane and the slot are given back soon. */
const PREPARE_PATIENCE_MS = 10 * 60_000;

export function createPrepareActivities(deps: PrepareDeps): PrepareActivities {
  const { store, git, gates } = deps;

  /** Main's sha, or why it could not be had for so long that a person is needed. */
  async function mainOf(runId: string): ReturnType<typeof patiently<string>> {
    const { repo } = await storedRun(store.runs, runId);
    const patience = { run: runId, repo, what: 'reading the remote', deadlineMs: PREPARE_PATIENCE_MS };
    return patiently(deps, patience, () => git.refresh());
  }

  /** A tracker that is away is waited for apart: what is tried here, and for how long, is told of the remote. */
  async function admissionTo(run: RunRow): Promise<Admission> {
    try {
      return await deps.admit(run, READ_APART_MS);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return { kind: 'held', by: `the issue cannot be read: ${reason}` };
    }
  }

  return {
    readContract: ({ runId }) =>
      minding(deps, runId, async () => {
        const run = await storedRun(store.runs, runId);
        const admission = await admissionTo(run);
        if (admission.kind !== 'admitted') return admission;
        const main = await mainOf(runId);
        if (typeof main !== 'string') return main;
        const read = await deps.contractAt(main);
        if (!read.ok) return { kind: 'failed', reason: read.reason };
        // What could never be watched is said before money is spent and before anything is pushed. A trial pushes nothing.
        const declared = run.state.progress.trial ? null : await declaredStages(deps.stages, main);
        return declared?.ok === false ? { kind: 'failed', reason: declared.reason } : { kind: 'read' };
      }),

    prepareRun: ({ runId }) =>
      minding(deps, runId, async (beat) => {
        const base = await mainOf(runId);
        if (typeof base !== 'string') return base;
        const read = await deps.contractAt(base);
        if (!read.ok) return { kind: 'failed', reason: read.reason };
        await store.control.setFact(checksFact(runId), checksMs(read.contract), deps.now());
        const proof = await gates.proveBase({ run: runId, base, contract: read.contract, ...beat });
        if (proof.verdict === 'red') return { kind: 'base-red', sha: base, reason: proof.reason };
        if (proof.verdict === 'broken') return { kind: 'failed', reason: `the base cannot be judged: ${proof.reason}` };
        const worktree = await git.openWorktree(runId, base);
        const ready = await deps.setUp({ worktree, contract: read.contract, ...beat });
        if (!ready.ok) return { kind: 'failed', reason: ready.reason };
        return { kind: 'prepared', base, ask: read.contract.push === 'ask' };
      }),

    async awaitHeadMove({ runId, from }) {
      if (await hasActs(store, runId)) return CALLED_AWAY;
      if ((await git.remoteHead()) === from) throw notYet(`main is still at ${from}`);
      return { kind: 'moved' };
    },
  };
}
