/** What was begun to turn the power may outlive whoever began it, and act when it likes: nothing may be started that it would stop. */
import { execFile, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { FakeHost } from '../lab/fake-host/fake-host.ts';
import { call, journal, opId, resume, settled, start, until } from './call.ts';
import { fakeHost, recordedOps, sideBySide } from './fake-host.ts';
import { ownQm } from './own-qm.ts';

/** As `pkill -9 -f` of what people see in a process list: the script, its forks, and whoever waits for qm; also `qm` itself where asked. */
function killByName(host: FakeHost, also: RegExp = /^$/): void {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    let words: string[] = [];
    try {
      words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    } catch {
      // It ended since the folder was read.
    }
    const ours = words.some((word) => word.startsWith(host.root));
    if (!ours || !(words.some((word) => /breakglass-host|libexec\/bounded/.test(word)) || also.test(words.join(' '))))
      continue;
    process.kill(Number(pid), 'SIGKILL');
  }
}

async function cycleUntil(host: FakeHost, isSo: () => boolean): Promise<string> {
  const op = opId();
  const client = start(host, 'human', `cycle op=${op}`);
  await until('qm stop runs', () => journal(host, op).includes('intent=stop') && isSo());
  client.kill('SIGKILL');
  return op;
}

async function resumeUntilEnd(host: FakeHost, op: string): Promise<void> {
  while (!/ end .* ;\n/.test(journal(host, op))) await resume(host);
}

describe('5.7: a stop that outlives its runner, its shell and its keeper, all killed by name', sideBySide, () => {
  it('is awaited before the VM is started', async () => {
    const host = await fakeHost();
    host.fault('stop-begins-late', '2');
    const op = await cycleUntil(host, () => !existsSync(host.path('faults/stop-begins-late')));
    killByName(host);

    await resumeUntilEnd(host, op);

    expect((await call(host, 'human', `status op=${op}`)).document()).toMatchObject({ record: { result: 'ok' } });
    expect(host.power()).toEqual(['stop 5000001', 'start 5000002']);
  });

  it('is awaited where only a worker of it is left, in a session of its own', async () => {
    const host = await fakeHost();
    ownQm(
      host,
      `if [[ $1 == stop ]]; then setsid -f bash -c ": >'$root/worker'; sleep 3; '$qm' stop 102"; sleep 30; fi`,
    );
    const op = await cycleUntil(host, () => existsSync(host.path('worker')));
    killByName(host, /own\/qm stop/);

    await resumeUntilEnd(host, op);

    expect(host.power()).toEqual(['stop 5000001', 'start 5000002']);
  });

  it('and its time is ended, by pid and start time, before it is done again', async () => {
    const host = await fakeHost({ stop_budget: 2 });
    ownQm(host, `if [[ $1 == stop && ! -e $root/hung ]]; then : >"$root/hung"; sleep 300; fi`);
    const op = await cycleUntil(host, () => existsSync(host.path('hung')));
    killByName(host);

    await resumeUntilEnd(host, op);

    expect(host.read('log')).toContain('because=late_effect');
    expect(host.power()).toEqual(['stop 5000001', 'start 5000002']);
  });
});

describe('5.7: a start that outlives all who know of it', sideBySide, () => {
  it('is awaited, and not made a second time', async () => {
    const host = await fakeHost();
    ownQm(host, `if [[ $1 == start && ! -e $root/late ]]; then : >"$root/late"; sleep 2; fi`);
    const op = opId();
    const client = start(host, 'human', `cycle op=${op}`);
    await until('qm start runs', () => existsSync(host.path('late')));
    client.kill('SIGKILL');
    killByName(host);

    await resumeUntilEnd(host, op);

    expect((await call(host, 'human', `status op=${op}`)).document()).toMatchObject({ record: { result: 'ok' } });
    expect(host.power()).toEqual(['stop 5000001', 'start 5000002']);
    expect(journal(host, op).match(/intent=start/g)).toHaveLength(1);
  });
});

