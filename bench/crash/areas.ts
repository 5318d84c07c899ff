/** What can be killed: `pipeline`, runs and their workers; `host`, the power verbs and all who carry them. */
import { probePart } from '../../config/system-parts.ts';
import { killInProcess } from './aborts.ts';
import { FAKE_LAB, REAL_LAB, REAL_LAB_PARTS } from './host/labs.ts';
import { killOnHosts, notStruck, sigkillsIn } from './host/rounds.ts';
import { killProcesses, toldUnderSigkills } from './kills.ts';
import { DEEDS, TALES, type Tale } from './tales.ts';
import { added, type AreaOfTally, NOTHING, type Share, type Tally } from './tally.ts';

type Shares = Tally['shares'];

interface Telling {
  /** What must be reached, by the area's own names. */
  readonly goals: Readonly<Record<string, number>>;
  readonly tales: readonly Tale[];
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
  readonly tales: readonly Tale[];
  tell(telling: Telling): Promise<Shares>;
}

function goal({ goals }: Telling, name: string): number {
  return goals[name] ?? 0;
}

const DEATHS = 2_000;

const pipeline: Area = {
  // SIGKILLs are among the deaths.
  goals: { deaths: DEATHS, sigkills: 100 },
  tales: TALES,
  sigkillsOf: (kind, { deaths }) => (kind === 'sigkill' ? deaths : 0),
  async tell(telling) {
    const { sigkill = NOTHING, ...rest } = telling.before;
    const before = Object.values(rest).reduce(added, NOTHING);
    // Side by side: the one mostly waits for Temporal, the other for the machine.
    const bySigkill = toldUnderSigkills(telling.tales).length > 0 ? goal(telling, 'sigkills') : 0;
    const sigkills = bySigkill - sigkill.deaths;
    const deaths = goal(telling, 'deaths') - bySigkill - before.deaths;
    const each = goal(telling, 'deaths') >= DEATHS;
    const isDue = deaths > 0 || (each && before.runs < telling.tales.length);
    const [kills, more] = await Promise.all([
      sigkills > 0 ? killProcesses({ ...telling, runsBefore: sigkill.runs, deaths: sigkills }) : NOTHING,
      isDue ? killInProcess({ ...telling, toldBefore: before.runs, deaths, each }) : {},
    ]);
    return { ...more, sigkill: kills };
  },
  missed: (shares) =>
    [...DEEDS].filter(([, { kind, what }]) => (shares[kind]?.faults[what] ?? 0) === 0).map(([deed]) => deed),
};

const host: Area = {
  // Deaths on hosts of files, and rounds with a real guest.
  goals: { deaths: 2_000, rounds: 100 },
  tales: [],
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
