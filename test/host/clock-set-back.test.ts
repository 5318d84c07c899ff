/** A wall clock that was ahead and has been set right: what was written before bears a time that is yet to come. Nothing may be lost by it. */
import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { FakeHost } from '../lab/fake-host/fake-host.ts';
import { call, journal, killRunner, opId, resume, settled, start, until } from './call.ts';
import { fakeHost, recordedOps, sideBySide } from './fake-host.ts';

const tomorrow = new Date(Date.now() + 86_400_000);

function evidenceOfTomorrow(host: FakeHost, count: number): void {
  for (let index = 0; index < count; index += 1) {
    const folder = host.path('evidence', `7${opId().slice(1)}`);
    mkdirSync(folder);
    writeFileSync(`${folder}/facts`, 'class=qmp_dead advice=cycle\n');
    writeFileSync(`${folder}/SHA256SUMS`, 'none\n');
    utimesSync(folder, tomorrow, tomorrow);
  }
}

describe('5.7: with records of tomorrow on the disk', sideBySide, () => {
  it('an op that was cut off with the VM off is still found and finished', async () => {
    const host = await fakeHost();
    const op = opId();
    const client = start(host, 'human', `cycle op=${op}`);
    await until('the VM is stopped', () => journal(host, op).includes(' done stop'));
    client.kill('SIGKILL');
    killRunner(host);
    recordedOps(host, 25, tomorrow);

    expect((await call(host, 'ro', 'status')).document().status).toMatchObject({ runningOp: op });
    await resume(host);
    await settled(host, op);

    expect(host.power()).toEqual(['stop 5000001', 'start 5000002']);
  });

  it('the newest op is the newest, and its record is not the one that makes room', async () => {
    const host = await fakeHost({ human_cooldown: 0 });
    recordedOps(host, 200, tomorrow);
    const [first, second] = [opId(), opId()];
    await call(host, 'human', `cycle op=${first}`);
    await call(host, 'human', `cycle op=${second}`);

    expect((await call(host, 'ro', 'status')).document().status).toMatchObject({ lastOp: second });
    expect((await call(host, 'human', `cycle op=${first}`)).document()).toMatchObject({ result: 'ok' });
    expect(host.power().length).toBe(4);
  });

  it('a capture that was just taken is kept, and no old one is passed off as fresh', async () => {
    const host = await fakeHost({ evidence_keep: 5 });
    evidenceOfTomorrow(host, 5);

    const [first, second] = [
      (await call(host, 'human', 'cycle')).document().evidence,
      (await call(host, 'ro', 'forensics')).document().evidence,
    ];

    expect(second).toMatchObject({ class: 'responding' });
    for (const kept of [first, second]) expect(host.read('evidence', kept!.id, 'facts')).toContain('class=');
  });
});