describe('a QEMU that ends only after its stop has given up', sideBySide, () => {
  it('in a cycle is awaited as long again, and started', async () => {
    const host = await fakeHost({ stop_budget: 3 });
    ownQm(host, `if [[ $1 == stop ]]; then setsid -f bash -c "sleep 5; '$qm' die 102" >/dev/null 2>&1; sleep 300; fi`);

    expect((await call(host, 'human', 'cycle')).document()).toMatchObject({ result: 'ok', reason: 'cycled' });
    expect(host.power()).toEqual(['stop 5000001', 'start 5000002']);
  });

  async function givenUp(): Promise<FakeHost> {
    const host = await fakeHost();
    host.fault('stop-refused');
    const { reason, hint } = (await call(host, 'human', 'cycle')).document();
    expect(reason).toBe('stop_refused');
    expect(hint).toContain('the timer starts the VM again');
    host.heal('stop-refused');
    return host;
  }

  it('in a cycle whose qm ended at once and left a worker behind is awaited and started too', async () => {
    const host = await fakeHost();
    const worker = `setsid -f bash -c "sleep 3; '$qm' stop 102" >/dev/null 2>&1`;
    ownQm(host, `if [[ $1 == stop ]]; then ${worker}; exit 255; fi`);

    expect((await call(host, 'human', 'cycle')).document()).toMatchObject({ result: 'ok', reason: 'cycled' });
    expect(host.power()).toEqual(['stop 5000001', 'start 5000002']);
  });

  it('after the cycle has ended is started by the timer, with a record of its own', async () => {
    const host = await givenUp();
    await resume(host);
    expect(host.power()).toEqual([]);
    await promisify(execFile)(host.path('bin/qm'), ['die', '102']);

    await resume(host);
    await resume(host);

    expect(host.power()).toEqual(['stop 5000001', 'start 5000002']);
    const [start] = readdirSync(host.path('state/ops')).filter((op) => journal(host, op).includes(' owed_by='));
    expect(journal(host, start ?? '')).toMatch(/ accept start human .* end ok started ;\n$/s);
  });

  it('is started however often an agent was refused in between', async () => {
    const host = await givenUp();
    recordedOps(host, 250, new Date(), 'agent');
    await promisify(execFile)(host.path('bin/qm'), ['die', '102']);

    await resume(host);

    expect(host.power()).toEqual(['stop 5000001', 'start 5000002']);
  });

  it('is left off where a person stopped it since, and where that was too long ago', async () => {
    const stopped = await givenUp();
    await promisify(execFile)(stopped.path('bin/qm'), ['die', '102']);
    await call(stopped, 'human', 'stop');
    await resume(stopped);
    expect(stopped.power()).toEqual(['stop 5000001']);

    const late = await givenUp();
    await promisify(execFile)(late.path('bin/qm'), ['die', '102']);
    late.write('100700.00 1.00\n', 'proc/uptime');
    await resume(late);
    expect(late.power()).toEqual(['stop 5000001']);
  });
});

/** A stop that has told its result, while a worker of it waits for `go` in a session of its own, with descriptors of its own. */
async function stopWithWorker(): Promise<{ host: FakeHost; go: () => void }> {
  const host = await fakeHost({ stop_budget: 2, gone_budget: 1 });
  const worker = `exec 3>&- 4>&- 5>/dev/null 6>&-; until [[ -e $root/go ]]; do sleep 0.1; done; '$qm' stop 102; : >'$root/done'`;
  ownQm(
    host,
    `if [[ $1 == stop ]]; then root=$root qm=$qm setsid -f bash -c "${worker}" >/dev/null 2>&1; sleep 300; fi`,
  );
  expect((await call(host, 'human', 'stop')).document()).toMatchObject({ reason: 'stop_timed_out', touched: true });
  return { host, go: () => host.write('', 'go') };
}

describe('a stop that can still come, of an op that has ended', sideBySide, () => {
  it('is awaited by a start that finds the VM running', async () => {
    const { host, go } = await stopWithWorker();
    const client = call(host, 'human', 'start');
    await until('it waits', () => host.read('log').includes('waits for an effect'));
    go();

    expect((await client).document()).toMatchObject({ result: 'ok', reason: 'started', touched: true });
    expect(host.power()).toEqual(['stop 5000001', 'start 5000002']);
  });

  it('and comes after that start has called the VM running is followed by one of the timer', async () => {
    const { host, go } = await stopWithWorker();
    expect((await call(host, 'human', 'start')).document()).toMatchObject({ result: 'ok', reason: 'already_running' });
    go();
    await until('it has come', () => existsSync(host.path('done')));

    await resume(host);

    expect(host.power()).toEqual(['stop 5000001', 'start 5000002']);
  });
});

describe('a child of qm that keeps its output open', sideBySide, () => {
  it('does not hold the cycle with the VM off', async () => {
    const host = await fakeHost({ stop_budget: 60 });
    ownQm(host, `if [[ $1 == stop ]]; then sleep 45 & echo $! >"$root/child"; fi`);
    const began = performance.now();

    expect((await call(host, 'human', 'cycle')).document()).toMatchObject({ result: 'ok' });
    expect(performance.now() - began).toBeLessThan(30_000);
    process.kill(Number(host.read('child')), 'SIGKILL');
  });
});

describe('a backup that begins while a reset waits for the file lock of the configuration', sideBySide, () => {
  it('is seen: the lock is read inside the file lock, and the guest is not reset', async () => {
    const host = await fakeHost();
    const lock = host.path('lock/lock-102.conf');
    const script = `flock 5; echo held; read -r _; echo 'lock: backup' >>"$1"`;
    const task = spawn('bash', ['-c', `exec 5>>"$2"; ${script}`, 'task', host.path('machine/config'), lock], {
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    await new Promise((resolve) => task.stdout.once('data', resolve));
    const op = opId();
    const client = call(host, 'human', `reset op=${op}`);
    await until('it waits for the file lock', () => journal(host, op).includes('begin reset'));
    task.stdin.end('\n');

    expect((await client).document()).toMatchObject({ result: 'failed', reason: 'lock_backup', touched: false });
    expect(host.power()).toEqual([]);
    await settled(host, op);
  });

  it('that keeps it refuses the reset, which waits for seconds only', async () => {
    const host = await fakeHost();
    const task = spawn('flock', [host.path('lock/lock-102.conf'), 'sh', '-c', 'echo held; exec sleep 60'], {
      detached: true,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    await new Promise((resolve) => task.stdout.once('data', resolve));

    const result = (await call(host, 'human', 'reset')).document();

    process.kill(-task.pid!, 'SIGKILL');
    expect(result).toMatchObject({ result: 'failed', reason: 'config_locked', touched: false });
  });
});
