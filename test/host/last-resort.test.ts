/** Facts 3.3.9: an NMI and a dump of the guest's memory, on a person's explicit word at the host, and on nobody else's. */
import { spawn } from 'node:child_process';
import { chmodSync, closeSync, mkdirSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { LabHost } from '../lab/lab-host.ts';
import { answerOf, call, journal, opId, start, until } from './call.ts';
import { fakeHost } from './fake-host.ts';
import { hasLab, patience, realHost } from './real/real-host.ts';

const program = fileURLToPath(new URL('../../host/breakglass-admin', import.meta.url));

async function admin(host: LabHost, ...words: string[]): Promise<{ status: number | null; stderr: string }> {
  const { code, stderr } = await answerOf(spawn(program, ['--config', host.config, ...words]));
  return { status: code, stderr };
}

function privateFolder(host: LabHost): string {
  mkdirSync(host.path('dumps'), { mode: 0o700 });
  return host.path('dumps');
}

describe('3.3.9: breakglass-admin dump-memory', () => {
  it('is refused where the disk has no room for it', async () => {
    const host = await fakeHost();
    const folder = privateFolder(host);

    const { status, stderr } = await admin(host, 'dump-memory', folder, 'it', 'hangs');

    expect(status).toBe(1);
    expect(stderr).toMatch(/refused: the guest has \d+ MiB/);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('is refused without a reason, and in a folder that others can write to', async () => {
    const host = await fakeHost();
    const folder = privateFolder(host);

    expect((await admin(host, 'dump-memory', folder)).status).toBe(2);
    chmodSync(folder, 0o777);
    expect((await admin(host, 'dump-memory', folder, 'it hangs')).stderr).toContain("must be a folder of root's");
  });

  it('and nmi are refused while an op is under way, and where QMP does not answer', async () => {
    const host = await fakeHost();
    host.fault('stop-takes', '2');
    const op = opId();
    const client = answerOf(start(host, 'human', `cycle op=${op}`));
    await until('it stops the VM', () => journal(host, op).includes('intent=stop'));

    expect((await admin(host, 'dump-memory', privateFolder(host), 'it hangs')).stderr).toContain('an op is under way');
    expect((await admin(host, 'nmi', 'it hangs')).stderr).toContain('an op is under way');
    await client;
    host.fault('qmp-hangs');
    expect((await admin(host, 'nmi', 'it hangs')).stderr).toContain('QMP does not answer');
  });

  it.skipIf(!hasLab)('writes the memory of a real guest, which goes on afterwards', patience, async () => {
    const host = await realHost();
    const folder = privateFolder(host);

    const { status, stderr } = await admin(host, 'dump-memory', folder, 'it', 'hangs');

    expect({ status, stderr }).toMatchObject({ status: 0, stderr: expect.stringContaining('every secret') as string });
    const [file = ''] = readdirSync(folder);
    const { size, mode } = statSync(host.path('dumps', file));
    expect(size).toBeGreaterThan(256 * 1024 * 1024);
    expect(mode & 0o077).toBe(0);
    const bytes = Buffer.alloc(4);
    const opened = openSync(host.path('dumps', file), 'r');
    readSync(opened, bytes);
    closeSync(opened);
    expect(bytes.toString('latin1')).toBe('\x7fELF');
    expect(await host.monitor.ask('query-status')).toMatchObject({ status: 'running' });
    await host.guest.isWell();
  });
});

describe('3.3.9: breakglass-admin nmi', () => {
  it('sends one, with a reason that is logged, and no key can', async () => {
    const host = await fakeHost();

    expect((await admin(host, 'nmi')).status).toBe(2);
    expect((await admin(host, 'nmi', 'kdump', 'is', 'set', 'up')).status).toBe(0);

    expect(host.read('nmi.log')).toBe('nmi\n');
    expect(host.read('log')).toMatch(/admin=nmi pid=5000001 reason=kdump is set up/);
    expect((await call(host, 'human', 'nmi')).code).toBe(2);
  });
});
