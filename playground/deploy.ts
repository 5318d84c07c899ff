/**
 * The operator's deploy script of the playground: `node deploy.ts <live folder>`, with LAMPLIGHTER_SHA and
 * LAMPLIGHTER_SOURCE. Copies the source to `releases/<sha>`, writes the sha into it and asks the host to run it; returns
 * when the host has started it, or says why it could not. Safe to repeat for one sha.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { putRelease, readAnswer, writeRequest, type DeployAnswer } from './release.ts';

const LOOK_EVERY_MS = 50;
const PATIENCE_MS = 30_000;

async function untilAnswered(live: string, id: string): Promise<DeployAnswer | null> {
  const end = Date.now() + PATIENCE_MS;
  while (Date.now() < end) {
    const answer = await readAnswer(live);
    if (answer?.id === id) return answer;
    await pause(LOOK_EVERY_MS);
  }
  return null;
}

async function main(): Promise<void> {
  const live = process.argv[2];
  const { LAMPLIGHTER_SHA: sha, LAMPLIGHTER_SOURCE: source } = process.env;
  if (live === undefined || sha === undefined || source === undefined)
    throw new Error('give the live folder as the only argument, and LAMPLIGHTER_SHA and LAMPLIGHTER_SOURCE');
  await putRelease(live, sha, source);
  const id = randomUUID();
  await writeRequest(live, { id, sha });
  const answer = await untilAnswered(live, id);
  if (answer === null)
    throw new Error(`the host has not answered for ${PATIENCE_MS / 1000} s: is it up? \`lamplighter up\` starts it`);
  process.stdout.write(`${answer.outcome}: ${answer.reason}\n`);
  if (answer.outcome === 'failed') process.exitCode = 1;
}

await main();
