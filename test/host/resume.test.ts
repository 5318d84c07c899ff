/** Facts 5.7: the script killed, the host rebooted in mid-cycle, evidence that can't be stored, a torn journal, a rotated log. */
import { execFile } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { FakeHost } from '../lab/fake-host/fake-host.ts';
import { call, type Identity, journal, killRunner, opId, resume, settled, start, until } from './call.ts';
import { fakeHost, sideBySide } from './fake-host.ts';

async function interruptAt(host: FakeHost, verb: string, word: string, identity: Identity = 'human'): Promise<string> {
  const op = opId();
  const client = start(host, identity, `${verb} op=${op}`);
  await until(`the journal says ${word}`, () => journal(host, op).includes(` ${word}`));
  client.kill('SIGKILL');
  killRunner(host);
  return op;
}

/** Whatever still runs for this host: runners, what they have started, and what they are about to start. */
function processesOf(host: FakeHost): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
        return words.some((word) => word.startsWith(host.root));
      } catch {
        // It ended since the folder was read.
        return false;
      }
    })
    .map(Number);
}

/** No process of the host survives. One that is just being born is seen at the next look. */
async function cutPower(host: FakeHost): Promise<void> {
  await until('every process of the host is gone', () => {
    const left = processesOf(host);
    for (const pid of left) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
      }
    }
    return left.length === 0;
  });
}

/** Power off and on for the host: no process survives, /run is empty, the kernel's clock begins anew. */
async function reboot(host: FakeHost, seconds = 40): Promise<void> {
  await cutPower(host);
  const pid = host.pid();
  if (pid) rmSync(host.path('proc', pid), { recursive: true, force: true });
  rmSync(host.path('run/102.pid'), { force: true });
  host.write('', 'cgroup/102.scope/cgroup.procs');
  host.write('22222222-2222-3333-4444-555555555555\n', 'proc/sys/kernel/random/boot_id');
  host.write(`${seconds}.00 1.00\n`, 'proc/uptime');
}

describe('5.7: a host that is rebooted', sideBySide, () => {
  it('in a cycle that had begun to stop the VM finishes it: the VM runs again', async () => {
    const host = await fakeHost();
    host.fault('stop-takes', '30');
    const op = await interruptAt(host, 'cycle', 'note intent=stop');
    await reboot(host);

    await resume(host);
    await settled(host, op);

    expect(host.power()).toEqual(['start 5000002']);
    expect((await call(host, 'human', `cycle op=${op}`)).document()).toMatchObject({
      result: 'ok',
      before: { pid: 5000001 },
      after: { pid: 5000002 },
    });
  });

  it('in a cycle that had touched nothing ends it so: power is not cut out of the blue', async () => {
    const host = await fakeHost({ block_sample: 2 });
    const op = await interruptAt(host, 'cycle', 'begin forensics');
    host.write('22222222-2222-3333-4444-555555555555\n', 'proc/sys/kernel/random/boot_id');

    await resume(host);
    await settled(host, op);

    expect(host.power()).toEqual([]);
    expect((await call(host, 'human', `cycle op=${op}`)).document()).toMatchObject({
      result: 'failed',
      reason: 'interrupted',
      touched: false,
    });
  });

  it('in a stop, whose VM something started again, says that it runs', async () => {
    const host = await fakeHost();
    host.fault('stop-takes', '30');
    const op = await interruptAt(host, 'stop', 'note intent=stop');
    await reboot(host);
    host.heal('stop-takes');
    await promisify(execFile)(host.path('bin/qm'), ['start', '102']);

    await resume(host);
    await settled(host, op);

    expect((await call(host, 'human', `stop op=${op}`)).document()).toMatchObject({
      result: 'failed',
      reason: 'running_again',
    });
    expect(host.power()).toEqual(['start 5000002']);
  });
});

describe('5.7: an op that nobody went on with for too long', sideBySide, () => {
  it('and that had touched nothing is not begun by surprise', async () => {
    const host = await fakeHost({ block_sample: 2 });
    const op = await interruptAt(host, 'cycle', 'begin forensics');
    host.write('100700.00 1.00\n', 'proc/uptime');

    await resume(host);
    await settled(host, op);

    expect((await call(host, 'human', `cycle op=${op}`)).document()).toMatchObject({
      reason: 'interrupted',
      touched: false,
    });
    expect(host.power()).toEqual([]);
  });

  it('and that had stopped the VM is finished however late, with an alarm in the log', async () => {
    const host = await fakeHost();
    const op = await interruptAt(host, 'cycle', 'done stop');
    host.write('200000.00 1.00\n', 'proc/uptime');

    await resume(host);
    await settled(host, op);

    expect(host.power()).toEqual(['stop 5000001', 'start 5000002']);
    expect(host.read('log')).toContain('alarm=op_overdue');
  });
});

