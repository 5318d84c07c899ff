/** The stages of a run that judge and land its change: verify, push, merge. Verdicts come from git and gates, never from a model. */
import type { Issue } from '../../domain/issue.ts';
import { NO_WAIVERS, waiversOf } from '../../domain/waivers.ts';
import type { RunRow, Store } from '../../store/port.ts';
import type { RunEvent } from '../../domain/stage.ts';
import type { CalledAway, RepoActivities } from '../../workflows/ports.ts';
import { Withheld, type PerformEffect } from '../effects/perform.ts';
import type { Gates } from '../gates/gates.ts';
import type { RecordedRed } from '../gates/verification.ts';
import type { PushOutcome, RepoGit } from '../git/port.ts';
import type { ContractAt } from '../run/contract-at.ts';
import { keepDiff } from './diff-evidence.ts';
import { heartbeating } from '../pace/heartbeat.ts';
import { takenAway } from '../run/main-holds.ts';
import { CALLED_AWAY, isWantedElsewhere, minding } from '../run/minding.ts';
import { patiently } from '../pace/patience.ts';
import { storedRun } from '../run/stored-run.ts';
import { headOf } from '../../domain/text.ts';
import { runSubject } from '../../domain/unit.ts';

export interface StageDeps {
  readonly store: Store;
  readonly git: RepoGit;
  readonly gates: Gates;
  readonly contractAt: ContractAt;
  /** As the tracker has it now; null when it is gone from there. */
  readonly issueOf: (run: RunRow) => Promise<Issue | null>;
  readonly perform: PerformEffect;
  readonly isKilled: () => Promise<boolean>;
  readonly now: () => number;
}

export type StageActivities = Pick<RepoActivities, 'verifyRun' | 'pushRun' | 'mergeRun'>;

/** Proven work waits for its remote longer. */
const PUSH_PATIENCE_MS = 60 * 60_000;

type NotPushed = Extract<RunEvent, { kind: 'failed' | 'taken-back' }>;

export function createStageActivities(deps: StageDeps): StageActivities {
  const { store, git, gates } = deps;

  /** Asked where the remote does not have it: nobody is pushed past. */
  async function mayPush(runId: string): Promise<void> {
    if ((await isWantedElsewhere(store, runId, deps.now())) || (await deps.isKilled()))
      throw new Withheld(`run ${runId} is not to be pushed`);
  }

  async function push(run: RunRow, head: string): Promise<PushOutcome | NotPushed> {
    const key = `push/${run.id}/${head}`;
    // Of one that was begun before, only the remote knows what became of it.
    if (!(await store.effects.list(runSubject(run.id))).some((one) => one.key === key)) await mayPush(run.id);
    const patience = { run: run.id, repo: run.repo, what: 'the push', deadlineMs: PUSH_PATIENCE_MS };
    return patiently(deps, patience, async () => {
      const main = await git.refresh();
      return (
        (await takenAway(git, run.state.progress, main)) ??
        (await deps.perform<PushOutcome>({
          key,
          name: 'push',
          class: 'provable',
          unit: runSubject(run.id),
          lookup: async () => ((await git.contains(head, main)) ? { kind: 'pushed' } : null),
          async act() {
            await mayPush(run.id);
            return git.push(head, main);
          },
          happened: ({ kind }) => kind === 'pushed',
        }))
      );
    });
  }

  return {
    verifyRun: ({ runId, base, head }) =>
      minding(deps, runId, async (beat) => {
        const run = await storedRun(store.runs, runId);
        const read = await deps.contractAt(base);
        if (!read.ok) return { kind: 'failed', reason: read.reason };
        const { changedTests = [] } = (await store.control.fact(`submit/${runId}`)) ?? {};
        // Read as late as this, because a person may have lifted a gate, or put it back, while the session worked.
        const issue = await deps.issueOf(run);
        const judged = await gates.verify({
          run: runId,
          issue: run.issue,
          base,
          head,
          contract: read.contract,
          changedTests,
          recordedRed: await recordedRed(store, run),
          waivers: issue === null ? NO_WAIVERS : waiversOf(issue),
          ...beat,
        });
        if (judged.kind === 'proven') {
          await keepDiff(deps, { run: runId, base, head });
          return { kind: 'proven', ask: read.contract.push === 'ask' };
        }
        if (judged.kind === 'broken') return { kind: 'failed', reason: `the gates cannot judge: ${judged.reason}` };
        return judged.kind !== 'refused'
          ? judged
          : { kind: 'refused', findings: judged.findings.slice(0, 20).map((finding) => headOf(finding, 600)) };
      }),

    pushRun: ({ runId, head }) =>
      heartbeating(async () => {
        const outcome = await unlessWithheld(async () => push(await storedRun(store.runs, runId), head));
        if (outcome.kind === 'failed' || outcome.kind === 'taken-back' || outcome.kind === 'called-away')
          return outcome;
        await recordPush(store, runId, head, outcome, deps.now());
        if (outcome.kind === 'refused')
          return {
            kind: 'failed',
            reason: `the remote refuses the push: ${outcome.reason}. Let the bot push to the branch, then label the issue again`,
          };
        return outcome.kind === 'pushed' ? { kind: 'pushed', sha: head } : outcome;
      }),

    mergeRun: ({ runId, head }) =>
      minding(deps, runId, async () => {
        const run = await storedRun(store.runs, runId);
        const patience = { run: runId, repo: run.repo, what: 'the merge', deadlineMs: PUSH_PATIENCE_MS };
        const main = await patiently(deps, patience, () => git.refresh());
        if (typeof main !== 'string') return main;
        const away = await takenAway(git, run.state.progress, main);
        if (away !== null) return away;
        const merged = await git.merge(head, main, `Merge main\n\nRefs #${run.issue}\nLamplighter-Run: ${runId}\n`);
        return merged.kind === 'merged'
          ? { kind: 'merged', head: merged.head, base: main }
          : { kind: 'conflicts', main, files: merged.files.slice(0, 100) };
      }),
  };
}

async function unlessWithheld<T>(work: () => Promise<T>): Promise<T | CalledAway> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Withheld) return CALLED_AWAY;
    throw error;
  }
}

/** While a red deploy is mended it stands for the red gate: the newest evidence of it. */
async function recordedRed(store: Store, run: RunRow): Promise<RecordedRed | null> {
  const { red } = run.state.progress;
  if (red === null) return null;
  const rows = await store.evidence.list(runSubject(run.id));
  const row = rows.findLast((one) => one.kind === red.stage && one.sha === red.sha && one.verdict === 'red');
  return row === undefined
    ? null
    : { evidence: row.id, summary: `${red.stage} of ${red.sha.slice(0, 10)}: ${row.summary}` };
}

async function recordPush(store: Store, run: string, sha: string, outcome: PushOutcome, at: number): Promise<void> {
  await store.evidence.put({
    // One for each answer: what was refused may be pushed later.
    key: outcome.kind === 'pushed' ? `push/${run}/${sha}` : `push/${run}/${sha}/${JSON.stringify(outcome)}`,
    unit: runSubject(run),
    kind: 'push',
    sha,
    verdict: outcome.kind === 'pushed' ? 'green' : 'red',
    summary: outcome.kind === 'pushed' ? `${sha.slice(0, 10)} is on main` : `not pushed: ${outcome.kind}`,
    mediaType: 'application/json',
    body: JSON.stringify(outcome),
    at,
  });
}
