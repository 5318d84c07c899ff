/** A fence that somebody holds who does not end. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runLayout } from '../git/layout.ts';
import { repoAdapters } from './repo-adapters-rig.ts';
import { openSessionRig, RUN, type SessionRig } from './session-rig.ts';

let rig: SessionRig;
let holder: ChildProcess;

beforeEach(async () => {
  const steps =
    "  - { calls: [{ bash: 'true' }] }\n  - { calls: [{ bash: echo ran }] }\n  - { calls: [{ bash: echo ran }] }\n";
  rig = await openSessionRig(`name: one\nmatch: Greet people\nsteps:\n${steps}`, async (dir) => {
    const parts = await repoAdapters(dir);
    return { ...parts, sandbox: { run: (command) => parts.sandbox.run({ ...command, lockWaitMs: 500 }) } };
  });
  await rig.open();
  // The worktree and its fence are there from here on.
  const { turn, id } = await next();
  await rig.tool(turn, id);
  const fence = runLayout(join(rig.model.dir, 'data'), RUN).lock;
  holder = spawn('flock', [fence, 'sh', '-c', 'echo held; exec sleep 600'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  await once(holder.stdout!, 'data');
});
afterEach(async () => {
  release();
  await rig.close();
});

function release(): void {
  if (holder.exitCode === null && holder.signalCode === null && holder.pid !== undefined)
    process.kill(-holder.pid, 'SIGKILL');
}

async function next(): Promise<{ turn: number; id: string }> {
  const step = await rig.turn();
  const call = step.kind === 'tools' ? step.calls[0] : undefined;
  if (step.kind !== 'tools' || call === undefined) throw new Error(`no tools are due: ${JSON.stringify(step)}`);
  return { turn: step.turn, id: call.id };
}

async function lastResult(): Promise<{ content: string; isError: boolean } | undefined> {
  return (await rig.transcript()).results.at(-1);
}

describe('a fence that is held', () => {
  test('is waited for within bounds; the call is then not run, and the model is told why', async () => {
    const { turn, id } = await next();

    expect(await rig.tool(turn, id)).toEqual({ kind: 'done' });

    expect(await lastResult()).toMatchObject({
      isError: true,
      content: expect.stringMatching(/^Not run: the command could not begin within 0\.5 s, .*fuser/) as string,
    });
    release();
    const after = await next();
    await rig.tool(after.turn, after.id);
    expect(await lastResult()).toMatchObject({ isError: false, content: 'ran\n[exit code 0]' });
  });

  test('keeps a lost call from being called interrupted, says so meanwhile, and ends the session in words at last', async () => {
    const { turn, id } = await next();

    await expect(rig.interrupted(turn, id)).rejects.toThrow('has not ended');
    expect(await rig.events('run.held')).toHaveLength(1);
    expect(await rig.interrupted(turn, id, 5)).toMatchObject({
      kind: 'ended',
      end: { kind: 'failed', reason: expect.stringContaining('a command that was lost has not ended') as string },
    });
    expect((await rig.transcript()).results).toHaveLength(1);

    release();
    expect(await rig.interrupted(turn, id)).toEqual({ kind: 'done' });
    expect(await lastResult()).toMatchObject({ content: expect.stringContaining('Interrupted') as string });
  });
});
