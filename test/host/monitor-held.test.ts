/** QMP serves one client at a time. Whoever else is at it makes it silent, and that is no sign that the machine is dead. */
import { readdirSync, readlinkSync, symlinkSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { FakeHost } from '../lab/fake-host/fake-host.ts';
import { addStranger, strangersPid } from '../lab/fake-host/stranger.ts';
import { type Held, holdMonitor } from '../lab/hold-monitor.ts';
import { call } from './call.ts';
import { fakeHost, sideBySide } from './fake-host.ts';

const sockets = (): string[] =>
  readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/self/fd/${fd}`)].filter((what) => what.startsWith('socket:'));
    } catch {
      // It was the one that lists.
      return [];
    }
  });

/** In the host's process table the sockets of this process are those of a `socat`. */
async function held(host: FakeHost): Promise<Held> {
  host.fault('qmp-serves-one');
  const holder = await holdMonitor(host);
  addStranger(host, { exe: '/usr/bin/socat', group: '/user.slice', words: ['socat'] });
  host.write(host.read('proc', strangersPid, 'stat').replace('(x)', '(socat)'), 'proc', strangersPid, 'stat');
  for (const [at, socket] of sockets().entries())
    symlinkSync(socket, host.path('proc', strangersPid, 'fd', String(at)));
  return holder;
}

describe('a monitor that somebody else holds', sideBySide, () => {
  it('is busy and not dead: its client is named, and the agent may not cycle', async () => {
    const host = await fakeHost({ autonomy: 'evidence' });
    const holder = await held(host);

    const { status } = (await call(host, 'ro', 'status')).document();
    const cycle = (await call(host, 'agent', 'cycle')).document();
    await holder.release();

    expect(status).toMatchObject({ class: 'monitor_busy', advice: 'human', qmp: 'late', agentPing: 'yes' });
    expect(status?.monitorClient).toEqual({ pid: 4242, name: 'socat' });
    expect(cycle).toMatchObject({ result: 'failed', reason: 'no_evidence', touched: false });
    expect(host.power()).toEqual([]);
    expect((await call(host, 'ro', 'status')).document().status).toMatchObject({ class: 'responding' });
  });

  it('lets no reset be asked for, and start says who answers and who does not', async () => {
    const host = await fakeHost();
    const holder = await held(host);

    const reset = (await call(host, 'human', 'reset')).document();
    const start = (await call(host, 'human', 'start')).document();
    await holder.release();

    expect(reset).toMatchObject({ result: 'failed', reason: 'monitor_busy', touched: false });
    expect(reset.hint).toContain('process 4242 (socat)');
    expect(start).toMatchObject({ result: 'ok', reason: 'already_running' });
    expect(start.hint).toMatch(/guest answers.*process 4242 \(socat\)/);
    expect(host.power()).toEqual([]);
  });

  it('explains a VM in which nobody can be asked; a guest that should answer and does not is a wedge all the same', async () => {
    const host = await fakeHost({ autonomy: 'evidence' });
    host.fault('agent-dead');
    const holder = await held(host);
    const wedged = (await call(host, 'ro', 'status')).document().status;
    host.write(host.read('machine/config').replace('agent: 1\n', ''), 'machine/config');

    const unasked = (await call(host, 'ro', 'status')).document().status;
    await holder.release();

    expect(wedged).toMatchObject({ class: 'qmp_dead', advice: 'cycle' });
    expect(unasked).toMatchObject({ class: 'monitor_busy', advice: 'human' });
  });
});

describe('a monitor that answers errors, or text that is none of its own', sideBySide, () => {
  it('is told apart from a machine in transition, for which one waits', async () => {
    const host = await fakeHost({ autonomy: 'evidence' });
    host.fault('qmp-errors');

    expect((await call(host, 'ro', 'status')).document().status).toMatchObject({
      class: 'monitor_broken',
      advice: 'human',
    });
    host.heal('qmp-errors');
    host.write('finish-migrate', 'machine/runstate');
    expect((await call(host, 'ro', 'status')).document().status).toMatchObject({
      class: 'in_transition',
      advice: 'wait',
    });
    host.write('debug', 'machine/runstate');
    expect((await call(host, 'ro', 'status')).document().status).toMatchObject({
      class: 'stands_still',
      advice: 'human',
    });
  });

  it('in letters of any alphabet is not taken for dead, however silent the guest', async () => {
    const host = await fakeHost();
    host.fault('qmp-errors');
    host.fault('agent-dead');

    expect((await call(host, 'ro', 'status')).document().status).toMatchObject({
      class: 'monitor_broken',
      advice: 'human',
    });
  });

  it.each(['x[$(touch executed)]', 'a =x', 'running state=paused', '-'])(
    'is text and ends no script: a run state of %j',
    async (said) => {
      const host = await fakeHost();
      host.write(said, 'machine/runstate');

      const { code, document } = await call(host, 'ro', 'status');

      expect({ code, status: document().status?.class }).toEqual({ code: 0, status: 'monitor_broken' });
    },
  );
});

describe('start of a VM whose process is there', sideBySide, () => {
  it('with its guest paused is not ok', async () => {
    const host = await fakeHost();
    host.write('paused', 'machine/runstate');

    const { code, document } = await call(host, 'human', 'start');

    expect({ code, ...document() }).toMatchObject({ code: 4, result: 'failed', reason: 'left_paused', touched: false });
    expect(document().hint).toContain('process 5000001');
  });

  it('with QMP and guest silent is unknown, and says of which process', async () => {
    const host = await fakeHost();
    host.fault('qmp-hangs');
    host.fault('agent-dead');

    const { code, document } = await call(host, 'human', 'start');

    expect({ code, ...document() }).toMatchObject({ code: 3, result: 'unknown', reason: 'qmp_silent', touched: false });
    expect(document().hint).toContain('process 5000001');
  });
});

describe('a QEMU that was started and ends before it answers', sideBySide, () => {
  it('leaves the VM off, which is what cycle says, with its process', async () => {
    const host = await fakeHost({ power_budget: 4 });
    host.fault('qmp-hangs');
    host.write(
      host
        .read('bin/qm')
        .replace(
          'event start "$pid"',
          'event start "$pid"\n  (sleep 1; rm -rf "$root/proc/$pid"; : >"$root/cgroup/$vmid.scope/cgroup.procs") &>/dev/null &',
        ),
      'bin/qm',
    );

    const result = (await call(host, 'human', 'cycle')).document();

    expect(result).toMatchObject({ result: 'failed', reason: 'stopped_start_failed', touched: true });
    expect(result.hint).toMatch(/VM is OFF: process 5000002/);
  });
});
