import { afterEach, expect, test } from 'vitest';
import { capsAt } from '../../domain/caps.ts';
import { openSessionRig, RUN, type SessionRig } from './session-rig.ts';
import { issueBudget, runSubject } from '../../domain/unit.ts';

const STEPS = `name: one
match: Greet people
triage: { accept: { acceptanceCriteria: [greets], testPlan: ask it, risks: [] } }
steps:
  - { calls: [{ note: one }], usage: { input: 1000, output: 100 } }
`;
const HOUR = 60 * 60_000;
/** No call fits. */
const TIGHT = { total: { dayMicroUsd: 10_000, monthMicroUsd: 1_000_000_000 } };
const NOT_YET = { type: 'NotYet' };

let rig: SessionRig;
afterEach(() => rig.close());

async function openRig(): Promise<void> {
  rig = await openSessionRig(STEPS);
  await rig.open();
}

/** Attempts of one activity, as its retry policy makes them. */
function oneActivity(bounds = {}, elapsedMs = 0): () => ReturnType<SessionRig['turn']> {
  const activity = { activityId: 'the-turn', scheduledTimestampMs: rig.now() };
  return () => rig.turn(bounds, elapsedMs, activity);
}

test('a reached cap holds the turn: no model call, no failure, and the run goes on when the cap is raised (invariant 7)', async () => {
  await openRig();
  rig.cap(TIGHT);
  const attempt = oneActivity();

  await expect(attempt()).rejects.toMatchObject({
    ...NOT_YET,
    category: 'BENIGN',
    message: expect.stringContaining("the day's cap of $0.01 is reached ($0.00 spent or reserved, and the next call"),
  });
  await expect(attempt()).rejects.toMatchObject(NOT_YET);
  expect((await rig.events('run.held')).map((one) => one.subject)).toEqual([`run/${RUN}`]);
  await expect(rig.model.requests()).rejects.toThrow('ENOENT');
  expect(await rig.store.ledger.spentBy(runSubject(RUN))).toBe(0);

  const [day] = capsAt({ ...TIGHT, anyRepo: TIGHT.total, repos: {} }, null, rig.now());
  const by = { name: 'ada', kind: 'token', scopes: [] } as const;
  await rig.store.ledger.raiseCap(day!, { id: 'r', microUsd: 10_000_000, by, note: 'go', at: rig.now() });
  expect(await attempt()).toMatchObject({ kind: 'tools', turn: 1 });
  expect(await rig.events('turn.restarted')).toEqual([]);
});

test('the next day is another window: the run goes on by itself', async () => {
  await openRig();
  rig.cap({ total: { dayMicroUsd: 200_000, monthMicroUsd: 1_000_000_000 } });
  const budget = { name: issueBudget('other', 1), microUsd: 190_000 };
  const other = { unit: runSubject('other'), repo: 'other', microUsd: 190_000, budget };
  await rig.store.ledger.reserve({ ...other, key: 'other', caps: [], at: rig.now() });
  const attempt = oneActivity();
  await expect(attempt()).rejects.toMatchObject(NOT_YET);

  rig.pass(24 * HOUR);
  expect(await attempt()).toMatchObject({ kind: 'tools' });
});

test('however often the cap is met, one person is called for it, with the decision in words', async () => {
  await openRig();
  rig.cap({ ...TIGHT, anyRepo: TIGHT.total });
  const attempt = oneActivity();
  for (let times = 0; times < 3; times += 1) await expect(attempt()).rejects.toMatchObject(NOT_YET);
  await expect(rig.triage()).rejects.toMatchObject(NOT_YET);

  const today = new Date(rig.now()).toISOString().slice(0, 10);
  const calls = (await rig.store.escalations.list({})).toSorted((one, other) => one.key.localeCompare(other.key));
  expect(calls.map(({ key, severity, topic, repo }) => [key, severity, topic, repo])).toEqual([
    [`cap/day/shop-1/${today}`, 'high', 'cap-reached', 'shop-1'],
    [`cap/day/total/${today}`, 'high', 'cap-reached', null],
  ]);
  expect(calls[0]?.decision).toContain('lamplighter caps raise day --repo acme/shop --usd 20 --note "why"');
});

test('triage counts too: it holds, and its money is in the caps', async () => {
  await openRig();
  rig.cap(TIGHT);
  await expect(rig.triage()).rejects.toMatchObject(NOT_YET);
  rig.cap({});
  expect(await rig.triage()).toMatchObject({ kind: 'accepted' });

  const caps = capsAt({ ...TIGHT, anyRepo: TIGHT.total, repos: {} }, 'shop-1', rig.now());
  const spent = await rig.store.ledger.spentBy(runSubject(RUN));
  expect(spent).toBeGreaterThan(0);
  expect((await rig.store.ledger.standing(caps)).map((one) => one.spent)).toEqual([spent, spent, spent, spent]);
});

test.each([
  ['a cap', (): void => rig.cap(TIGHT), (): void => rig.cap({})],
  ['a person', (): void => rig.stop(true), (): void => rig.stop(false)],
])('time for which %s held the session is no session time', async (_who, hold, free) => {
  await openRig();
  hold();
  const attempt = oneActivity({ sessionMs: HOUR }, HOUR / 2);
  await expect(attempt()).rejects.toMatchObject(NOT_YET);
  rig.pass(3 * HOUR);
  await expect(attempt()).rejects.toMatchObject(NOT_YET);
  rig.pass(2 * HOUR);
  free();
  expect(await attempt()).toMatchObject({ kind: 'tools', turn: 1 });

  // What the workflow counts next has the hold in it, and is over the bound only without it.
  const [note] = (await rig.transcript()).turns.flatMap((turn) => turn.content as { id: string }[]);
  await rig.tool(1, note!.id);
  expect(await rig.turn({ sessionMs: HOUR }, 6.1 * HOUR)).toMatchObject({
    kind: 'ended',
    end: { kind: 'exhausted', bound: '60 minutes of session time' },
  });
  // The count of a rebuilt run begins anew, and so does what is taken off.
  expect(await rig.turn({ sessionMs: HOUR }, HOUR)).toMatchObject({ end: { kind: 'exhausted' } });
  expect(await rig.turn({ sessionMs: HOUR }, 5.9 * HOUR)).toMatchObject({ kind: 'tools', turn: 2 });
});

test('a run that a cap holds gives its slot back, and takes one again before it goes on', async () => {
  await openRig();
  const { capacity } = rig.store;
  await capacity.acquire(runSubject(RUN), { slots: 1, reserves: {} }, 1);
  rig.cap(TIGHT);
  const attempt = oneActivity();
  await expect(attempt()).rejects.toMatchObject(NOT_YET);
  expect(await capacity.acquire(runSubject('other'), { slots: 1, reserves: {} }, 2)).toMatchObject({ granted: true });

  rig.cap({});
  await expect(attempt()).rejects.toMatchObject({ ...NOT_YET, message: expect.stringContaining('in the line') });
  await capacity.release(runSubject('other'));
  expect(await attempt()).toMatchObject({ kind: 'tools' });
  expect((await capacity.held()).map((one) => one.unit)).toEqual([runSubject(RUN)]);
});
