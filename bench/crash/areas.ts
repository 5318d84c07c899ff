/** What can be killed: `pipeline`, runs and their workers; `host`, the power verbs and all who carry them. */
import { probePart } from '../../config/system-parts.ts';
import { killInProcess } from './aborts.ts';
import { FAKE_LAB, REAL_LAB, REAL_LAB_PARTS } from './host/labs.ts';
import { killOnHosts, notStruck, sigkillsIn } from './host/rounds.ts';
import { killProcesses } from './kills.ts';
import { STORIES, type Story } from './stories.ts';
import { type AreaOfTally, NOTHING, type Share, type Tally } from './tally.ts';

type Shares = Tally['shares'];

interface Telling {
  /** What must be reached, by the area's own names. */
  readonly goals: Readonly<Record<string, number>>;
  readonly stories: readonly Story[];
  readonly seed: number;
  readonly until: number;
  readonly logFile: string;
  readonly say: (line: string) => void;
  /** Of earlier runs on this commit. */
  readonly before: Shares;
}

export interface Area extends AreaOfTally {
  /** When nothing else is asked for. Each is an option. */
  readonly goals: Readonly<Record<string, number>>;
  readonly stories: readonly Story[];
  tell(telling: Telling): Promise<Shares>;
}

function goal({ goals }: Telling, name: string): number {
  return goals[name] ?? 0;
}

const pipeline: Area = {
  // SIGKILLs are among the deaths.
  goals: { deaths: 2_000, sigkills: 100 },
  stories: STORIES,
  sigkillsOf: (kind, { deaths }) => (kind === 'sigkill' ? deaths : 0),
  async tell(telling) {
    const { inProcess = NOTHING, sigkill = NOTHING } = telling.before;
    // Side by side: the one mostly waits for Temporal, the other for the machine.
    const sigkills = goal(telling, 'sigkills') - sigkill.deaths;
    const aborts = goal(telling, 'deaths') - goal(telling, 'sigkills') - inProcess.deaths;
    const [kills, more] = await Promise.all([
      sigkills > 0 ? killProcesses({ ...telling, runsBefore: sigkill.runs, deaths: sigkills }) : NOTHING,
      aborts > 0 ? killInProcess({ ...telling, toldBefore: inProcess.runs, deaths: aborts }) : NOTHING,
    ]);
    return { inProcess: more, sigkill: kills };
  },
  missed: () => [],
};

const host: Area = {
  // Deaths on hosts of files, and rounds with a real guest.
  goals: { deaths: 2_000, rounds: 100 },
  stories: [],
  sigkillsOf: (_kind, share) => sigkillsIn(share),
  async tell(telling) {
    const { fake = NOTHING, real = NOTHING } = telling.before;
    const enough = { deaths: goal(telling, 'deaths') - fake.deaths, rounds: goal(telling, 'rounds') - real.runs };
    // Asked before the first death, not after the two thousandth.
    for (const part of enough.rounds > 0 ? REAL_LAB_PARTS : []) {
      const probe = probePart(part, process.env);
      if (!probe.present)
        throw new Error(
          `the rounds with a real guest need ${part}: ${probe.why}; ${probe.remedy}. Or ask for --rounds 0`,
        );
    }
    const more = ({ deaths }: Share): boolean => deaths < enough.deaths;
    const shares = { fake: await killOnHosts({ ...telling, lab: FAKE_LAB, roundsBefore: fake.runs, more }) };
    if (enough.rounds <= 0) return shares;
    const lab = { ...telling, lab: REAL_LAB, roundsBefore: real.runs };
    return { ...shares, real: await killOnHosts({ ...lab, more: ({ runs }) => runs < enough.rounds }) };
  },
  missed: ({ fake = NOTHING }) => notStruck(fake),
};

export const AREAS: Readonly<Record<string, Area>> = { pipeline, host };
