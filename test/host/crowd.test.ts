/** One key that asks without end: it gets its turns, the other keys theirs, and what hangs holds no turn for ever. */
import { readdirSync, readlinkSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { call } from './call.ts';
import { fakeHost } from './fake-host.ts';
import { ownQm } from './own-qm.ts';

describe('what a request leaves behind', () => {
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
