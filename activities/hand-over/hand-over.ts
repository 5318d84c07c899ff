/**
 * How a session ends by its own word, whatever drives the model: it submits committed work, or gives up. What it says is a hint, and the
 * gates decide; work that can't be handed over is told why, so that it can be put right.
 */
import type { SessionEnd } from '../../domain/session-end.ts';
import { headOf, tailOf } from '../../domain/text.ts';
import { BundleRefused } from '../git/bundles.ts';
import type { RepoGit, Worktree } from '../git/port.ts';
import { readHead, withBundle, type HandOverShell } from './bundle.ts';

export interface ChangedTest {
  readonly id: string;
  readonly reason: string;
}

export interface Submission {
  readonly head: string;
  readonly changedTests: readonly ChangedTest[];
}

export interface HandOverPlace {
  /** Id of the unit whose work it is. */
  readonly unit: string;
  readonly base: string;
  readonly shell: HandOverShell;
  readonly worktree: Worktree;
  readonly git: Pick<RepoGit, 'importBundle' | 'commits'>;
  /** Kept for the gates, before the session ends. */
  readonly keepSubmission: (submission: Submission) => Promise<void>;
}

export type HandedOver =
  | { readonly ok: true; readonly end: Extract<SessionEnd, { kind: 'submitted' }> }
  | { readonly ok: false; readonly why: string };

/** Reasons pass through workflow history, which is no place for long texts. */
const REASON_CHARACTERS = 500;

export function giveUp(reason: string): SessionEnd {
  return { kind: 'gave-up', reason: headOf(reason, REASON_CHARACTERS) };
}

/** Bundling and importing the same commits again comes to the same. */
export async function submitWork(place: HandOverPlace, changedTests: readonly ChangedTest[]): Promise<HandedOver> {
  const { shell, worktree, base, git, unit } = place;
  const unready = await whyNotReady(place);
  if (unready !== null) return refused(unready);
  const taken = await withBundle(shell, worktree, base, (bundled) =>
    bundled.ok
      ? takeBundle(git, unit, bundled.path)
      : Promise.resolve({ refusal: `${bundled.why}\nHEAD must hold commits beyond ${base}.` }),
  );
  if ('refusal' in taken) return refused(taken.refusal);
  const { head } = taken;
  if ((await git.commits(base, head)).length === 0)
    return refused(`${head} holds no commit that ${base} has not. Commit your work and submit again.`);
  await place.keepSubmission({ head, changedTests });
  return { ok: true, end: { kind: 'submitted', head } };
}

/** Null where everything is committed, and something is. */
async function whyNotReady({ shell, base }: HandOverPlace): Promise<string | null> {
  // Without the index written anew: what is killed in the middle of that leaves a lock, and a safe call clears none away.
  const argv = ['git', '--no-optional-locks', 'status', '--porcelain'];
  const status = await shell.run({ argv, wallMs: 60_000, keepBytes: 16_384 });
  if (status.end !== 'exited' || status.code !== 0)
    return `git status failed in the work folder: ${tailOf(status.stderr.trim(), 1000)}\nRepair the repository, commit, and submit again.`;
  if (status.stdout.trim() !== '')
    return `these paths are not committed:\n${headOf(status.stdout.trimEnd(), 4000)}\nCommit what belongs to the change by name, remove what does not, and submit again.`;
  const head = await readHead(shell);
  return head === null || head === base
    ? `there is no commit beyond the base ${base}. Commit your work, tests first, and submit again; if nothing should change, give_up with the reason.`
    : null;
}

function refused(why: string): HandedOver {
  return { ok: false, why: `Not submitted: ${why}` };
}

/** A bundle that git will not take is the agent's to mend; everything else that goes wrong is ours. */
async function takeBundle(
  git: Pick<RepoGit, 'importBundle'>,
  unit: string,
  path: string,
): Promise<{ readonly head: string } | { readonly refusal: string }> {
  try {
    return { head: await git.importBundle(unit, path) };
  } catch (error) {
    if (error instanceof BundleRefused) return { refusal: error.message };
    throw error;
  }
}
