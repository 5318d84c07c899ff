import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { capsAt, type Cap } from '../../domain/caps.ts';
import { has } from '../setup/needs.ts';
import { ended, inStage, openRig, PERSON, REPO_KEY, type Rig } from './rig.ts';
import { MULTIPLY } from './scenarios.ts';
import { runSubject, issueBudget } from '../../domain/unit.ts';

/** Of months: one that ends while this runs is rare. */
const CAPS = {
  // Less than any call could cost.
  total: { dayMicroUsd: 500_000_000, monthMicroUsd: 10_000 },
  anyRepo: { dayMicroUsd: 500_000_000, monthMicroUsd: 2_000_000 },
  repos: {},
};

describe.skipIf(!has('temporal') || !has('bwrap'))('a cap that is reached', { timeout: 120_000 }, () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await openRig({ caps: CAPS });
  });
  afterAll(() => rig.close());

  const capOf = (repo: string | null): Cap => {
    const cap = capsAt(CAPS, REPO_KEY, Date.now()).find((one) => one.window === 'month' && one.repo === repo);
    if (cap === undefined) throw new Error('there is no such cap');
    return cap;
  };
  const raise = (cap: Cap, microUsd: number): Promise<unknown> =>
    rig.store.ledger.raiseCap(cap, {
      id: `raise/${cap.key}`,
      microUsd,
      by: { name: PERSON, kind: 'person', scopes: [] },
      note: 'it has to go out',
      at: Date.now(),
    });

  it('holds a run without a model call and without an end, and lets it ship once a person has raised it (invariant 7)', async () => {
    rig.scenario('Multiply two numbers', MULTIPLY);
    const issue = await rig.release('Multiply two numbers');
    await vi.waitFor(async () => expect(await escalated()).toEqual([capOf(null).key]), { timeout: 60_000 });
    const held = await rig.run(issue.number, inStage('triage'));
    expect(held.outcome).toBeNull();
    expect(rig.modelRequests()).toEqual([]);

    await raise(capOf(null), 20_000_000);
    const run = await rig.run(issue.number, ended);
    expect(run.outcome, JSON.stringify(run.state)).toBe('shipped');
    expect(await escalated()).toEqual([capOf(null).key]);
  });

  it('gives no lane to what is released meanwhile, and gives it when the cap is raised', async () => {
    const at = Date.now();
    const left = 2_000_000 - ((await rig.store.ledger.standing([capOf(REPO_KEY)]))[0]?.spent ?? 0);
    const budget = { name: issueBudget(REPO_KEY, 99), microUsd: left };
    const other = { key: 'other', unit: runSubject('other'), repo: REPO_KEY, microUsd: left, budget };
    expect(await rig.store.ledger.reserve({ ...other, caps: capsAt(CAPS, REPO_KEY, at).slice(2), at })).toEqual({
      ok: true,
    });
    rig.scenario('Reject me', { triage: { reject: 'no' }, steps: [] });
    const issue = await rig.release('Reject me');
    await vi.waitFor(async () => expect(await escalated()).toContain(capOf(REPO_KEY).key), { timeout: 60_000 });
    expect(await rig.store.runs.list({ issue: issue.number })).toEqual([]);
    expect((await rig.store.queue.waiting(REPO_KEY)).map((one) => one.issue)).toEqual([issue.number]);

    await raise(capOf(REPO_KEY), 5_000_000);
    expect((await rig.run(issue.number, ended)).outcome).toBe('rejected');
  });

  async function escalated(): Promise<string[]> {
    const rows = await rig.store.escalations.list({});
    return rows.filter((one) => one.topic === 'cap-reached').map((one) => one.key);
  }
});
