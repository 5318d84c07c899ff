/** SIGKILLs of real worker processes by the hundred: several runs side by side, each with a worker of its own, on one Temporal server. */
import { randomUUID } from 'node:crypto';
import { temporalExecutable } from '../../config/environment.ts';
import { createSeeded } from '../../playground/seeded.ts';
import { startDevServer } from '../../test/setup/dev-server.ts';
import { runUnderKills } from './killed-run.ts';
import { judge } from './judge.ts';
import type { Tale } from './tales.ts';
import { added, findingsIn, NOTHING, type Share } from './tally.ts';
import { openTeller } from './tellers.ts';
import { ACTED, type World } from './world.ts';

export interface KillsInput {
  readonly tales: readonly Tale[];
  readonly seed: number;
  readonly runsBefore: number;
  readonly deaths: number;
  readonly until: number;
  readonly logFile: string;
  readonly say: (line: string) => void;
}

/** A run mostly waits for Temporal to notice a death; more side by side would wait for the machine. */
const SIDE_BY_SIDE = 5;
const DEATHS_A_RUN = 10;
/** At a run whose record does not move, however often its worker dies: eight minutes on a quiet machine, longer on a busy one. */
const LOOKS = 4_800;

/** Those that no hook of the engine in this process takes part in, and that live long enough to die often. */
export function toldUnderSigkills(tales: readonly Tale[]): readonly Tale[] {
  return tales.filter(
    ({ kind, steps, outcomes }) => kind === 'inProcess' && steps.length === 0 && outcomes.includes('shipped'),
  );
}

export async function killProcesses(input: KillsInput): Promise<Share> {
  const program = temporalExecutable(process.env);
  if (program === null)
    throw new Error('the Temporal CLI was not found: `npm run crash` fetches it, or name it in LAMPLIGHTER_TEMPORAL');
  const tales = toldUnderSigkills(input.tales);
  const expected = await undisturbed(tales, input.logFile);
  const server = await startDevServer(program);
  let share = NOTHING;
  let killed = 0;
  let next = input.runsBefore;
  const goOn = (): boolean => killed < input.deaths && Date.now() < input.until;
  try {
    await Promise.all(
      Array.from({ length: Math.min(SIDE_BY_SIDE, Math.ceil(input.deaths / DEATHS_A_RUN)) }, async () => {
        while (goOn()) {
          const index = next++;
          const tale = tales[index % tales.length];
          if (tale === undefined) throw new Error('there is no tale to tell under SIGKILLs');
          const seed = input.seed + index;
          const done = await runUnderKills({
            story: tale.story,
            seeded: createSeeded(seed),
            temporalAddress: server.address,
            namespace: `crash-${randomUUID()}`,
            deaths: DEATHS_A_RUN,
            looks: LOOKS,
            goOn() {
              if (!goOn()) return false;
              killed += 1;
              return true;
            },
          });
          const judged = judge({ how: 'SIGKILL', tale, seed }, done, expected.get(tale.name) ?? {});
          share = added(share, judged);
          for (const finding of findingsIn(judged)) input.say(finding);
          const ended = done.restarts === 0 ? '' : `, ${done.restarts} workers ended by themselves`;
          input.say(
            `SIGKILL: ${share.deaths} deaths in ${share.runs} runs (${tale.name}, ${done.deaths.length}${ended})`,
          );
        }
      }),
    );
  } finally {
    await server.stop();
  }
  return share;
}

async function undisturbed(tales: readonly Tale[], logFile: string): Promise<ReadonlyMap<string, World>> {
  const teller = openTeller(logFile);
  const worlds = new Map<string, World>();
  try {
    for (const { name } of tales) {
      const { world } = await teller.tell({ tale: name, plan: null });
      // What a worker process did is not seen from here: only what it left.
      const left = Object.entries(world).filter(([what]) => !what.startsWith(ACTED));
      worlds.set(name, Object.fromEntries(left));
    }
  } finally {
    await teller.close();
  }
  return worlds;
}