describe('5.7: a stop of a killed runner that still waits its turn', sideBySide, () => {
  it('is awaited: it does not come late and stop the VM that the cycle has started', async () => {
    const host = await fakeHost();
    host.fault('stop-begins-late', '4');
    const op = opId();
    const client = start(host, 'human', `cycle op=${op}`);
    await until(
      'qm stop runs',
      () => journal(host, op).includes('intent=stop') && !existsSync(host.path('faults/stop-begins-late')),
    );
    client.kill('SIGKILL');
    killRunner(host);

    expect((await call(host, 'human', `cycle op=${op}`)).document()).toMatchObject({ result: 'ok' });
    expect(host.power()).toEqual(['stop 5000001', 'start 5000002']);
    await until('the late stop has had its turn', () => processesOf(host).length === 0);
    expect(host.power()).toEqual(['stop 5000001', 'start 5000002']);
  });
});

describe('5.7: a journal line that a power cut tore', sideBySide, () => {
  it('is ignored, and what it meant to say is done again', async () => {
    const host = await fakeHost();
    // The stop takes longer than the runner lives: the journal is torn before any power event.
    host.fault('stop-takes', '30');
    const op = await interruptAt(host, 'cycle', 'done check');
    expect(host.power()).toEqual([]);
    await cutPower(host);
    host.fault('stop-takes', '0');
    appendFileSync(host.path('state/ops', op, 'journal'), '1764331200000 done sto');

    await resume(host);
    await settled(host, op);

    expect(host.power()).toEqual(['stop 5000001', 'start 5000002']);
    expect((await call(host, 'human', `cycle op=${op}`)).document()).toMatchObject({ result: 'ok' });
  });
});

describe('5.7: evidence that cannot be stored', sideBySide, () => {
  function noPlace(host: FakeHost): void {
    rmSync(host.path('evidence'), { recursive: true });
    writeFileSync(host.path('evidence'), 'a file where the folder should be');
  }

  it('stops the agent', async () => {
    const host = await fakeHost();
    noPlace(host);

    expect((await call(host, 'agent', 'cycle')).document()).toMatchObject({
      result: 'failed',
      reason: 'evidence_not_stored',
      touched: false,
    });
    expect(host.power()).toEqual([]);
  });

  it('does not stop a person, and raises an alarm', async () => {
    const host = await fakeHost();
    noPlace(host);

    expect((await call(host, 'human', 'cycle')).document()).toMatchObject({
      result: 'ok',
      alarm: 'evidence_not_stored',
    });
    expect(host.read('log')).toContain('alarm=evidence_not_stored');
  });

  it('without room for the record itself nothing is begun', async () => {
    const host = await fakeHost();
    rmSync(host.path('state/ops'), { recursive: true });
    writeFileSync(host.path('state/ops'), 'a file where the folder should be');

    expect((await call(host, 'human', 'cycle')).document()).toMatchObject({
      result: 'failed',
      reason: 'journal_not_stored',
      touched: false,
    });
    expect(host.power()).toEqual([]);
  });
});

describe('5.7: the log', sideBySide, () => {
  it('may be rotated away in the middle of an op', async () => {
    const host = await fakeHost();
    host.fault('stop-takes', '1');
    const op = opId();
    const client = start(host, 'human', `cycle op=${op}`);
    await until('it stops', () => journal(host, op).includes('intent=stop'));
    renameSync(host.path('log'), host.path('log.1'));
    await settled(host, op);
    client.kill('SIGKILL');

    await until(
      'the new log has the end',
      () => existsSync(host.path('log')) && host.read('log').includes(`op=${op} verb=cycle end=ok`),
    );
    expect(host.read('log.1')).toContain(`op=${op} verb=cycle accepted`);
  });
});

describe('5.7: a client that died while its request was being recorded', sideBySide, () => {
  it.each([
    ['an empty folder', null],
    ['a torn first line', '1764331200000 acc'],
  ])('(leaving %s) asks again with the same id', async (_what, torn) => {
    const host = await fakeHost();
    const op = opId();
    mkdirSync(host.path('state/ops', op));
    if (torn) writeFileSync(host.path('state/ops', op, 'journal'), torn);

    expect((await call(host, 'human', `cycle op=${op}`)).document()).toMatchObject({ result: 'ok' });
    expect(host.power()).toEqual(['stop 5000001', 'start 5000002']);
  });
});

describe('a state directory that cannot be written at all', sideBySide, () => {
  it('is called so, and not other callers who never go away', async () => {
    const host = await fakeHost({ state_dir: '/proc/nowhere' });

    expect((await call(host, 'human', 'cycle')).document()).toMatchObject({
      result: 'failed',
      reason: 'journal_not_stored',
      touched: false,
    });
    expect(host.power()).toEqual([]);
  });
});
