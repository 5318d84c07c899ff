/**
 * What people do to a run while it is told, each deed right before an activity of the stage that it names begins. Of an act only the row
 * is written, as the API does first of all: its poke is always lost.
 */
import { randomUUID } from 'node:crypto';
import { refuseAct } from '../../domain/act.ts';
import type { RunState } from '../../domain/stage.ts';
import type { Seeded } from '../../playground/seeded.ts';
import type { RunRow } from '../../store/port.ts';
import type { ActivityTask } from './engine.ts';
import { changeMain, takenBackBy } from './main-branch.ts';
import { stepInWords, type Step, type Where } from './step.ts';
import { REPO, type Table } from './table.ts';

export interface Deed {
  /** As in `stepInWords`. */
  readonly what: string;
  /** Nothing may be pushed between it and the next deed. */
  readonly holds: boolean;
  /** Pushes of ours that were on main by then. */
  readonly pushesBefore: number;
  readonly act: string | null;
  /** Commits that it took from main. */
  readonly takenBack: readonly string[];
  /** Where it left main; null where it did not touch it. */
  readonly main: string | null;
}

export interface People {
  /** Asked before each activity begins. */
  before(task: ActivityTask): Promise<void>;
  readonly deeds: readonly Deed[];
  /** Steps for which there was no occasion, and should have been. */
  undone(): readonly string[];
}

export interface PeopleDeps {
  readonly table: Table;
  readonly steps: readonly Step[];
  /** Null: always at the first occasion. */
  readonly seeded: Seeded | null;
  readonly pushes: () => number;
}

/** Of the lane and the poller: no run is at work in them. */
const NOT_OF_A_RUN = new Set(['pollRepos', 'openRun', 'awaitRunEnd']);
/** Each stage has as many activities at least. */
const LATEST = 2;
const HOLDING = new Set(['cancel', 'pause', 'reject']);

export function createPeople({ table, steps, seeded, pushes }: PeopleDeps): People {
  const deeds: Deed[] = [];
  let next = 0;
  let seen = 0;
  let at = nthOf(steps[0]);
  let looking: Promise<void> = Promise.resolve();

  function nthOf(step: Step | undefined): number {
    if (step?.where.before !== undefined) return step.where.nth;
    return seeded?.between(1, LATEST) ?? 1;
  }

  async function look({ name, attempt }: ActivityTask): Promise<void> {
    const step = steps[next];
    const [run] = step === undefined ? [] : await table.store.runs.list({ repo: REPO.key, limit: 1 });
    if (step === undefined || run === undefined || run.outcome !== null) return;
    if (!isThere(step.where, name, run.state)) {
      if (step.where.before === undefined) seen = 0;
      return;
    }
    // An activity that is tried again is still the same one.
    if (step.where.before !== undefined && attempt > 1) return;
    // Nobody approves what they have just rejected: first it is seen what came of the act before.
    if ((await table.store.acts.unread(run.id)).length > 0) return;
    seen += 1;
    if (seen < at) return;
    next += 1;
    seen = 0;
    at = nthOf(steps[next]);
    deeds.push(await perform(table, step, run, pushes()));
  }

  return {
    deeds,
    async before(task) {
      if (NOT_OF_A_RUN.has(task.name)) return;
      // One after the other: activities may begin side by side.
      looking = looking.then(() => look(task));
      await looking;
    },
    undone: () => steps.slice(next).flatMap((step) => (step.optional === true ? [] : [stepInWords(step)])),
  };
}

function isThere(where: Where, activity: string, { stage, progress }: RunState): boolean {
  if (where.before !== undefined) return activity === where.before;
  return where.stage === 'paused' ? progress.pause !== null : progress.pause === null && stage === where.stage;
}

async function perform(table: Table, step: Step, run: RunRow, pushesBefore: number): Promise<Deed> {
  const { does, what } = step;
  const deed = { what: stepInWords(step), pushesBefore, takenBack: [], act: null };
  if ('act' in does) {
    const data = does.act(run.state);
    const refusal = refuseAct(run, data, what);
    if (refusal !== null) throw new Error(`${deed.what} is nothing that a person can do: ${refusal}`);
    const by = { name: 'ada', kind: 'person', scopes: [] } as const;
    // None where the run has ended meanwhile: the api would have refused it.
    const written = await table.store.acts.add({
      id: randomUUID(),
      run: run.id,
      data,
      by,
      note: what,
      at: Date.now(),
    });
    return { ...deed, holds: HOLDING.has(data.kind), act: written?.id ?? null, main: null };
  }
  const before = table.git('rev-parse', 'main');
  if ('lands' in does) table.land(does.lands, what);
  else changeMain(table, does.main);
  const main = table.git('rev-parse', 'main');
  return { ...deed, holds: false, takenBack: takenBackBy(table, before, main), main };
}
