/** SIGKILLs of real worker processes by the hundred: several runs side by side, each with a worker of its own, on one Temporal server. */
import { randomUUID } from 'node:crypto';
import { temporalExecutable } from '../../config/environment.ts';
import { createSeeded } from '../../playground/seeded.ts';
import { startDevServer } from '../../test/setup/dev-server.ts';
import { runUnderKills, type KilledRun } from './killed-run.ts';
import { STORIES, type Story } from './stories.ts';
import { added, NOTHING, type Share } from './tally.ts';
import { openTeller } from './tellers.ts';
import { compare, type World } from './world.ts';

export interface KillsInput {
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
const BOUND_MS = 12 * 60_000;
/** Those that no hook of the engine in this process takes part in. */
const KILLED = STORIES.filter((story) => story.landsBefore === undefined && story.outcome === 'shipped');

export async function killProcesses(input: KillsInput): Promise<Share> {
  const program = temporalExecutable(process.env);
  if (program === null)
    throw new Error('the Temporal CLI was not found: `npm run crash` fetches it, or name it in LAMPLIGHTER_TEMPORAL');
  const expected = await undisturbed(input.logFile);
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
          const story = KILLED[index % KILLED.length];
          if (story === undefined) throw new Error('there are no stories');
          const seed = input.seed + index;
          const done = await runUnderKills({
            story,
            seeded: createSeeded(seed),
            temporalAddress: server.address,
            namespace: `crash-${randomUUID()}`,
            deaths: DEATHS_A_RUN,
            boundMs: BOUND_MS,
            goOn() {
              if (!goOn()) return false;
              killed += 1;
              return true;
            },
          });
          share = added(share, judge(story, seed, done, expected.get(story.name) ?? {}));
          input.say(`SIGKILL: ${share.deaths} deaths in ${share.runs} runs (${story.name}, ${done.deaths.length})`);
        }
      }),
    );
  } finally {
    await server.stop();
  }
  return share;
}

async function undisturbed(logFile: string): Promise<ReadonlyMap<string, World>> {
  const teller = openTeller(logFile);
  const worlds = new Map<string, World>();
  try {
    for (const { name } of KILLED) {
      const { world } = await teller.tell({ story: name, plan: null, boundMs: BOUND_MS });
      worlds.set(name, world);
    }
  } finally {
    await teller.close();
  }
  return worlds;
}

function judge(story: Story, seed: number, { run, world, deaths, recoveryMs }: KilledRun, expected: World): Share {
  const where = `SIGKILL ${story.name}, run seed ${seed}`;
  const points: Record<string, number> = {};
  for (const { point } of deaths) points[point] = (points[point] ?? 0) + 1;
  const { duplicates, others } = compare(world, expected);
  const isResolved = run?.outcome === story.outcome;
  const reason = isResolved ? others.join('; ') : `stands at ${JSON.stringify(run?.state ?? 'no run')}`;
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
