/** Over a real store: which host serves a repo, and what it leaves be. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { isOutage } from '../../domain/outage.ts';
import { openStore } from '../../store/open.ts';
import type { Store } from '../../store/port.ts';
import { newRun } from '../../store/suite/stores.ts';
import { runSubject } from '../../domain/unit.ts';
import { readHeld } from '../agent/held-time.ts';
import { countAbsence, strandedSlots, type AbsenceDeps } from './absence.ts';
import { createLease, SILENT_MS, type Lease } from './lease.ts';
import { onlyWhereHeld } from './only-where-held.ts';

const UNSEEN = 60_000;
let dir: string;
let store: Store;
let clock: number;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'lamplighter-lease-'));
  store = await openStore({ kind: 'sqlite', file: join(dir, 'store.db') }, join(dir, 'blobs'));
  clock = 1_000_000;
});
afterEach(async () => {
  await store.close();
  await rm(dir, { recursive: true });
});

const of = (host: string): Lease =>
  createLease({ checkouts: store.checkouts, host, unseenMs: UNSEEN, now: () => clock });

test('a repo that nobody holds is taken by the host that first serves it, and the other leaves it be', async () => {
  const [one, two] = [of('one'), of('two')];
  expect(await one.holds('shop')).toBe(true);
  expect(await two.holds('shop')).toBe(false);
  expect(await two.holds('lib')).toBe(true);
  expect(await one.heldBy('lib')).toMatchObject({ host: 'two' });
});

test('a living host keeps what it holds, and says so several times in the time after which it would be missed', async () => {
  const one = of('one');
  await one.holds('shop');
  for (const until = clock + 2 * SILENT_MS; clock < until; clock += 1_000) {
    await one.renew();
    expect(clock - ((await store.checkouts.get('shop'))?.renewed ?? 0)).toBeLessThan(UNSEEN / 4);
  }
  expect(await of('two').holds('shop')).toBe(false);
});

test('no run begins for a host that may be gone; once it has been silent for long the asker takes the repo, and it begins', async () => {
  const [one, two] = [of('one'), of('two')];
  await one.holds('shop');
  expect([await one.mayBegin('shop'), await two.mayBegin('shop')]).toEqual([true, true]);
  clock += UNSEEN;
  expect([await one.mayBegin('shop'), await two.mayBegin('shop')]).toEqual([true, false]);
  clock += SILENT_MS;
  expect(await two.mayBegin('shop')).toBe(true);
  expect(await one.heldBy('shop')).toMatchObject({ host: 'two' });
});

test('work on a repo that another host holds is not done but waits, in words that name both', async () => {
  const done: string[] = [];
  const work = { push: async (input: unknown) => void done.push(String(input)) };
  const [here, there] = [onlyWhereHeld(work, of('one'), 'shop'), onlyWhereHeld(work, of('two'), 'shop')];
  await here.push('a');
  const refused = await there.push('b').catch((error: unknown) => error);

  expect(done).toEqual(['a']);
  expect(isOutage(refused)).toBe(true);
  expect(String(refused)).toContain('host one holds the checkout of shop, and this is two: the work waits for one');
});

const absence = (host: string): AbsenceDeps => ({ store, host, unseenMs: UNSEEN, now: () => clock });

test('the slot of a run that waits for a silent host is another one’s meanwhile', async () => {
  const { capacity, runs } = store;
  await of('one').holds('alpha');
  await runs.create(newRun('r'));
  await capacity.acquire(runSubject('r'), { slots: 1, reserves: {} }, clock);
  const next = async (): Promise<boolean> => {
    const slots = 1 + (await strandedSlots(absence('two')));
    return (await capacity.acquire(runSubject('s'), { slots, reserves: {} }, clock)).granted;
  };
  expect(await next()).toBe(false);
  clock += UNSEEN;
  expect(await next()).toBe(true);
  expect(await strandedSlots(absence('one'))).toBe(0);
});

test('what a run waited for its host is no session time of it, counted once', async () => {
  await of('one').holds('alpha');
  await store.runs.create(newRun('r'));
  const held = async (): Promise<number> => (await readHeld(store.control, 'r')).ms;
  clock += UNSEEN - 1;
  await countAbsence(absence('one'));
  expect(await held()).toBe(0);
  clock += 10 * UNSEEN;
  await countAbsence(absence('one'));
  await countAbsence(absence('one'));
  expect(await held()).toBe(10 * UNSEEN);
});
