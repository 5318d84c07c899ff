/** Invariant 10: what `up` cannot see, because nothing died, is noticed by the watchdog and reaches a person without Temporal. */
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EscalationRow } from '../../store/port.ts';
import type { Health } from '../../api/http/engine.ts';
import { has } from '../setup/needs.ts';
import { createKillRig, type KillRig } from './rig.ts';
import { expectShippedOnce, untilShipped } from './outcome.ts';

const UNSEEN_SECONDS = 15;
const TOKEN = 'ping-t0ken-1';

describe.skipIf(!has('temporal') || !has('bwrap'))('the watchdog of a real up', () => {
  let rig: KillRig;
  let deadMan: Server;
  let pings = 0;
  beforeAll(async () => {
    deadMan = createServer((req, res) => {
      if (req.url === `/${TOKEN}`) pings += 1;
      res.end();
    }).listen(0, '127.0.0.1');
    await once(deadMan, 'listening');
    rig = await createKillRig({
      seed: 305,
      issues: [1],
      watchdog: {
        everySeconds: 0.5,
        unseenMinutes: UNSEEN_SECONDS / 60,
        ping: { url: { env: 'DEAD_MAN_URL' }, everySeconds: 0.5 },
      },
    });
    await rig.start({ DEAD_MAN_URL: `http://127.0.0.1:${(deadMan.address() as AddressInfo).port}/${TOKEN}` });
  }, 90_000);
  afterAll(async () => {
    await rig.close();
    deadMan.closeAllConnections();
    deadMan.close();
  });

  const log = (name: string): string => {
    const file = join(rig.dataDir, 'logs', `${name}.log`);
    return existsSync(file) ? readFileSync(file, 'utf8') : '';
  };
  const calls = async (): Promise<readonly EscalationRow[]> => {
    const { body } = await rig.ask('GET', '/api/escalations');
    return (body as { escalations: EscalationRow[] }).escalations.filter((one) => one.key.startsWith('watchdog/'));
  };
  const illParts = async (): Promise<string[]> => {
    const { body } = await rig.ask('GET', '/healthz');
    return (body as Health).parts.filter((part) => !part.ok).map((part) => part.name);
  };
  /** Whether nobody holds the store's lock for longer than a write takes. */
  const isWritable = (): boolean => {
    const store = new DatabaseSync(join(rig.dataDir, 'lamplighter.db'), { timeout: 2_000 });
    try {
      store.exec('BEGIN IMMEDIATE');
      store.exec('ROLLBACK');
      return true;
    } catch (error) {
      if (String(error).includes('database is locked')) return false;
      throw error;
    } finally {
      store.close();
    }
  };
  /** Stops a process, but not in the middle of a write: that case, of which no row can be read, is activities/watchdog/'s. */
  const freeze = async (pid: number): Promise<void> => {
    await rig.until('it is stopped with no lock in its hand', 30, () => {
      process.kill(pid, 'SIGSTOP');
      if (isWritable()) return true;
      process.kill(pid, 'SIGCONT');
      return null;
    });
  };
  /** Stops a process without ending it, until a person was called; answers with the seconds that it took. */
  const hang = async (name: string, topic: string): Promise<number> => {
    const pid = rig.up().processes[name] ?? 0;
    const begun = Date.now();
    await freeze(pid);
    try {
      await rig.until(`${topic} is delivered to the log`, 60, () => log('api').includes(`"topic":"${topic}"`) || null);
      const seconds = (Date.now() - begun) / 1000;
      const called = await calls();
      expect(called.filter((one) => one.topic === topic)).toMatchObject([{ severity: 'high' }]);
      await rig.until(`${topic} is marked as delivered`, 10, async () =>
        (await calls()).every((one) => one.deliveredAt !== null) ? true : null,
      );
      expect(await illParts()).toEqual([name]);
      return seconds;
    } finally {
      process.kill(pid, 'SIGCONT');
    }
  };

  it('calls nobody while an issue ships, and lets the dead-man service hear of it', async () => {
    expectShippedOnce(rig.playground, await untilShipped(rig, 1, 200));

    expect(await calls()).toEqual([]);
    expect(await illParts()).toEqual([]);
    expect(pings).toBeGreaterThan(3);
  }, 240_000);

  it('calls for a worker that hangs within its limit, and says when it is back', async () => {
    const seconds = await hang('worker', 'worker-unseen');
    expect(seconds).toBeLessThan(UNSEEN_SECONDS + 15);
    await rig.until('it is over', 30, () => log('api').includes('worker-unseen is over') || null);

    expect(await illParts()).toEqual([]);
    process.stderr.write(
      `watchdog: a worker that hung was called for after ${seconds} s (limit ${UNSEEN_SECONDS} s)\n`,
    );
  }, 120_000);

  it('calls for a Temporal that hangs, without Temporal, and goes on pinging', async () => {
    const before = pings;
    const seconds = await hang('temporal', 'temporal-unreachable');
    expect(seconds).toBeLessThan(UNSEEN_SECONDS + 20);
    expect(pings).toBeGreaterThan(before);
    await rig.until('it is over', 30, () => log('api').includes('temporal-unreachable is over') || null);

    process.stderr.write(
      `watchdog: a Temporal that hung was called for after ${seconds} s (limit ${UNSEEN_SECONDS} s)\n`,
    );
  }, 120_000);

  it('writes the address of the dead-man service nowhere', () => {
    for (const text of [log('api'), log('worker'), rig.said()]) expect(text).not.toContain(TOKEN);
  });
});
