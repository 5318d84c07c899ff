/** The kinds of units whose sessions a worker of the pipeline drives. Wiring only. */
import type { UnitWorks } from '../activities/agent/unit-work.ts';
import { createRunWork } from '../activities/brief/run-work.ts';
import type { Contract } from '../domain/contract.ts';
import type { Issue } from '../domain/issue.ts';
import type { RunRow, Store } from '../store/port.ts';
import type { RepoAdapters } from './repo-adapters.ts';

export interface UnitWorksDeps {
  readonly store: Store;
  readonly partsOf: (repoKey: string) => RepoAdapters;
  readonly issueOf: (run: RunRow) => Promise<Issue>;
}

export function unitWorks({ store, partsOf, issueOf }: UnitWorksDeps): UnitWorks {
  return {
    run: createRunWork({
      store,
      gitOf: (repoKey) => partsOf(repoKey).git,
      environmentOf: (repoKey) => partsOf(repoKey).environment,
      contractOf: (run) => contractOf(partsOf(run.repo), run),
      issueOf,
    }),
  };
}

async function contractOf(parts: RepoAdapters, run: RunRow): Promise<Contract> {
  const { base } = run.state.progress;
  if (base === null) throw new Error(`run ${run.id} has no base yet: its session was opened before prepare`);
  const read = await parts.contractAt(base);
  if (!read.ok) throw new Error(read.reason);
  return read.contract;
}
