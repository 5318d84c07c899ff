/** The stages of a run that need its checkout: prepare, verify, push, merge. Verdicts come from git and gates, never from a model. */
import type { Contract } from '../../domain/contract.ts';
import type { Issue } from '../../domain/issue.ts';
import { NO_WAIVERS, waiversOf } from '../../domain/waivers.ts';
import type { RunRow, Store } from '../../store/port.ts';
import type { RepoActivities } from '../../workflows/ports.ts';
import type { PerformEffect } from '../effects/perform.ts';
import type { Gates } from '../gates/gates.ts';
import type { PushOutcome, RepoGit } from '../git/port.ts';
import { heartbeating } from './heartbeat.ts';
import { patiently } from './patience.ts';
import type { SetUp } from './set-up.ts';
import { notYet } from './waiting.ts';

export interface StageDeps {
  readonly store: Store;
  readonly git: RepoGit;
  readonly gates: Gates;
  /** Reads and parses the contract as it is in a sha. */
  readonly contractAt: (
    sha: string,
  ) => Promise<{ readonly ok: true; readonly contract: Contract } | { readonly ok: false; readonly reason: string }>;
  readonly setUp: SetUp;
  /** As the tracker has it now; null when it is gone from there. */
  readonly issueOf: (run: RunRow) => Promise<Issue | null>;
  readonly perform: PerformEffect;
  readonly now: () => number;
}

export type StageActivities = Pick<
  RepoActivities,
  'prepareRun' | 'awaitHeadMove' | 'verifyRun' | 'pushRun' | 'mergeRun'
>;

/** Nothing is lost yet when the remote can't be read at the start: the lane and the slot are given back soon. */
const PREPARE_PATIENCE_MS = 10 * 60_000;
/** Proven work waits for its remote longer. */
const PUSH_PATIENCE_MS = 60 * 60_000;

export function createStageActivities(deps: StageDeps): StageActivities {
  const { store, git, gates } = deps;

  async function runOf(runId: string): Promise<RunRow> {
    const run = await store.runs.get(runId);
    if (run === null) throw new Error(`run ${runId} is not in the store: its row was removed while it was open`);
    return run;
  }

  return {
    prepareRun: ({ runId }) =>
      heartbeating(async (beat) => {
        const { repo } = await runOf(runId);
        const patience = { run: runId, repo, what: 'reading the remote', deadlineMs: PREPARE_PATIENCE_MS };
        const base = await patiently(deps, patience, () => git.refresh());
        if (typeof base !== 'string') return base;
        const read = await deps.contractAt(base);
        if (!read.ok) return { kind: 'failed', reason: read.reason };
        const proof = await gates.proveBase({ run: runId, base, contract: read.contract, ...beat });
        if (proof.verdict === 'red') return { kind: 'base-red', sha: base, reason: proof.reason };
        if (proof.verdict === 'broken') return { kind: 'failed', reason: `the base cannot be judged: ${proof.reason}` };
        const worktree = await git.openWorktree(runId, base);
        const ready = await deps.setUp({ worktree, contract: read.contract, ...beat });
        return ready.ok ? { kind: 'prepared', base } : { kind: 'failed', reason: ready.reason };
      }),

    async awaitHeadMove({ from }) {
      if ((await git.remoteHead()) === from) throw notYet(`main is still at ${from}`);
    },

    verifyRun: ({ runId, base, head }) =>
      heartbeating(async (beat) => {
        const run = await runOf(runId);
        const read = await deps.contractAt(base);
        if (!read.ok) return { kind: 'failed', reason: read.reason };
        const changedTests = submittedTests(await store.control.fact(`submit/${runId}`));
        // Read as late as this, because a person may have lifted a gate, or put it back, while the session worked.
        const issue = await deps.issueOf(run);
        const judged = await gates.verify({
          run: runId,
          issue: run.issue,
          base,
          head,
          contract: read.contract,
          changedTests,
          waivers: issue === null ? NO_WAIVERS : waiversOf(issue),
          ...beat,
        });
        if (judged.kind === 'broken') return { kind: 'failed', reason: `the gates cannot judge: ${judged.reason}` };
        return judged.kind === 'proven'
          ? judged
          : { kind: 'refused', findings: judged.findings.slice(0, 20).map((finding) => finding.slice(0, 600)) };
      }),

    pushRun: ({ runId, head }) =>
      heartbeating(async () => {
        const { repo } = await runOf(runId);
        const patience = { run: runId, repo, what: 'the push', deadlineMs: PUSH_PATIENCE_MS };
        const outcome = await patiently(deps, patience, () =>
          deps.perform<PushOutcome>({
            key: `push/${runId}/${head}`,
            name: 'push',
            class: 'provable',
            run: runId,
            lookup: async () => ((await git.contains(head, await git.refresh())) ? { kind: 'pushed' } : null),
            act: () => git.push(head),
          }),
        );
        if (outcome.kind === 'failed') return outcome;
        await recordPush(store, runId, head, outcome, deps.now());
        if (outcome.kind === 'refused')
          return {
            kind: 'failed',
            reason: `the remote refuses the push: ${outcome.reason}. Let the bot push to the branch, then label the issue again`,
          };
        return outcome.kind === 'pushed' ? { kind: 'pushed', sha: head } : outcome;
      }),

    mergeRun: ({ runId, head }) =>
      heartbeating(async () => {
        const run = await runOf(runId);
        const main = await git.refresh();
        const merged = await git.merge(head, main, `Merge main\n\nRefs #${run.issue}\nLamplighter-Run: ${runId}\n`);
        return merged.kind === 'merged'
          ? { kind: 'merged', head: merged.head, base: main }
          : { kind: 'conflicts', main, files: merged.files.slice(0, 100) };
      }),
  };
}

async function recordPush(store: Store, run: string, sha: string, outcome: PushOutcome, at: number): Promise<void> {
  await store.evidence.put({
    key: `push/${run}/${sha}`,
    run,
    kind: 'push',
    sha,
    verdict: outcome.kind === 'pushed' ? 'green' : 'red',
    summary: outcome.kind === 'pushed' ? `${sha.slice(0, 10)} is on main` : `not pushed: ${outcome.kind}`,
    mediaType: 'application/json',
    body: JSON.stringify(outcome),
    at,
  });
}

interface ChangedTest {
  readonly id: string;
  readonly reason: string;
}

function submittedTests(fact: unknown): ChangedTest[] {
  if (typeof fact !== 'object' || fact === null || !('changedTests' in fact) || !Array.isArray(fact.changedTests))
    return [];
  return fact.changedTests.filter(isChangedTest);
}

function isChangedTest(value: unknown): value is ChangedTest {
  return (
    typeof value === 'object' &&
    value !== null &&
    'id' in value &&
    typeof value.id === 'string' &&
    'reason' in value &&
    typeof value.reason === 'string'
  );
}
