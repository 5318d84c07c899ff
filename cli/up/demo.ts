/** The playground as `up` runs it: made on first use, followed, and with `--exit` played to its end by the demo client. */
import { join } from 'node:path';
import { followPlayground, runDemo } from '../../playground/demo-client.ts';
import { createPlayground, type Playground } from '../../playground/playground.ts';

export function openPlayground(dataDir: string, seed: number): Promise<Playground> {
  return createPlayground({ dir: join(dataDir, 'playground'), seed });
}

interface Play {
  readonly playground: Playground;
  readonly url: string;
  readonly token: string;
  readonly json: boolean;
  readonly say: (line: string) => void;
}

/** Exit code 0 only for one shipped and one frozen. */
export async function playDemo(play: Play): Promise<number> {
  const document = await runDemo(play);
  if (play.json) process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
  for (const run of document.runs)
    play.say(`${run.repo}#${run.issue} ${run.froze ? 'froze, then ' : ''}${run.outcome}`);
  return 0;
}

export async function reportPlayground(play: Play): Promise<void> {
  const document = await followPlayground(play);
  if (play.json) process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
}
