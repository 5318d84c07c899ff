import { z } from 'zod';
import { BundleRefused } from '../../git/bundles.ts';
import type { RepoGit } from '../../git/port.ts';
import { readHead, withBundle } from './hand-over.ts';
import { sealTool, taught } from './tool.ts';
import { headOf, tailOf } from '../../../domain/text.ts';

const schema = z.strictObject({
  changedTests: z
    .array(z.strictObject({ id: z.string().min(1), reason: z.string().min(1) }))
    .max(200)
    .describe(
      'Tests that were there before and now must differ, each with the acceptance criterion that calls for it; usually empty.',
    ),
});

export const submit = sealTool({
  name: 'submit',
  description:
    'Hands the committed work over and ends the session. The orchestrator then proves the tests itself; what it refuses comes back to you. Everything must be committed.',
  schema,
  // Bundling and importing the same commits again comes to the same.
  replay: () => 'safe',
  async run({ changedTests }, { place, git, run, keepSubmission }) {
    const { shell, worktree } = await place();
    // Without the index written anew: what is killed in the middle of that leaves a lock, and a safe call clears none away.
    const argv = ['git', '--no-optional-locks', 'status', '--porcelain'];
    const status = await shell.run({ argv, wallMs: 60_000, keepBytes: 16_384 });
    if (status.end !== 'exited' || status.code !== 0) {
      return taught(
        `Not submitted: git status failed in the work folder: ${tailOf(status.stderr.trim(), 1000)}\nRepair the repository, commit, and submit again.`,
      );
    }
    if (status.stdout.trim() !== '') {
      return taught(
        `Not submitted: these paths are not committed:\n${headOf(status.stdout.trimEnd(), 4000)}\nCommit what belongs to the change by name, remove what does not, and submit again.`,
      );
    }
    const head = await readHead(shell);
    if (head === null || head === run.base) {
      return taught(
        `Not submitted: there is no commit beyond the base ${run.base}. Commit your work, tests first, and submit again; if nothing should change, give_up with the reason.`,
      );
    }
    const taken = await withBundle(shell, worktree, run.base, (bundled) =>
      bundled.ok
        ? takeBundle(git, run.id, bundled.path)
        : Promise.resolve({ refusal: `${bundled.why}\nHEAD must hold commits beyond ${run.base}.` }),
    );
    if ('refusal' in taken) return taught(`Not submitted: ${taken.refusal}`);
    const imported = taken.head;
    if ((await git.commits(run.base, imported)).length === 0) {
      return taught(
        `Not submitted: ${imported} holds no commit that ${run.base} has not. Commit your work and submit again.`,
      );
    }
    await keepSubmission({ head: imported, changedTests });
    return { content: `submitted ${imported}`, isError: false, end: { kind: 'submitted', head: imported } };
  },
});

/** A bundle that git will not take is the agent's to mend; everything else that goes wrong is ours. */
async function takeBundle(
  git: Pick<RepoGit, 'importBundle'>,
  run: string,
  path: string,
): Promise<{ readonly head: string } | { readonly refusal: string }> {
  try {
    return { head: await git.importBundle(run, path) };
  } catch (error) {
    if (error instanceof BundleRefused) return { refusal: error.message };
    throw error;
  }
}
