import type { RunRow } from '../../store/port.ts';
import type { Story } from './stories.ts';
import type { Share } from './tally.ts';
import { compare, type World } from './world.ts';

/** What a run that died has left. */
interface Told {
  readonly run: RunRow | null;
  readonly world: World;
  readonly deaths: readonly { readonly point: string; readonly turnsLost: number }[];
  readonly recoveryMs: readonly number[];
  /** Where the judge's patience ran out: how long nothing had moved. */
  readonly gaveUp: string | null;
  /** What it said last; null where it came to its outcome. */
  readonly lastWords: string | null;
}

/** Against what the undisturbed story leaves. `how` says in findings what kind of deaths they were. */
export function judge(how: string, story: Story, seed: number, told: Told, expected: World): Share {
  const { run, world, deaths, recoveryMs } = told;
  const where = `${how} ${story.name}, run seed ${seed}`;
  const points: Record<string, number> = {};
  for (const { point } of deaths) points[point] = (points[point] ?? 0) + 1;
  const { duplicates, others } = compare(world, expected);
  const isResolved = run?.outcome === story.outcome;
  const reason = isResolved ? others.join('; ') : standing(told);
  return {
    runs: 1,
    deaths: deaths.length,
    duplicates: duplicates.map((one) => `${where}: doubled ${one}`),
    unresolved: isResolved && others.length === 0 ? [] : [`${where}: ${reason}`],
    turnsLostMax: Math.max(0, ...deaths.map((one) => one.turnsLost)),
    recoveryMs,
    points,
  };
}

function standing({ run, gaveUp, lastWords }: Told): string {
  const patience = gaveUp === null ? '' : `the judge's patience ran out (${gaveUp}): `;
  return `${patience}stands at ${JSON.stringify(run?.state ?? 'no run')}, ${lastWords ?? 'nothing was said'}`;
}
