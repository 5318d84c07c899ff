/** One key that asks without end: it gets its turns, the other keys theirs, and what hangs holds no turn for ever. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { FakeHost } from '../lab/fake-host/fake-host.ts';
import { call, until } from './call.ts';
import { fakeHost, sideBySide } from './fake-host.ts';
import { ownQm } from './own-qm.ts';

/** Requests that have not ended yet, as far as the script can tell. */
async function inTurn(host: FakeHost, identity: string, count: number): Promise<ChildProcess[]> {
  const held = Array.from({ length: count }, (_, index) => {
    const marks = host.path(`held.${index}`);
    const words = [
      '-F',
      host.path('state', `turn.${identity}.status.${index + 1}`),
      'sh',
      '-c',
      `: >${marks}; exec sleep 60`,
    ];
    return { child: spawn('flock', words, { stdio: 'ignore' }), marks };
  });
  for (const { marks } of held) await until('the turn is taken', () => existsSync(marks));
  return held.map(({ child }) => child);
}

describe('a key of which four requests for status are under way', sideBySide, () => {
  it('is told to wait with the fifth, and no other key is', async () => {
    const host = await fakeHost();
    const held = await inTurn(host, 'agent', 4);

    const [fifth, human] = await Promise.all([call(host, 'agent', 'status'), call(host, 'human', 'status')]);
    for (const child of held) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }

    expect(fifth.document()).toMatchObject({ result: 'failed', reason: 'busy', touched: false });
    expect(human.document()).toMatchObject({ result: 'ok' });
  });
});

describe('what a request leaves behind', sideBySide, () => {
  it.each(['status', 'forensics'])('does not hold the turn of the next (%s)', async (verb) => {
    const host = await fakeHost();
    // As a qm that hangs in the kernel does: it outlives whoever asked, with every descriptor that it was born with.
    ownQm(
      host,
      `[[ $1 != config ]] || setsid sh -c 'echo $$ >>'"$root/left; exec sleep 60" >/dev/null 2>&1 </dev/null &`,
    );
    await call(host, 'ro', verb);

    const pids = host.read('left').trim().split('\n');
    const open = pids.flatMap((pid) => descriptorsOf(pid)).filter((file) => file.startsWith(host.path('state')));
    for (const pid of pids) process.kill(Number(pid), 'SIGKILL');
    expect(open).toEqual([]);
  });
});

function descriptorsOf(pid: string): string[] {
  return readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
}
