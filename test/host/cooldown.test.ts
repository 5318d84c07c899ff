/** Facts 5.7 and 5.13: cooldowns are this host's own, and no clock that somebody can turn changes them. */
import { globSync, readdirSync, statSync, utimesSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { FakeHost } from '../lab/fake-host/fake-host.ts';
import { call, type Identity, journal } from './call.ts';
import { fakeHost, sideBySide } from './fake-host.ts';

const boot = '11111111-2222-3333-4444-555555555555';

/** The host has been up for so long; the wall clock is no part of this. */
function upFor(host: FakeHost, seconds: number): void {
  host.write(`${seconds}.00 1.00\n`, 'proc/uptime');
}

function happened(host: FakeHost, ...events: { at: number; by?: Identity; boot?: string; verb?: string }[]): void {
  const lines = events.map(
    ({ at, by = 'agent', boot: id = boot, verb = 'cycle' }) =>
      `01ARZ3NDEKTSV4RRFFQ69G5FAV ${verb} ${by} ${id} ${at} ;\n`,
  );
  host.write(lines.join(''), 'state/ledger');
}

async function left(host: FakeHost): Promise<{ agent: number; human: number }> {
  return (await call(host, 'ro', 'status')).document().status?.['cooldownSeconds'] as { agent: number; human: number };
}

describe('5.7, 5.13: the cooldown', sideBySide, () => {
  it('of an agent is 10 minutes, of a person one', async () => {
    const host = await fakeHost();
    happened(host, { at: 99_990 });

    expect(await left(host)).toEqual({ agent: 590, human: 50 });
    expect((await call(host, 'agent', 'reset')).document()).toMatchObject({
      result: 'failed',
      reason: 'cooldown',
      touched: false,
    });
    expect((await call(host, 'human', 'cycle')).document()).toMatchObject({ result: 'failed', reason: 'cooldown' });
    expect(host.power()).toEqual([]);
    upFor(host, 100_051);
    expect((await call(host, 'human', 'cycle')).document()).toMatchObject({ result: 'ok' });
  });

  it('lets an agent act twice an hour at most, and counts what people did', async () => {
    const host = await fakeHost();
    happened(host, { at: 97_000 }, { at: 98_000, by: 'human' });

    expect(await left(host)).toEqual({ agent: 600, human: 0 });
    expect((await call(host, 'agent', 'cycle')).document()).toMatchObject({ reason: 'cooldown' });
    upFor(host, 100_601);
    expect((await left(host)).agent).toBe(0);
  });

  it.each([
    ['forwards', 86_400],
    ['back', -86_400],
  ])('is not changed by a wall clock that was turned %s by a day since', async (_way, seconds) => {
    const host = await fakeHost();
    expect((await call(host, 'human', 'cycle')).document()).toMatchObject({ result: 'ok' });
    upFor(host, 100_020);
    // All that was written bears the time that the clock showed then.
    for (const file of globSync('state/**/*', { cwd: host.root })) {
      const { mtimeMs } = statSync(host.path(file));
      utimesSync(host.path(file), new Date(), new Date(mtimeMs - seconds * 1_000));
    }
    const [op = ''] = readdirSync(host.path('state/ops'));
    const turned = journal(host, op).replace(/^\d+/gm, (at) => String(Number(at) - seconds * 1_000));
    host.write(turned, 'state/ops', op, 'journal');

    expect(await left(host)).toEqual({ agent: 580, human: 40 });
  });

  it('does not hold back a start: towards running is the safe way', async () => {
    const host = await fakeHost();
    await call(host, 'human', 'stop');
    happened(host, { at: 99_999 }, { at: 99_999 }, { at: 99_999 });

    expect((await call(host, 'agent', 'start')).document()).toMatchObject({ result: 'ok', reason: 'started' });
  });

  it('after a boot of the host counts from that boot, for what was before it is at least as old', async () => {
    const host = await fakeHost();
    happened(host, { at: 999_999, boot: '99999999-2222-3333-4444-555555555555' });
    upFor(host, 30);

    expect(await left(host)).toEqual({ agent: 570, human: 30 });
  });

  it('is counted before the power event, so that a crash in between forgets none', async () => {
    const host = await fakeHost();
    host.fault('stop-refused');
    await call(host, 'human', 'cycle');

    expect(host.read('state/ledger')).toMatch(/ cycle human .* ;\n$/);
    expect((await left(host)).human).toBeGreaterThan(0);
  });

  it('ignores a line that a crash tore', async () => {
    const host = await fakeHost();
    host.write('01ARZ3NDEKTSV4RRFFQ69G5FAV cycle agent 11111', 'state/ledger');

    expect(await left(host)).toEqual({ agent: 0, human: 0 });
  });
});
