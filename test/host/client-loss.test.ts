/** Facts 5.1: the SSH client goes away at every phase boundary of a cycle, and the VM always ends running, with the result kept. */
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { call, journal, killRunner, opId, resume, settled, start, until } from './call.ts';
import { fakeHost, sideBySide } from './fake-host.ts';

const boundaries = ['forensics', 'permission', 'check', 'stop', 'start', 'power_ok', 'applied', 'guest_ok'].flatMap(
  (phase) => [`begin ${phase}`, `done ${phase}`],
);

describe('5.1: a cycle whose client is killed', sideBySide, () => {
  it.each(['accept', 'begin forensics', 'begin stop', 'done stop', 'begin start', 'begin guest_ok'])(
    'at "%s" ends with the VM running, one power event, and its result kept',
    async (word) => {
      const host = await fakeHost();
      const op = opId();
      const client = start(host, 'human', `cycle op=${op}`);
      await until(`the journal says ${word}`, () => journal(host, op).includes(` ${word}`));

      client.kill('SIGKILL');
      await settled(host, op);

      expect(host.power()).toEqual(['stop 5000001', 'start 5000002']);
      expect((await call(host, 'human', `cycle op=${op}`)).document()).toMatchObject({
        op,
        state: 'done',
        result: 'ok',
      });
      expect(host.power().length).toBe(2);
    },
  );

  it('by a closed pipe instead of a signal goes on as well', async () => {
    const host = await fakeHost();
    const op = opId();
    const client = start(host, 'human', `cycle op=${op}`);
    await until('the op is accepted', () => journal(host, op).includes(' begin '));
    client.stdout?.destroy();
    client.stderr?.destroy();

    await settled(host, op);

    expect(host.power()).toEqual(['stop 5000001', 'start 5000002']);
  });
});

describe('5.1: who watches an op', sideBySide, () => {
  it('hears that it is under way, and does not watch on for a client that is gone', async () => {
    const host = await fakeHost({ stop_budget: 30 });
    host.fault('stop-takes', '12');
    const op = opId();
    const [listening, gone] = [start(host, 'human', `cycle op=${op}`), start(host, 'human', `cycle op=${op}`)];
    let heard = '';
    listening.stderr?.on('data', (chunk: Buffer) => (heard += chunk.toString()));
    gone.stdout?.destroy();
    gone.stderr?.destroy();
    const ended = once(gone, 'exit');

    await until('it hears of the stop', () => heard.includes(`op ${op} is under way: stop`));
    await ended;
    expect(journal(host, op)).not.toContain('done stop');
    await settled(host, op);
    expect(host.power()).toEqual(['stop 5000001', 'start 5000002']);
  });
});

describe('5.1: a cycle whose runner is killed together with its client', sideBySide, () => {
  it.each(['accept', ...boundaries, 'note intent=stop', 'note intent=start'])(
    'at "%s" is finished by the timer: the VM runs, one power event, result kept',
    async (word) => {
      const host = await fakeHost();
      const op = opId();
      const client = start(host, 'human', `cycle op=${op}`);
      await until(`the journal says ${word}`, () => journal(host, op).includes(` ${word}`));

      client.kill('SIGKILL');
      killRunner(host);
      expect(await resume(host)).toBe(0);
      await settled(host, op);

      expect(host.power()).toEqual(['stop 5000001', 'start 5000002']);
      expect(host.pid()).toBe('5000002');
      const again = (await call(host, 'human', `cycle op=${op}`)).document();
      expect(again).toMatchObject({
        result: 'ok',
        reason: 'cycled',
        before: { pid: 5000001 },
        after: { pid: 5000002 },
      });
    },
  );
});
