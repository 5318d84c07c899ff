/** The power client through a real sshd and the real script: each verb and its outcome. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { VERBS } from '../../domain/breakglass/verb.ts';
import { type LabSshd, startLabSshd } from '../lab/sshd/sshd.ts';
import type { FakeHost } from '../lab/fake-host/fake-host.ts';
import { journal, opId, until } from '../host/call.ts';
import { fakeHost } from '../host/fake-host.ts';
import { has } from '../setup/needs.ts';
import { clientOf, targetOf, wireTo } from './client-rig.ts';

describe.skipIf(!has('sshd'))('verbs through the power client', { timeout: 120_000 }, () => {
  let host: FakeHost;
  let sshd: LabSshd;
  beforeAll(async () => {
    host = await fakeHost({ human_cooldown: 0 });
    sshd = await startLabSshd({ config: host.config });
  });
  afterAll(() => sshd.close());

  it('status tells what the host sees, with no op', async () => {
    const answer = await clientOf(targetOf(sshd, 'ro')).status();
    expect(answer).toMatchObject({ ok: true, document: { identity: 'ro', status: { class: 'responding' } } });
  });

  it('forensics answers with its evidence', async () => {
    const outcome = await clientOf(targetOf(sshd, 'ro')).runVerb('forensics', opId());
    expect(outcome).toMatchObject({
      told: 'host',
      result: 'ok',
      touched: false,
      record: { evidence: { class: 'responding' } },
    });
  });

  it('a cycle is one connection, one power event, told phase by phase; its result is there for whoever asks by its id', async () => {
    const wire = await wireTo(sshd.port);
    const before = host.power().length;
    const op = opId();
    const lines: string[] = [];
    const client = clientOf(targetOf(sshd, 'human', { port: wire.port }));

    const outcome = await client.runVerb('cycle', op, { onLine: (line) => lines.push(line) });

    expect(outcome).toMatchObject({ told: 'host', reconciled: false, result: 'ok', touched: true, record: { op } });
    expect(wire.made()).toBe(1);
    await until('the connection is gone', () => wire.open() === 0);
    await wire.close();
    expect(
      host
        .power()
        .slice(before)
        .map((line) => line.split(' ')[0]),
    ).toEqual(['stop', 'start']);
    expect(lines).toEqual([
      `breakglass: op ${op}`,
      ...['forensics', 'permission', 'check', 'stop', 'start', 'power_ok', 'applied', 'guest_ok'].map(
        (phase) => `breakglass: ${phase}: ok`,
      ),
      'breakglass: cycle: ok cycled',
    ]);
    const later = await clientOf(targetOf(sshd, 'ro')).status(op);
    expect(later).toMatchObject({ ok: true, document: { record: { op, result: 'ok' } } });
  });

  it.each([
    ['stop', 'stopped'],
    ['stop', 'already_off'],
    ['start', 'started'],
    ['start', 'already_running'],
    ['reset', 'reset'],
  ] as const)('%s: %s', async (verb, reason) => {
    const outcome = await clientOf(targetOf(sshd, 'human')).runVerb(verb, opId());
    expect(outcome).toMatchObject({ told: 'host', result: 'ok', reason });
  });

  it('the same op id gives the recorded result, and no second power event', async () => {
    const op = opId();
    const first = await clientOf(targetOf(sshd, 'human')).runVerb('reset', op);
    const power = host.power();
    const second = await clientOf(targetOf(sshd, 'human')).runVerb('reset', op);
    expect(second).toEqual(first);
    expect(host.power()).toEqual(power);
  });

  it.each(VERBS.filter((verb) => verb !== 'status' && verb !== 'forensics'))(
    'the key of ro may not %s: a refusal that cost nothing',
    async (verb) => {
      const power = host.power();
      const outcome = await clientOf(targetOf(sshd, 'ro')).runVerb(verb, opId());
      expect(outcome).toMatchObject({ told: 'host', result: 'failed', reason: 'identity', touched: false });
      expect(host.power()).toEqual(power);
    },
  );

  it('a verb that failed says so in the words of the host: stopped, and not coming back', async () => {
    host.fault('start-fails', '9');
    const outcome = await clientOf(targetOf(sshd, 'human')).runVerb('cycle', opId());
    host.heal('start-fails');
    expect(outcome).toMatchObject({
      told: 'host',
      result: 'failed',
      reason: 'stopped_start_failed',
      touched: true,
      hint: expect.stringContaining('OFF') as string,
    });
    expect(await clientOf(targetOf(sshd, 'human')).runVerb('start', opId())).toMatchObject({ result: 'ok' });
  });

  it('a result that the host itself does not know is unknown', async () => {
    host.fault('agent-dead');
    const outcome = await clientOf(targetOf(sshd, 'human')).runVerb('cycle', opId());
    host.heal('agent-dead');
    expect(outcome).toMatchObject({ told: 'host', result: 'unknown', reason: 'power_ok_guest_unknown', touched: true });
  });

  it('a second caller is told who is at work', async () => {
    host.fault('stop-takes', '2');
    const op = opId();
    const first = clientOf(targetOf(sshd, 'human')).runVerb('cycle', op);
    await until('the first has begun to stop', () => journal(host, op).includes(' begin stop'));
    const second = await clientOf(targetOf(sshd, 'agent')).runVerb('cycle', opId());
    host.heal('stop-takes');
    expect(second).toMatchObject({ result: 'failed', reason: 'busy', touched: false, record: { runningOp: op } });
    expect(await first).toMatchObject({ result: 'ok' });
  });

  it('a configuration that the host does not trust is a refusal that names it', async () => {
    host.configure({ autonomy: 'whatever' });
    const outcome = await clientOf(targetOf(sshd, 'human')).runVerb('cycle', opId());
    host.configure({});
    expect(outcome).toMatchObject({
      told: 'client',
      result: 'failed',
      reason: 'host_config',
      touched: false,
      hint: expect.stringMatching(/autonomy has no valid value.*--self-test/) as string,
    });
  });
});
