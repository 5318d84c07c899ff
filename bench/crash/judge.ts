import type { RunRow } from '../../store/port.ts';
import { countsOf, NOTHING, type Share } from './tally.ts';
import type { Tale } from './tales.ts';
import { compare, doubledIn, unsettledIn, type Difference, type World } from './world.ts';

/** What a run that died has left. */
interface Told {
  readonly run: RunRow | null;
  readonly world: World;
  readonly deaths: readonly { readonly point: string; readonly turnsLost: number }[];
  readonly recoveryMs: readonly number[];
  /** Where the judge's patience ran out: how long nothing had moved. */
  readonly gaveUp: string | null;
  /** What it said last; null where it came to an outcome of its tale. */
  readonly lastWords: string | null;
  readonly faults: readonly string[];
  readonly actsLost: readonly string[];
  readonly undone: readonly string[];
}

export interface Case {
  /** Says in findings what kind of deaths they were. */
  readonly how: string;
  readonly tale: Pick<Tale, 'name' | 'kind' | 'outcomes'>;
  readonly seed: number;
}

/** `expected`: what the undisturbed story leaves. */
export function judge({ how, tale, seed }: Case, told: Told, expected: World): Share {
  const { run, deaths, recoveryMs } = told;
  const where = (finding: string): string => `${how} ${tale.name}, run seed ${seed}: ${finding}`;
  const { duplicates, others } = differenceOf(tale, told.world, expected);
  const isResolved = run?.outcome != null && tale.outcomes.includes(run.outcome);
  const reason = isResolved ? others.join('; ') : standing(told);
  return {
    ...NOTHING,
    runs: 1,
    deaths: deaths.length,
    duplicates: duplicates.map((one) => where(`doubled ${one}`)),
    unresolved: isResolved && others.length === 0 ? [] : [where(reason)],
    actsLost: told.actsLost.map(where),
    undone: told.undone.map(where),
    turnsLostMax: Math.max(0, ...deaths.map((one) => one.turnsLost)),
    recoveryMs,
    faults: countsOf(told.faults),
    points: countsOf(deaths.map(({ point }) => point)),
  };
}

/** A death changes nothing of what is left. What people do changes it, a little earlier or later: then nothing may be there twice. */
function differenceOf({ kind }: Case['tale'], world: World, expected: World): Difference {
  if (kind === 'inProcess' || kind === 'deadLocks') return compare(world, expected);
  return { duplicates: doubledIn(world), others: unsettledIn(world) };
}

function standing({ run, gaveUp, lastWords }: Told): string {
  const patience = gaveUp === null ? '' : `the judge's patience ran out (${gaveUp}): `;
  return `${patience}stands at ${JSON.stringify(run?.state ?? 'no run')}, ${lastWords ?? 'nothing was said'}`;
}
