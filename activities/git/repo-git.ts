/** Trusted git of one repo, put together. */
import { realFolder } from '../../config/real-folder.ts';
import { proxyVariables } from '../../config/egress.ts';
import type { Egress, RepoConfig } from '../../config/types.ts';
import { createBundles } from './bundles.ts';
import { createChange } from './change.ts';
import { createCheckouts } from './checkouts.ts';
import { createClones } from './clones.ts';
import { repoLayout } from './layout.ts';
import { createMerge } from './merge.ts';
import type { OpenedRuns, RepoGit } from './port.ts';
import { createPush } from './push.ts';
import { createReading } from './reading.ts';
import { createSubmodules } from './submodules.ts';
import { createWorktrees } from './worktrees.ts';

export { BundleRefused } from './bundles.ts';
export { checkoutBinds } from './checkouts.ts';

export interface RepoGitDeps {
  readonly repo: Pick<RepoConfig, 'key' | 'name' | 'remote' | 'branch' | 'pushEnv' | 'submodules'>;
  readonly dataDir: string;
  readonly now: () => number;
  /** How remotes over http and https are reached. Absent: directly. */
  readonly egress?: Egress | undefined;
  /** Absent: no other host has ever opened a run. */
  readonly opened?: OpenedRuns | undefined;
}

export function createRepoGit({ repo, now, ...deps }: RepoGitDeps): RepoGit {
  const dataDir = realFolder(deps.dataDir);
  const layout = repoLayout(dataDir, repo.key);
  const clones = createClones({ repo, layout, proxy: proxyVariables(deps.egress) });
  const reading = createReading(clones.clean, clones.cleanDeps);
  const listed = repo.submodules ?? [];
  const submodules = createSubmodules({
    mayHold: async (sha) => (await reading.files(sha)).includes('.gitmodules'),
    git: clones.clean,
    gitDeps: clones.cleanDeps,
    remote: repo.remote,
    listed,
    dir: layout.submodules,
    locked: (work) => clones.locked(work),
  });
  return {
    async refresh() {
      const main = await clones.refresh();
      // Here where patience is had with remotes: what main needs is there when it is checked out.
      if (listed.length > 0) await submodules.obtain(main);
      return main;
    },
    remoteHead: () => clones.remoteHead(),
    ...createWorktrees({ clones, layout, dataDir, submodules, listed, opened: deps.opened }),
    ...createBundles({ clones, layout, dataDir }),
    ...createCheckouts({ clean: clones.clean, cleanDeps: clones.cleanDeps, layout, files: reading.files, submodules }),
    ...reading,
    ...createChange(clones.clean),
    ...createMerge({ clones, now }),
    ...createPush({ repo, clones, layout }),
  };
}
