/** A run as its session sees it: bounds, prompts, checkout and people come from the run's row, its issue and its base. */
import { boundsWith } from '../../domain/bounds.ts';
import type { Contract } from '../../domain/contract.ts';
import type { Issue } from '../../domain/issue.ts';
import type { Brief } from '../../domain/stage.ts';
import { issueBudget, runSubject, type Unit } from '../../domain/unit.ts';
import type { RunRow, Store } from '../../store/port.ts';
import type { UnitWork } from '../agent/unit-work.ts';
import type { RepoGit } from '../git/port.ts';
import { storedRun } from '../run/stored-run.ts';
import type { Environment } from '../sandbox/environment.ts';
import { briefText, openingText, sessionPrompt } from './prompt.ts';
import { redFacts } from './red-facts.ts';
import { runPeople } from './run-people.ts';

export interface RunWorkDeps {
  readonly store: Store;
  readonly gitOf: (repoKey: string) => RepoGit;
  /** For sessions: gates have caches of their own. */
  readonly environmentOf: (repoKey: string) => Environment;
  /** As it is in the run's base; throws where it can't be read, which prepare has seen to before. */
  readonly contractOf: (run: RunRow) => Promise<Contract>;
  readonly issueOf: (run: RunRow) => Promise<Issue>;
}

export function createRunWork(deps: RunWorkDeps): UnitWork {
  const { store } = deps;
  const read = (id: string): Promise<RunRow> => storedRun(store.runs, id);
  return {
    unit: async (id) => unitOfRun(await read(id)),

    async prompt(id) {
      const run = await read(id);
      const base = baseOf(run);
      return { system: await sessionPrompt(run, base, deps.gitOf(run.repo)), sha: base };
    },

    async words(id, brief, isFirst) {
      const run = await read(id);
      return isFirst
        ? openingText(await deps.issueOf(run), run, brief)
        : briefText(brief, await noteOf(store, run, brief), await knownRed(store, run, brief));
    },

    async workplace(id) {
      const run = await read(id);
      return {
        base: baseOf(run),
        git: deps.gitOf(run.repo),
        environment: async () => deps.environmentOf(run.repo).forContract(await deps.contractOf(run)),
      };
    },

    people: runPeople(store),
  };
}

export function unitOfRun({ id, repo, repoName, issue, bounds, state }: RunRow): Unit {
  const { issueMicroUsd, turns, sessionMs } = boundsWith(bounds, state.progress.granted);
  return {
    kind: 'run',
    id,
    subject: runSubject(id),
    repo: { key: repo, name: repoName },
    budgets: {
      money: { name: issueBudget(repo, issue), words: "the issue's budget", microUsd: issueMicroUsd },
      turns,
      sessionMs,
    },
  };
}

function baseOf(run: RunRow): string {
  const { base } = run.state.progress;
  if (base === null)
    throw new Error(`run ${run.id} has no base yet: its session was asked for before prepare had ended`);
  return base;
}

/** History carries the act's id, the words of the person stay in the store. */
async function noteOf(store: Store, run: RunRow, brief: Brief): Promise<string | null> {
  if (brief.kind !== 'retry' && brief.kind !== 'rejected') return null;
  const acts = await store.acts.list(run.id);
  return acts.find((act) => brief.note === `act ${act.id}`)?.note ?? null;
}

async function knownRed(store: Store, run: RunRow, brief: Brief): Promise<readonly string[] | null> {
  const red = brief.kind === 'deploy-red' ? brief.red : brief.kind === 'retry' ? run.state.progress.red : null;
  return red === null ? null : redFacts(store.evidence, run.id, red);
}
