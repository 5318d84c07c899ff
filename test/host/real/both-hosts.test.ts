/** What the verbs promise, asked of the host of files and of one with a real QEMU in the same words. One host serves all tests of a group. */
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { LabHost } from '../../lab/lab-host.ts';
import { answerOf, call, journal, opId, start, until } from '../call.ts';
import { fakeHost } from '../fake-host.ts';
import { hasLab, patience, realHost } from './real-host.ts';

const hosts: [string, boolean, () => Promise<LabHost>][] = [
  ['a host of files', true, () => fakeHost({ human_cooldown: 0 })],
  ['a host with a real QEMU', hasLab, () => realHost()],
];

describe.each(hosts)('on %s', (_name, possible, open) => {
  describe.skipIf(!possible)('5.5, 5.6, 5.9: the verbs', patience, () => {
    let host: LabHost;
    let running: string;
    beforeAll(async () => {
      host = await open();
    }, patience.timeout);
    beforeEach(() => {
      running = host.pid() ?? '';
      host.write('', 'power.log');
    });

    it('status of a healthy VM says that it responds, and by what', async () => {
      expect((await call(host, 'ro', 'status')).document()).toMatchObject({
        result: 'ok',
        touched: false,
        status: {
          class: 'responding',
          advice: 'none',
          qmp: 'ok',
          runState: 'running',
          agentPing: 'yes',
          pid: Number(running),
        },
      });
    });

    it('start of a running VM is done already and starts no second QEMU', async () => {
      expect((await call(host, 'agent', 'start')).document()).toMatchObject({
        result: 'ok',
        reason: 'already_running',
        touched: false,
      });
      expect(host.pid()).toBe(running);
      expect(host.power()).toEqual([]);
    });

    it('a VM under a lock is not touched, nor is the lock', async () => {
      const unlocked = host.read('machine/config');
      host.write(`${unlocked}lock: backup\n`, 'machine/config');

      const answers = [await call(host, 'human', 'cycle'), await call(host, 'human', 'reset')];

      for (const answer of answers) {
        expect(answer.document()).toMatchObject({ result: 'failed', reason: 'lock_backup', touched: false });
      }
      expect(host.read('machine/config')).toContain('lock: backup');
      expect(host.power()).toEqual([]);
      host.write(unlocked, 'machine/config');
    });

    it('cycle makes a fresh process with the staged configuration; whoever else asks meanwhile is told who is at it', async () => {
      host.write('new memory: 272\n', 'machine/staged');
      const op = opId();
      const client = answerOf(start(host, 'human', `cycle op=${op}`));
      await until('the op is recorded', () => journal(host, op) !== '');

      const busy = (await call(host, 'human', 'stop')).document();
      const seen = (await call(host, 'ro', `status op=${op}`)).document();

      expect(busy).toMatchObject({ result: 'failed', reason: 'busy', runningOp: op, touched: false });
      expect(seen).toMatchObject({ result: 'ok', record: { op } });
      const done = (await client).document();
      expect(done).toMatchObject({ result: 'ok', reason: 'cycled', before: { pid: Number(running) } });
      expect(host.power()).toEqual([`stop ${running}`, `start ${host.pid()}`]);
      expect(host.pid()).not.toBe(running);
      expect(done.after).toMatchObject({ pid: Number(host.pid()) });
      expect(host.read('machine/config')).toContain('memory: 272');
    });

    it('an op id asked again gives its result word for word, and no second power event', async () => {
      const op = opId();
      const first = await call(host, 'human', `reset op=${op}`);
      const events = host.power();

      const again = await call(host, 'human', `reset op=${op}`);

      expect(first.document()).toMatchObject({ result: 'ok', reason: 'reset' });
      expect(again.stdout).toBe(first.stdout);
      expect(events).toEqual(['reset']);
      expect(host.power()).toEqual(events);
      expect(host.pid()).toBe(running);
    });

    it('stop ends that very process; asked again it is off already; start brings it back', async () => {
      const stopped = (await call(host, 'human', 'stop')).document();
      const status = (await call(host, 'ro', 'status')).document();
      const again = (await call(host, 'human', 'stop')).document();
      const started = (await call(host, 'agent', 'start')).document();

      expect(stopped).toMatchObject({ result: 'ok', reason: 'stopped', before: { pid: Number(running) } });
      expect(status).toMatchObject({ status: { class: 'off', advice: 'start', pid: null } });
      expect(again).toMatchObject({ result: 'ok', reason: 'already_off', touched: false });
      expect(started).toMatchObject({ result: 'ok', reason: 'started', after: { pid: Number(host.pid()) } });
      expect(host.power()).toEqual([`stop ${running}`, `start ${host.pid()}`]);
    });
  });
});
