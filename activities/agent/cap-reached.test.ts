import { afterEach, expect, test } from 'vitest';
import { capsAt } from '../../domain/caps.ts';
import { openSessionBench, RUN, type SessionBench } from './session-bench.ts';
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

let bench: SessionBench;
afterEach(() => bench.close());

async function openBench(): Promise<void> {
  bench = await openSessionBench(STEPS);
  await bench.open();
}

/** Attempts of one activity, as its retry policy makes them. */
function oneActivity(bounds = {}, elapsedMs = 0): () => ReturnType<SessionBench['turn']> {
  const activity = { activityId: 'the-turn', scheduledTimestampMs: bench.now() };
  return () => bench.turn(bounds, elapsedMs, activity);
}

test('a reached cap holds the turn: no model call, no failure, and the run goes on when the cap is raised (invariant 7)', async () => {
  await openBench();
  bench.cap(TIGHT);
  const attempt = oneActivity();

  await expect(attempt()).rejects.toMatchObject({
    ...NOT_YET,
    category: 'BENIGN',
    message: expect.stringContaining("the day's cap of $0.01 is reached ($0.00 spent or reserved, and the next call"),
  });
  await expect(attempt()).rejects.toMatchObject(NOT_YET);
  expect((await bench.events('run.held')).map((one) => one.subject)).toEqual([`run/${RUN}`]);
  await expect(bench.model.requests()).rejects.toThrow('ENOENT');
  expect(await bench.store.ledger.spentBy(runSubject(RUN))).toBe(0);

  const [day] = capsAt({ ...TIGHT, anyRepo: TIGHT.total, repos: {} }, null, bench.now());
  const by = { name: 'ada', kind: 'token', scopes: [] } as const;
  await bench.store.ledger.raiseCap(day!, { id: 'r', microUsd: 10_000_000, by, note: 'go', at: bench.now() });
  expect(await attempt()).toMatchObject({ kind: 'tools', turn: 1 });
  expect(await bench.events('turn.restarted')).toEqual([]);
});

test('the next day is another window: the run goes on by itself', async () => {
  await openBench();
  bench.cap({ total: { dayMicroUsd: 200_000, monthMicroUsd: 1_000_000_000 } });
  const budget = { name: issueBudget('other', 1), microUsd: 190_000 };
  const other = { unit: runSubject('other'), repo: 'other', microUsd: 190_000, budget };
  await bench.store.ledger.reserve({ ...other, key: 'other', caps: [], at: bench.now() });
  const attempt = oneActivity();
  await expect(attempt()).rejects.toMatchObject(NOT_YET);

  bench.pass(24 * HOUR);
  expect(await attempt()).toMatchObject({ kind: 'tools' });
});

test('however often the cap is met, one person is called for it, with the decision in words', async () => {
  await openBench();
  bench.cap({ ...TIGHT, anyRepo: TIGHT.total });
  const attempt = oneActivity();
  for (let times = 0; times < 3; times += 1) await expect(attempt()).rejects.toMatchObject(NOT_YET);
  await expect(bench.triage()).rejects.toMatchObject(NOT_YET);

  const today = new Date(bench.now()).toISOString().slice(0, 10);
  const calls = (await bench.store.escalations.list({})).toSorted((one, other) => one.key.localeCompare(other.key));
  expect(calls.map(({ key, severity, topic, repo }) => [key, severity, topic, repo])).toEqual([
    [`cap/day/shop-1/${today}`, 'high', 'cap-reached', 'shop-1'],
    [`cap/day/total/${today}`, 'high', 'cap-reached', null],
  ]);
  expect(calls[0]?.decision).toContain('lamplighter caps raise day --repo acme/shop --usd 20 --note "why"');
});

test('triage counts too: it holds, and its money is in the caps', async () => {
  await openBench();
  bench.cap(TIGHT);
  await expect(bench.triage()).rejects.toMatchObject(NOT_YET);
  bench.cap({});
  expect(await bench.triage()).toMatchObject({ kind: 'accepted' });

  const caps = capsAt({ ...TIGHT, anyRepo: TIGHT.total, repos: {} }, 'shop-1', bench.now());
  const spent = await bench.store.ledger.spentBy(runSubject(RUN));
  expect(spent).toBeGreaterThan(0);
  expect((await bench.store.ledger.standing(caps)).map((one) => one.spent)).toEqual([spent, spent, spent, spent]);
});

test.each([
  ['a cap', (): void => bench.cap(TIGHT), (): void => bench.cap({})],
  ['a person', (): void => bench.stop(true), (): void => bench.stop(false)],
])('time for which %s held the session is no session time', async (_who, hold, free) => {
  await openBench();
  hold();
  const attempt = oneActivity({ sessionMs: HOUR }, HOUR / 2);
  await expect(attempt()).rejects.toMatchObject(NOT_YET);
  bench.pass(3 * HOUR);
  await expect(attempt()).rejects.toMatchObject(NOT_YET);
  bench.pass(2 * HOUR);
  free();
  expect(await attempt()).toMatchObject({ kind: 'tools', turn: 1 });

  // What the workflow counts next has the hold in it, and is over the bound only without it.
  const [note] = (await bench.transcript()).turns.flatMap((turn) => turn.content as { id: string }[]);
  await bench.tool(1, note!.id);
  expect(await bench.turn({ sessionMs: HOUR }, 6.1 * HOUR)).toMatchObject({
    kind: 'ended',
    end: { kind: 'exhausted', bound: '60 minutes of session time' },
  });
  // The count of a rebuilt run begins anew, and so does what is taken off.
  expect(await bench.turn({ sessionMs: HOUR }, HOUR)).toMatchObject({ end: { kind: 'exhausted' } });
  expect(await bench.turn({ sessionMs: HOUR }, 5.9 * HOUR)).toMatchObject({ kind: 'tools', turn: 2 });
});

test('a run that a cap holds gives its slot back, and takes one again before it goes on', async () => {
  await openBench();
  const { capacity } = bench.store;
  await capacity.acquire(runSubject(RUN), { slots: 1, reserves: {} }, 1);
  bench.cap(TIGHT);
  const attempt = oneActivity();
  await expect(attempt()).rejects.toMatchObject(NOT_YET);
  expect(await capacity.acquire(runSubject('other'), { slots: 1, reserves: {} }, 2)).toMatchObject({ granted: true });

  bench.cap({});
  await expect(attempt()).rejects.toMatchObject({ ...NOT_YET, message: expect.stringContaining('in the line') });
  await capacity.release(runSubject('other'));
  expect(await attempt()).toMatchObject({ kind: 'tools' });
  expect((await capacity.held()).map((one) => one.unit)).toEqual([runSubject(RUN)]);
});
