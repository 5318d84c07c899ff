/** Records of ops are what makes a repeat harmless: they may be pushed out neither by many others nor fill the disk. */
import { execFileSync, spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { FakeHost } from '../lab/fake-host/fake-host.ts';
import { call, opId, script, until } from './call.ts';
import { fakeHost, recordedOps } from './fake-host.ts';

const HOUR_MS = 3_600_000;

const ago = (ms: number): Date => new Date(Date.now() - ms);
const records = (host: FakeHost): number => readdirSync(host.path('state/ops')).length;

/** Whoever has answered for an op still makes room afterwards. */
async function startAndMakeRoom(host: FakeHost): Promise<void> {
  await call(host, 'human', 'start');
  const isFree = (): boolean => spawnSync('flock', ['-n', host.path('state/run.lock'), 'true']).status === 0;
  await until('the runner is gone', isFree);
}

describe('a torn last line of the log', () => {
  it('does not swallow the next', async () => {
    const host = await fakeHost();
    appendFileSync(host.path('log'), 'torn in the middle of a wo');

    await call(host, 'human', 'start');

    expect(host.read('log')).toMatch(/^torn in the middle of a wo\n\d{4}-.* verb=start accepted$/m);
  });
});

describe('5.5: the record of an op', () => {
  it('outlives hundreds of later ones for a day, so that its repeat is no second power event', async () => {
    const host = await fakeHost({ human_cooldown: 0 });
    const op = opId();
    await call(host, 'human', `cycle op=${op}`);
    recordedOps(host, 300, ago(-HOUR_MS));
    await startAndMakeRoom(host);

    expect((await call(host, 'human', `cycle op=${op}`)).document()).toMatchObject({ result: 'ok' });
    expect(host.power().length).toBe(2);
  });

  it('makes room after a day where there are 200 newer ones, and at 2,000 in any case', async () => {
    const host = await fakeHost({ human_cooldown: 0 });
    recordedOps(host, 300, ago(25 * HOUR_MS));
    await startAndMakeRoom(host);
    expect(records(host)).toBe(200);

    recordedOps(host, 2_000, ago(-HOUR_MS));
    await startAndMakeRoom(host);
    expect(records(host)).toBe(2_000);
  });
});

describe('what one key may push out of the records', () => {
  it("is never a person's op: its repeat is no second power event, however many an agent or nobody has made since", async () => {
    const host = await fakeHost({ human_cooldown: 0 });
    const op = opId();
    await call(host, 'human', `cycle op=${op}`);
    utimesSync(host.path('state/ops', op), ago(HOUR_MS), ago(HOUR_MS));
    recordedOps(host, 2_001, ago(HOUR_MS / 2), 'agent');
    recordedOps(host, 300, ago(HOUR_MS / 2), null);
    const began = host.power().length;
    await call(host, 'agent', 'start');
    await until('room was made', () => records(host) <= 2_301);

    expect((await call(host, 'human', `cycle op=${op}`)).document()).toMatchObject({ op, result: 'ok' });
    expect(host.power().length).toBe(began);
  });

  it("is never a person's evidence: readers and refused agents push out their own", { timeout: 60_000 }, async () => {
    const host = await fakeHost({ human_cooldown: 0, agent_cooldown: 0, evidence_keep: 2, autonomy: 'evidence' });
    const mine = (await call(host, 'human', 'cycle')).document().evidence?.id ?? '';
    for (const who of ['ro', 'agent', 'ro', 'agent', 'ro', 'agent'] as const) {
      // Readers who ask within half a minute share one bundle.
      for (const one of readdirSync(host.path('evidence')))
        utimesSync(host.path('evidence', one), ago(60_000), ago(60_000));
      await call(host, who, who === 'ro' ? 'forensics' : 'cycle');
    }

    expect(existsSync(host.path('evidence', mine, 'SHA256SUMS'))).toBe(true);
    expect(readdirSync(host.path('evidence')).length).toBeLessThan(7);
  });
});

describe('the list of ops', () => {
  it('has the newest first, whatever ids clients have chosen', async () => {
    const host = await fakeHost();
    for (let index = 0; index < 20; index += 1) {
      const folder = host.path('state/ops', `7${'Z'.repeat(23)}${String(index).padStart(2, '0')}`);
      execFileSync('mkdir', [folder]);
      writeFileSync(`${folder}/journal`, '1 accept start agent x 1 ;\n2 end ok already_running ;\n');
      utimesSync(`${folder}/journal`, ago(HOUR_MS), ago(HOUR_MS));
    }
    const op = opId();
    await call(host, 'human', `start op=${op}`);

    const admin = join(script, '../breakglass-admin');
    const listed = execFileSync(admin, ['--config', host.config, 'ops'], { encoding: 'utf8' });

    expect(listed.split('\n')[0]).toContain(op);
  });
});

describe('a line of the ledger that a power cut tore', () => {
  it('does not swallow the next: the cooldown after it is kept', async () => {
    const host = await fakeHost({ human_cooldown: 600 });
    await call(host, 'human', 'start');
    appendFileSync(host.path('state/ledger'), '01AAA cycle human 1111');
    expect((await call(host, 'human', 'cycle')).document()).toMatchObject({ result: 'ok' });

    expect((await call(host, 'human', 'cycle')).document()).toMatchObject({ reason: 'cooldown' });
  });

  it('nor is an event pushed out by stops, which have no cooldown', async () => {
    const host = await fakeHost({ human_cooldown: 600 });
    await call(host, 'human', 'cycle');
    const [line = ''] = host.read('state/ledger').split('\n');
    appendFileSync(host.path('state/ledger'), `${line.replace(' cycle ', ' stop ')}\n`.repeat(100));

    expect((await call(host, 'human', 'cycle')).document()).toMatchObject({ reason: 'cooldown' });
  });
});
