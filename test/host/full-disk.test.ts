/**
 * Facts 5.7: a disk that really is full (ENOSPC from the kernel), in the middle of an op and before it. A file system of a megabyte is
 * mounted for it, which needs root and a machine that lets root mount.
 */
import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmdirSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import type { FakeHost } from '../lab/fake-host/fake-host.ts';
import { call, journal, opId, resume, settled, start, until } from './call.ts';
import { fakeHost } from './fake-host.ts';

const mounted: string[] = [];

function mount(at: string): boolean {
  const isMounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m,mode=0700', 'lamplighter-test', at]).status === 0;
  if (isMounted) mounted.push(at);
  return isMounted;
}

function unmount(): void {
  // Lazily: a process that is just ending may still look at it.
  for (const at of mounted.splice(0)) spawnSync('umount', ['--lazy', at]);
}

function canMount(): boolean {
  const at = mkdtempSync(join(tmpdir(), 'mount-'));
  const can = mount(at);
  unmount();
  rmdirSync(at);
  return can;
}

/** Takes all that is left, to the last byte. */
function fill(folder: string): void {
  const file = openSync(join(folder, 'ballast'), 'a');
  try {
    for (const size of [65_536, 4_096, 1]) {
      const chunk = Buffer.alloc(size);
      try {
        for (;;) writeSync(file, chunk);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      }
    }
  } finally {
    closeSync(file);
  }
}

async function hostOnSmallDisk(part: 'state' | 'evidence', reserve = true): Promise<FakeHost> {
  const host = await fakeHost();
  expect(mount(host.path(part))).toBe(true);
  if (part === 'evidence') return host;
  mkdirSync(host.path('state/ops'));
  if (reserve) writeFileSync(host.path('state/reserve'), Buffer.alloc(262_144));
  return host;
}

/** A block that the journal has begun is its own: only where it needs another one does the full disk reach it. */
function fillBlock(host: FakeHost, op: string): void {
  const size = Buffer.byteLength(journal(host, op));
  const line = '0 padding  ;\n';
  const missing = 4_096 - (size % 4_096);
  appendFileSync(host.path('state/ops', op, 'journal'), line.replace('  ', ` ${'x'.repeat(missing - line.length)} `));
}

/** A cycle whose `qm stop` waits until the disk is full. */
async function fillDuringStop(host: FakeHost): Promise<string> {
  host.fault('stop-takes', '1');
  const op = opId();
  const client = start(host, 'human', `cycle op=${op}`);
  await until('it stops', () => journal(host, op).includes('intent=stop'));
  fillBlock(host, op);
  fill(host.path('state'));
  client.kill('SIGKILL');
  return op;
}

const mountable = canMount();
afterEach(unmount);
afterAll(() => expect(mounted).toEqual([]));

describe.skipIf(!mountable)('5.7: a full disk (needs root who may mount)', () => {
  it('in the middle of a cycle: the reserve gives the journal room, and the VM runs', async () => {
    const host = await hostOnSmallDisk('state');

    const op = await fillDuringStop(host);
    await settled(host, op);

    expect(host.power()).toEqual(['stop 5000001', 'start 5000002']);
    expect(host.read('log')).toContain('alarm=disk_full');
    expect((await call(host, 'human', `cycle op=${op}`)).document()).toMatchObject({ result: 'ok', reason: 'cycled' });
  });

  it('with the reserve gone too: nothing is begun that could not be recorded, and it is finished when there is room', async () => {
    const host = await hostOnSmallDisk('state', false);

    const op = await fillDuringStop(host);
    await until('the runner gives up', () => host.read('log').includes('alarm=journal_not_stored'));
    expect(host.power()).toEqual(['stop 5000001']);
    rmSync(host.path('state/ballast'));
    await resume(host);
    await settled(host, op);

    expect(host.power()).toEqual(['stop 5000001', 'start 5000002']);
    expect((await call(host, 'human', `cycle op=${op}`)).document()).toMatchObject({ result: 'ok', reason: 'cycled' });
  });

  it('before a request: without room for its record nothing is begun', async () => {
    const host = await hostOnSmallDisk('state', false);
    fill(host.path('state'));

    const answer = (await call(host, 'human', 'cycle')).document();

    expect(answer).toMatchObject({ result: 'failed', reason: 'journal_not_stored', touched: false });
    expect(host.power()).toEqual([]);
  });

  it('for the evidence: the agent is refused, a person goes on with an alarm', async () => {
    const host = await hostOnSmallDisk('evidence');
    fill(host.path('evidence'));

    expect((await call(host, 'agent', 'cycle')).document()).toMatchObject({
      reason: 'evidence_not_stored',
      touched: false,
    });
    expect((await call(host, 'human', 'cycle')).document()).toMatchObject({
      result: 'ok',
      alarm: 'evidence_not_stored',
    });
    expect(host.power()).toEqual(['stop 5000001', 'start 5000002']);
  });

  it('does not keep status from answering', async () => {
    const host = await hostOnSmallDisk('state');
    fill(host.path('state'));

    expect((await call(host, 'ro', 'status')).document()).toMatchObject({ result: 'ok' });
  });
});
