/** Who serves repos of their own sees in the terminal of `up` where each run stands, a line a move. */
import { setTimeout as delay } from 'node:timers/promises';
import type { RunSummary } from '../../api/views/view.ts';
import { createApiClient } from '../terminal/api-client.ts';
import { CliFailure } from '../terminal/failure.ts';
import { oneLine } from '../terminal/output.ts';

export interface TellRunsInput {
  readonly dataDir: string;
  readonly say: (line: string) => void;
  readonly isOver: () => boolean;
}

const LOOK_EVERY_MS = 1_000;

/** Until it is over; what had ended before is not told. */
export async function tellRuns({ dataDir, say, isOver }: TellRunsInput): Promise<void> {
  const api = createApiClient({ dataDir });
  let told: ReadonlyMap<string, string> | null = null;
  while (!isOver()) {
    const runs = await look();
    if (runs !== null) {
      const now = new Map(runs.map((run) => [run.id, lineOf(run)]));
      for (const run of runs.toReversed()) {
        const line = now.get(run.id) ?? '';
        if (told === null ? run.outcome === null : told.get(run.id) !== line) say(line);
      }
      told = now;
    }
    await delay(LOOK_EVERY_MS, undefined, { ref: false });
  }

  async function look(): Promise<readonly RunSummary[] | null> {
    try {
      return (await api.get<{ runs: RunSummary[] }>('/api/runs?limit=100')).runs;
    } catch (error) {
      // The api has died, which its supervisor says, or its store is ill, which its log says: the next look may see again.
      if (error instanceof CliFailure) return null;
      throw error;
    }
  }
}

function lineOf({ repoName, issue, outcome, stage, reason }: RunSummary): string {
  return oneLine(`${repoName}#${issue} ${outcome ?? stage}${reason === null ? '' : `: ${reason}`}`, 300);
}
