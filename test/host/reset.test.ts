/** Facts 5.9: a reset is proven by the RESET event and another boot of the guest; that the pid stays the same proves nothing. */
import { describe, expect, it } from 'vitest';
import { call, journal, killRunner, opId, resume, settled, start, until } from './call.ts';
import { fakeHost, sideBySide } from './fake-host.ts';
import { ownQm } from './own-qm.ts';

describe('5.9: reset', sideBySide, () => {
  it('is ok with the event seen and another boot id, in the same process', async () => {
    const host = await fakeHost();

    const result = (await call(host, 'agent', 'reset')).document();

    expect(result).toMatchObject({ result: 'ok', reason: 'reset', touched: true, before: { pid: 5000001 } });
    expect(host.power()).toEqual(['reset']);
    expect(host.pid()).toBe('5000001');
  });

  it('without the event is not ok', async () => {
    const host = await fakeHost();
    host.fault('reset-event-missing');

    expect((await call(host, 'human', 'reset')).document()).toMatchObject({
      result: 'unknown',
      reason: 'reset_not_seen',
      touched: true,
    });
  });

  it('with the guest still in its old boot is a failure', async () => {
    const host = await fakeHost();
    host.fault('boot-id-stays');

    expect((await call(host, 'human', 'reset')).document()).toMatchObject({
      result: 'failed',
      reason: 'boot_id_unchanged',
    });
  });

  it('with another boot id at each question stays unknown: the guest’s word proves nothing', async () => {
    const host = await fakeHost();
    host.fault('boot-id-changes');

    const result = (await call(host, 'human', 'reset')).document();

    expect(result).toMatchObject({ result: 'unknown', reason: 'boot_id_unsteady', touched: true });
    expect(result.proof).toEqual({ host: 'reset_event', guest: null });
  });

  it('is not proven by an uptime that overflows to a young one', async () => {
    const host = await fakeHost();
    const guest = '{"out-data":"11111111-2222-3333-4444-555555555555\\n18446744073709551616.00 0.00"}';
    const answer = `grep -q reset "$root/power.log" || exit 255; echo '${guest}'; exit 0`;
    ownQm(host, `if [[ "$1 $2" == "guest exec" ]]; then ${answer}; fi`);

    expect((await call(host, 'human', 'reset')).document()).toMatchObject({ reason: 'power_ok_guest_unknown' });
  });

  it('tells what this host saw from what is the guest’s word', async () => {
    const host = await fakeHost({ human_cooldown: 0 });

    expect((await call(host, 'human', 'reset')).document().proof).toEqual({ host: 'reset_event', guest: 'boot_id' });
    expect((await call(host, 'human', 'cycle')).document().proof).toEqual({ host: 'new_process', guest: 'agent' });
  });

  it('without an agent in the guest stays unknown', async () => {
    const host = await fakeHost();
    host.write(host.read('machine/config').replace('agent: 1\n', ''), 'machine/config');
    host.fault('agent-dead');

    expect((await call(host, 'human', 'reset')).document()).toMatchObject({
      result: 'unknown',
      reason: 'power_ok_guest_unknown',
    });
  });

  it('that leaves the machine in prelaunch is noticed and finished', async () => {
    const host = await fakeHost();
    host.fault('reset-leaves-prelaunch');

    expect((await call(host, 'human', 'reset')).document()).toMatchObject({ result: 'ok' });
    expect(host.read('machine/runstate').trim()).toBe('running');
    expect(host.power()).toEqual(['reset']);
  });

  it('of a paused machine lets it run again', async () => {
    const host = await fakeHost();
    host.write('paused\n', 'machine/runstate');
    host.fault('reset-leaves-prelaunch');

    expect((await call(host, 'human', 'reset')).document()).toMatchObject({ result: 'ok' });
  });

  it.each([
    ['QMP is dead', 'qmp_dead'],
    ['an I/O error holds it', 'io_error'],
    ['it is off', 'not_running'],
  ])('is refused when %s, with the verb that would help', async (_when, reason) => {
    const host = await fakeHost();
    if (reason === 'qmp_dead') for (const dead of ['qmp-hangs', 'agent-dead'] as const) host.fault(dead);
    if (reason === 'io_error') host.write('io-error\n', 'machine/runstate');
    if (reason === 'not_running') await call(host, 'human', 'stop');

    const result = (await call(host, 'human', 'reset')).document();

    expect(result).toMatchObject({ result: 'failed', reason, touched: false });
    expect(result.hint).toMatch(/cycle|start/);
    expect(host.power()).not.toContain('reset');
  });

  it.each(['note intent=reset', 'note reset=seen', 'done reset', 'begin guest_ok'])(
    'whose runner dies at "%s" is never sent twice; the guest tells what became of it',
    async (word) => {
      const host = await fakeHost();
      const op = opId();
      const client = start(host, 'human', `reset op=${op}`);
      await until(`the journal says ${word}`, () => journal(host, op).includes(` ${word}`));
      client.kill('SIGKILL');
      killRunner(host);
      await resume(host);
      await settled(host, op);

      expect(host.power().length).toBeLessThanOrEqual(1);
      const { result, reason } = (await call(host, 'human', `reset op=${op}`)).document();
      // Killed between the intent and the command nothing was reset: then it must not be called ok.
      expect(result).toBe(host.power().length === 1 ? 'ok' : 'failed');
      expect(reason).toMatch(/^(reset|boot_id_unchanged)$/);
    },
  );
});
