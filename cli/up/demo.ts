/** The playground as `up` runs it: made on first use, followed, and with `--exit` played to its end by the demo client. */
import { followPlayground, runDemo } from '../../playground/demo-client.ts';
import type { DemoRun } from '../../playground/demo-document.ts';
import { createPlayground, type Playground } from '../../playground/playground.ts';
import { playgroundIn } from './data-dir.ts';

export function openPlayground(dataDir: string, seed: number): Promise<Playground> {
  return createPlayground({ dir: playgroundIn(dataDir), seed });
}

interface Play {
  readonly playground: Playground;
  readonly url: string;
  readonly token: string;
  readonly json: boolean;
  readonly say: (line: string) => void;
}

/** Exit code 0 only when each issue ended as it was to: shipped, mended and shipped, frozen. */
export async function playDemo(play: Play): Promise<number> {
  const document = await runDemo(play);
  if (play.json) process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
  for (const run of document.runs) play.say(`${run.repo}#${run.issue} ${inWords(run)}`);
  return 0;
}

function inWords({ froze, fixForwards, outcome }: DemoRun): string {
  const attempts = `${fixForwards} fix-forward ${fixForwards === 1 ? 'attempt' : 'attempts'}`;
  if (froze) return `was red once deployed, froze after ${attempts}, then ${outcome}`;
  return fixForwards === 0 ? outcome : `was red once deployed, then ${outcome} after ${attempts}`;
}

export async function reportPlayground(play: Play): Promise<void> {
  const document = await followPlayground(play);
  if (play.json) process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
}
