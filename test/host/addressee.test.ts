/** Which VM is meant, and what a request may say beside its verb: waits within the host's bounds, and exit codes by what status sees. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { standingOf, STATUS_EXIT } from '../../domain/breakglass/standing.ts';
import { call, journal, opId } from './call.ts';
import { fakeHost, sideBySide } from './fake-host.ts';
import { ownQm } from './own-qm.ts';

const mutating = ['cycle', 'stop', 'start', 'reset'] as const;

describe('a request that means another VM', sideBySide, () => {
  it('by its id is refused by every verb before anything is done', async () => {
    const host = await fakeHost();

    for (const verb of ['status', 'forensics', ...mutating]) {
      const { code, document } = await call(host, 'human', `${verb} vm=103`);
      expect({ code, ...document() }, verb).toMatchObject({
        code: 4,
        result: 'failed',
        reason: 'other_vm',
        touched: false,
      });
      expect(document().hint).toMatch(/VM 103 was meant.*VM 102/);
    }
    expect(host.power()).toEqual([]);
    expect((await call(host, 'human', `cycle vm=102 op=${opId()}`)).document()).toMatchObject({ result: 'ok' });
  });

  it.each([
    ['as the client knows it', {}, ' vm=102/devvm'],
    ['as the host knows it', { name: 'devvm' }, ''],
    ['as the client knows it, where the host knows another', { name: 'other' }, ' vm=102/devvm'],
  ])('by its name, %s, is refused where Proxmox has given the id to another', async (_how, settings, words) => {
    const host = await fakeHost(settings);
    host.write(`${host.read('machine/config')}name: other\n`, 'machine/config');

    for (const verb of mutating) {
      if (verb === 'start') await host.qm('stop');
      expect((await call(host, 'human', `${verb}${words}`)).document(), verb).toMatchObject({
        result: 'failed',
        reason: 'other_vm',
        touched: false,
      });
      if (verb === 'start') await host.qm('start');
    }
  });

  it('by its right name is done, and status tells the name', async () => {
    const host = await fakeHost({ name: 'devvm' });
    host.write(`${host.read('machine/config')}name: devvm\n`, 'machine/config');

    expect((await call(host, 'human', 'cycle vm=102/devvm')).document()).toMatchObject({ result: 'ok' });
    expect((await call(host, 'ro', 'status vm=102/devvm')).document().status).toMatchObject({ name: 'devvm' });
  });
});

describe('a wait that is given at call time', sideBySide, () => {
  it.each(['cycle stop-wait=7', 'start guest-wait=3'])(
    'longer than the host allows (%s) is refused, nothing touched',
    async (request) => {
      const host = await fakeHost();

      const { code, document } = await call(host, 'human', request);

      expect({ code, ...document() }).toMatchObject({ code: 4, reason: 'wait_too_long', touched: false });
      expect(document().hint).toMatch(/_budget=\d+ s/);
      expect(host.power()).toEqual([]);
    },
  );

  it('is what qm stop is told, and how long the guest is waited for; whoever resumes the op keeps to it', async () => {
    const host = await fakeHost({ guest_budget: 60 });
    host.fault('agent-dead');
    ownQm(host, '[[ $1 != stop ]] || printf "%s\\n" "$*" >>"$root/asked"');
    host.configure({ qm: host.path('own/qm'), guest_budget: 60 });
    const op = opId();
    const started = performance.now();

    const result = (await call(host, 'human', `cycle stop-wait=3 guest-wait=0 op=${op}`)).document();

    expect(result).toMatchObject({ result: 'unknown', reason: 'power_ok_guest_unknown' });
    expect(performance.now() - started).toBeLessThan(40_000);
    expect(host.read('asked')).toMatch(/^stop 102 --timeout 3 /);
    expect(journal(host, op)).toMatch(/ accept cycle human .*stop_wait=3 guest_wait=0 ;/);
  });

  it.each(['status stop-wait=3', 'forensics guest-wait=1', 'start stop-wait=1', 'cycle exit=1', 'cycle op=X vm=102'])(
    'that the verb has no use for is not understood: %s',
    async (request) => {
      const host = await fakeHost();

      expect(await call(host, 'human', request)).toMatchObject({ code: 2, stdout: '' });
    },
  );
});

describe('status exit=1', sideBySide, () => {
  it('exits by what it sees, and plain status by whether it could look', async () => {
    const host = await fakeHost();
    const codes = async (): Promise<(number | null)[]> =>
      (await Promise.all([call(host, 'ro', 'status'), call(host, 'ro', 'status exit=1')])).map(({ code }) => code);

    expect(await codes()).toEqual([0, 0]);
    host.write('paused', 'machine/runstate');
    expect(await codes()).toEqual([0, 11]);
    await host.qm('stop');
    expect(await codes()).toEqual([0, 10]);
  });

  it('has the codes of the client for each class that there is, whatever the guest says', () => {
    const library = fileURLToPath(new URL('../../host/lib/classify.sh', import.meta.url));
    const text = execFileSync('grep', ['-oE', 'CLASS=[a-z_]+', library], { encoding: 'utf8' });
    const classes = [
      ...new Set(
        text
          .trim()
          .split('\n')
          .map((line) => line.slice('CLASS='.length)),
      ),
    ];
    const named = [...classes, 'io_error', 'internal_error', 'of_a_newer_script'].filter(Boolean);
    const guests = [['yes', 'none'], ['no', 'yes'], ['no', 'no']] as const; // prettier-ignore
    const asked = named.flatMap((name) => guests.map(([agentPing, banner]) => ({ class: name, agentPing, banner })));
    const lines = asked.map(
      (one) => `CLASS=${one.class} AGENT_PING=${one.agentPing} BANNER=${one.banner}; status_exit; echo $STATUS_EXIT`,
    );

    const said = execFileSync('bash', ['-c', `source ${library}\n${lines.join('\n')}`], { encoding: 'utf8' });

    expect(named.length).toBeGreaterThan(15);
    expect(said.trim().split('\n').map(Number)).toEqual(asked.map((one) => STATUS_EXIT[standingOf(one)]));
  });
});
