/** In-process deaths by the thousand: the stories in turn, told by a process a core, each with a seed of its own. */
import { availableParallelism } from 'node:os';
import type { Points } from './in-process.ts';
import { judge } from './judge.ts';
import type { Story } from './stories.ts';
import { added, NOTHING, type Share } from './tally.ts';
import { openTeller, type Teller } from './tellers.ts';
import type { World } from './world.ts';

export interface AbortsInput {
  readonly stories: readonly Story[];
  readonly seed: number;
  /** Stories told before, in earlier runs on this commit: seeds go on from there. */
  readonly toldBefore: number;
  readonly deaths: number;
  readonly until: number;
  readonly logFile: string;
  readonly say: (line: string) => void;
}

interface Reference {
  readonly world: World;
  readonly points: Points;
}

/** About; more tellers than runs would have nothing to tell. */
const DEATHS_A_RUN = 200;
const STEP = 7_919;

export async function killInProcess(input: AbortsInput): Promise<Share> {
  const count = Math.min(availableParallelism(), Math.ceil(input.deaths / DEATHS_A_RUN));
  const tellers = Array.from({ length: count }, () => openTeller(input.logFile));
  const references = new Map<string, Promise<Reference>>();
  let share = NOTHING;
  let next = input.toldBefore;
  try {
    await Promise.all(
      tellers.map(async (teller) => {
        while (share.deaths < input.deaths && Date.now() < input.until) {
          const index = next++;
          const story = input.stories[index % input.stories.length];
          if (story === undefined) throw new Error('there are no stories');
          const seed = input.seed + index * STEP;
          let reference = references.get(story.name);
          if (reference === undefined) {
            reference = undisturbed(teller, story);
            references.set(story.name, reference);
          }
          const { points, world } = await reference;
          const telling = await teller.tell({ story: story.name, plan: { seed, points } });
          const judged = judge(
            'in-process',
            story,
            seed,
            { ...telling, recoveryMs: telling.deaths.map((one) => one.recoveryMs) },
            world,
          );
          share = added(share, judged);
          for (const finding of [...judged.duplicates, ...judged.unresolved]) input.say(finding);
          input.say(
            `in-process: ${share.deaths} deaths in ${share.runs} runs (${story.name}, ${telling.deaths.length})`,
          );
        }
      }),
    );
  } finally {
    await Promise.all(tellers.map((teller) => teller.close()));
  }
  return share;
}

async function undisturbed(teller: Teller, story: Story): Promise<Reference> {
  const { run, world, points } = await teller.tell({ story: story.name, plan: null });
  if (run?.outcome !== story.outcome)
    throw new Error(
      `${story.name} told undisturbed came to ${run?.outcome ?? 'nothing'}: ${JSON.stringify(run?.state)}`,
    );
  return { world, points };
}
