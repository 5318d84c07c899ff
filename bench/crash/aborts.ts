/** In-process deaths by the thousand: the tales in turn, told by a process a core, each with a seed of its own. */
import { availableParallelism } from 'node:os';
import { judge } from './judge.ts';
import type { Points } from './lives.ts';
import { plainly, type Tale, type TaleKind } from './tales.ts';
import { added, findingsIn, NOTHING, type Share } from './tally.ts';
import { openTeller, type Teller } from './tellers.ts';
import type { World } from './world.ts';

export interface AbortsInput {
  readonly tales: readonly Tale[];
  readonly seed: number;
  /** Tales told before, in earlier runs on this commit: seeds go on from there. */
  readonly toldBefore: number;
  readonly deaths: number;
  /** Each tale is told once at least, also when there were deaths enough. */
  readonly each: boolean;
  readonly until: number;
  readonly logFile: string;
  readonly say: (line: string) => void;
}

export type AbortShares = Readonly<Record<TaleKind, Share>>;

interface Reference {
  readonly world: World;
  readonly points: Points;
}

/** About; more tellers than runs would have nothing to tell. */
const DEATHS_A_RUN = 200;
const STEP = 7_919;

export async function killInProcess(input: AbortsInput): Promise<AbortShares> {
  const { tales, seed, toldBefore, until, say } = input;
  const count = Math.min(availableParallelism(), Math.ceil(input.deaths / DEATHS_A_RUN));
  const tellers = Array.from({ length: count }, () => openTeller(input.logFile));
  const references = new Map<string, Promise<Reference>>();
  const shares: Record<TaleKind, Share> = {
    inProcess: NOTHING,
    deadLocks: NOTHING,
    lostPokes: NOTHING,
    rewoundMains: NOTHING,
  };
  let deaths = 0;
  let runs = 0;
  let next = toldBefore;
  const goOn = (): boolean => Date.now() < until && (deaths < input.deaths || (input.each && next < tales.length));

  async function tellOne(teller: Teller, index: number): Promise<void> {
    const tale = tales[index % tales.length];
    if (tale === undefined) throw new Error('there are no tales');
    const own = seed + index * STEP;
    let reference = references.get(tale.story.name);
    if (reference === undefined) {
      reference = undisturbed(teller, plainly(tale));
      references.set(tale.story.name, reference);
    }
    const { points, world } = await reference;
    const telling = await teller.tell({ tale: tale.name, plan: { seed: own, points } });
    const told = { ...telling, recoveryMs: telling.deaths.map((one) => one.recoveryMs) };
    const judged = judge({ how: 'in-process', tale, seed: own }, told, world);
    deaths += judged.deaths;
    runs += 1;
    shares[tale.kind] = added(shares[tale.kind], judged);
    for (const finding of findingsIn(judged)) say(finding);
    say(`in-process: ${deaths} deaths in ${runs} runs (${tale.name}, ${judged.deaths})`);
  }

  try {
    await Promise.all(
      tellers.map(async (teller) => {
        while (goOn()) await tellOne(teller, next++);
      }),
    );
  } finally {
    await Promise.all(tellers.map((teller) => teller.close()));
  }
  return shares;
}

async function undisturbed(teller: Teller, tale: Tale): Promise<Reference> {
  const { run, world, points } = await teller.tell({ tale: tale.name, plan: null });
  if (run?.outcome == null || !tale.outcomes.includes(run.outcome))
    throw new Error(
      `${tale.name} told undisturbed came to ${run?.outcome ?? 'nothing'}: ${JSON.stringify(run?.state)}`,
    );
  return { world, points };
}
