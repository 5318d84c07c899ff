/** Rounds on hosts, several side by side, until enough have died. */
import { added, countsOf, findingsIn, NOTHING, type Share } from '../tally.ts';
import { BOUNDARIES } from './boundaries.ts';
import { planOf } from './plan.ts';
import { crashRound, type Death, type Round, type Table } from './round.ts';

export interface Lab {
  readonly name: string;
  readonly sideBySide: number;
  /** About what an undisturbed cycle takes: random moments fall within it. */
  readonly cycleMs: number;
  /** A host on which a VM runs, for one round or for many in turn. */
  open(): Promise<Table & { close(): Promise<void> }>;
  readonly roundsAHost: number;
}

export interface RoundsInput {
  readonly lab: Lab;
  readonly seed: number;
  readonly roundsBefore: number;
  readonly until: number;
  readonly say: (line: string) => void;
  /** Whether what has come of it, in all, is not yet enough. */
  readonly more: (share: Share) => boolean;
}

export async function killOnHosts({ lab, seed, roundsBefore, until, say, more }: RoundsInput): Promise<Share> {
  let share = NOTHING;
  let next = roundsBefore;
  const goOn = (): boolean => Date.now() < until && more(share);
  const player = async (): Promise<void> => {
    while (goOn()) {
      const table = await lab.open();
      try {
        for (let round = 0; round < lab.roundsAHost && goOn(); round += 1) {
          const index = next++;
          const told = shareOf(lab, index, await crashRound(table, planOf(index, seed + index, lab.cycleMs), index));
          share = added(share, told);
          for (const finding of findingsIn(told)) say(finding);
          if (share.runs % 20 === 0 || lab.roundsAHost > 1)
            say(`${lab.name}: ${share.deaths} deaths in ${share.runs} rounds`);
          // What a broken host would do in the next round is no finding of that one.
          if (findingsIn(told).length > 0) break;
        }
      } finally {
        await table.close();
      }
    }
  };
  await Promise.all(Array.from({ length: lab.sideBySide }, player));
  return share;
}

function shareOf(lab: Lab, index: number, round: Round): Share {
  const where = (finding: string): string => `${lab.name} round ${index}: ${finding}`;
  return {
    ...NOTHING,
    runs: 1,
    deaths: round.deaths.length,
    duplicates: round.duplicates.map(where),
    unresolved: round.unresolved.map(where),
    recoveryMs: round.recoveryMs,
    faults: countsOf(round.faults),
    points: countsOf(round.deaths.map(pointOf)),
  };
}

function pointOf({ who, boundary }: Death): string {
  return `${boundary}: ${who}`;
}

/** Boundaries at which nobody has died yet. */
export function notStruck(share: Share): string[] {
  return BOUNDARIES.filter((boundary) => !Object.keys(share.points).some((point) => point.startsWith(`${boundary}: `)));
}

/** Of processes; a client whose connection is lost dies elsewhere. */
export function sigkillsIn({ points }: Share): number {
  return Object.entries(points).reduce((sum, [point, count]) => (point.endsWith(': client') ? sum : sum + count), 0);
}
