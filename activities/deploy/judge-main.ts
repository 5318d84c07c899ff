/**
 * Whose a red is, before anything is spent on it. What was red on main before our first push is not ours. Main as we pushed it: ours.
 * Main that went back, without ours: taken back. Main with others' commits on top: healthy means that somebody has mended or reverted it; checks that
 * fail there, where ours passed before our push, are theirs; what is left is ours.
 */
import { DEPLOY_STAGES } from '../../domain/verdict.ts';
import type { RunRow, Store } from '../../store/port.ts';
import type { CalledAway, RepoActivities } from '../../workflows/ports.ts';
import type { Gates } from '../gates/gates.ts';
import type { RepoGit } from '../git/port.ts';
import type { ContractAt } from '../run/contract-at.ts';
import { takenAway } from '../run/main-holds.ts';
import type { Minded } from '../run/minding.ts';
import { notYet } from '../pace/waiting.ts';
import type { Stages } from './stages.ts';
import { lastWatched, type Watch } from './watch.ts';

export interface JudgeMainDeps {
  readonly git: Pick<RepoGit, 'contains' | 'commits'>;
  readonly gates: Pick<Gates, 'proveBase'>;
  readonly contractAt: ContractAt;
  readonly watch: Watch;
  readonly stages: Stages;
  readonly store: Pick<Store, 'control'>;
  readonly now: () => number;
}

export type MainJudged = Exclude<Awaited<ReturnType<RepoActivities['judgeMain']>>, CalledAway>;

export interface MainQuestion {
  readonly run: RunRow;
  /** The newest of ours on main. */
  readonly sha: string;
  /** Where main is now. */
  readonly main: string;
  /** A person asks for another session: only the checks of main are looked at. */
  readonly asked: boolean;
}

export async function judgeMain(
  deps: JudgeMainDeps,
  { run, sha, main, asked }: MainQuestion,
  beat: Minded,
): Promise<MainJudged> {
  const before = asked ? null : await redBefore(deps, run, beat);
  if (main === sha)
    return before === null ? { kind: 'main-ours', main } : { kind: 'main-red', sha: main, reason: before };
  // A person who asks for another session on top of a revert means it.
  const base = asked && (await deps.git.contains(sha, main)) ? main : null;
  const away = await takenAway(deps.git, { base, pushed: sha, onto: run.state.progress.onto }, main);
  // Another history is not deployed to find out; a main that went back to what it was before us may be healthy.
  if (away?.kind === 'failed') return away;
  if (!asked) {
    const seen = await deps.watch(run, main, beat);
    if (seen.kind === 'green') return { kind: 'main-healthy', sha: main, proven: seen.proven };
    if (seen.kind === 'unwatchable') return { kind: 'failed', reason: seen.reason };
  }
  // A session on top would hold what was taken back: a person who asks for one is told so.
  if (away !== null)
    return asked
      ? {
          kind: 'failed',
          reason: `main was taken back to ${main}, without ${sha}: abandon, then label the issue again`,
        }
      : away;
  if (before !== null) return { kind: 'main-red', sha: main, reason: before };
  const read = await deps.contractAt(main);
  if (!read.ok) return { kind: 'failed', reason: read.reason };
  const proof = await deps.gates.proveBase({ run: run.id, base: main, contract: read.contract, ...beat });
  if (proof.verdict === 'red') return { kind: 'main-red', sha: main, reason: proof.reason };
  if (proof.verdict === 'broken') return { kind: 'failed', reason: `main cannot be judged: ${proof.reason}` };
  return { kind: 'main-ours', main };
}

/** Why main was red before our first push, or null. Another sha is never deployed to find out; the build runs in the sandbox. */
async function redBefore({ store, stages, now }: JudgeMainDeps, run: RunRow, beat: Minded): Promise<string | null> {
  const { red, onto } = run.state.progress;
  if (red === null || onto === null) return null;
  const known = await lastWatched(store.control, run.repo, onto);
  const earlier = known?.kind === 'red' && orderOf(known.stage) <= orderOf(red.stage) ? known : null;
  if (earlier !== null) return `${earlier.stage} was red on ${onto} already, before this change: ${earlier.reason}`;
  if (red.stage !== 'build' || known?.kind === 'green') return null;
  const declared = await stages.stagesOf(onto);
  if (!declared.ok || !declared.stages.includes('build')) return null;
  const build = await stages.observe('build', { run: run.id, sha: onto, look: 'before', ...beat });
  if (build.kind === 'pending') throw notYet(build.reason, Math.max(1, build.againAt - now()));
  const { verdict, reason } = build.found;
  return verdict === 'red' ? `the build is red on ${onto} already, before this change: ${reason}` : null;
}

function orderOf(stage: string): number {
  return DEPLOY_STAGES.findIndex((one) => one === stage);
}
