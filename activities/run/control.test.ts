/** What a run and its lane ask of the store, over a real store; only Temporal's client is stood in for, at its port. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DEFAULT_BOUNDS } from '../../domain/bounds.ts';
import { FRESH, type RunState } from '../../domain/stage.ts';
import { openStore } from '../../store/open.ts';
import type { RequestedAct } from '../../domain/act.ts';
import { NO_GRANTS } from '../../domain/bounds.ts';
import type { Store } from '../../store/port.ts';
import type { OutsideSignal } from '../../workflows/ports.ts';
import { createRunControlActivities, type RunControlActivities, type RunControlDeps } from './control.ts';

const { progress } = FRESH;
const FROZEN: RunState = { stage: 'frozen', progress, sha: 's', since: 1, reason: 'red', proving: null };
const SHIPPED: RunState = { stage: 'ended', progress, outcome: 'shipped', reason: 'live' };

let dir: string;
let store: Store;
let clock: number;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'control-'));
  store = await open();
  clock = 1_000;
});
afterEach(async () => {
  await store.close();
  await rm(dir, { recursive: true });
});

function open(): Promise<Store> {
  return openStore({ kind: 'sqlite', file: join(dir, 'store.db') }, join(dir, 'blobs'));
}

function activities(deps: Partial<RunControlDeps> = {}): RunControlActivities {
  const lanes = { isOpen: async () => true };
  return createRunControlActivities({
    store,
    lanes,
    honourSignals: true,
    now: () => (clock += 1),
    ...deps,
  });
}

/** Temporal as far as a lane sees it: which run has an open workflow. */
function engineWith(isOpen: (runId: string) => Promise<boolean>): Partial<RunControlDeps> {
  return { lanes: { isOpen } };
}

async function addRun(id: string, state: RunState | null = null): Promise<void> {
  const made = await store.runs.create({
    id,
    repo: `repo-of-${id}`,
    repoName: 'acme/shop',
    issue: 3,
    title: 'Round prices',
    release: `release-${id}`,
    bounds: DEFAULT_BOUNDS,
    at: 1,
  });
  expect(made.created).toBe(true);
  if (state !== null) await end(id, state);
}

function end(id: string, state: RunState): Promise<unknown> {
  return store.runs.transition(id, { seq: 1, state, effects: [], cause: 'test', at: 2 });
}

function addAct(id: string, data: RequestedAct, run = 'r'): Promise<unknown> {
  const by = { name: 'ada', kind: 'person' as const, scopes: [] };
  return store.acts.add({ id, run, data, by, note: 'because I say so', at: 5 });
}

/** The failure that an activity ended with: Temporal asks again for a retryable one, and a benign one is no trouble in logs. */
async function failureOf(promise: Promise<unknown>): Promise<ApplicationFailure> {
  const failure: unknown = await promise.then(
    () => null,
    (error: unknown) => error,
  );
  if (!(failure instanceof ApplicationFailure))
    throw new Error(`expected a failure of an activity, got ${String(failure)}`);
  return failure;
}

const NOT_YET = { type: 'NotYet', nonRetryable: false, category: ApplicationFailureCategory.BENIGN };

describe('waiting for the end of a run', () => {
  it('goes on as long as its workflow is open, and calls nobody', async () => {
    await addRun('r');
    expect(await failureOf(activities().awaitRunEnd({ runId: 'r' }))).toMatchObject(NOT_YET);
    expect(await store.escalations.list({})).toEqual([]);
  });

  it('is over when the row says so, whatever Temporal knows', async () => {
    await addRun('r', SHIPPED);
    await activities(engineWith(async () => false)).awaitRunEnd({ runId: 'r' });
    expect(await store.escalations.list({})).toEqual([]);
  });

  it('calls a person once for a run that vanished, and goes on holding the lane (invariant 1)', async () => {
    await addRun('r');
    const { awaitRunEnd } = activities(engineWith(async () => false));
    for (let asked = 0; asked < 3; asked += 1)
      expect(await failureOf(awaitRunEnd({ runId: 'r' }))).toMatchObject(NOT_YET);
    expect(await store.escalations.list({})).toMatchObject([
      { run: 'r', repo: 'repo-of-r', severity: 'high', topic: 'vanished' },
    ]);
    const next = { id: 'next', repo: 'repo-of-r', repoName: 'acme/shop', issue: 4, title: 't', release: 'later' };
    expect(await store.runs.create({ ...next, bounds: DEFAULT_BOUNDS, at: 9 })).toMatchObject({
      why: 'lane-held',
      by: 'r',
    });
  });

  it('calls a person for a run that is not even in the store', async () => {
    const { awaitRunEnd } = activities(engineWith(async () => true));
    expect(await failureOf(awaitRunEnd({ runId: 'gone' }))).toMatchObject(NOT_YET);
    expect(await store.escalations.list({})).toMatchObject([{ run: 'gone', topic: 'vanished' }]);
  });

  it('does not take a run for vanished that ends while it is looked at', async () => {
    await addRun('r');
    const ending = engineWith(async () => {
      await end('r', SHIPPED);
      return false;
    });
    await activities(ending).awaitRunEnd({ runId: 'r' });
    expect(await store.escalations.list({})).toEqual([]);
  });
});

describe('acts', () => {
  it('wait until there is one, which is a wait and no trouble', async () => {
    await addRun('r', FROZEN);
    expect(await failureOf(activities().awaitAct({ runId: 'r' }))).toMatchObject(NOT_YET);
    await addAct('a', { kind: 'unfreeze', way: 'abandon' });
    await activities().awaitAct({ runId: 'r' });
  });

  it('are taken oldest first, each once, and only those of the run', async () => {
    await addRun('r', FROZEN);
    await addRun('other', FROZEN);
    await addAct('theirs', { kind: 'unfreeze', way: 'retry', grants: NO_GRANTS }, 'other');
    await addAct('first', { kind: 'unfreeze', way: 'resolved', reverted: true });
    await addAct('second', { kind: 'unfreeze', way: 'abandon' });
    const { takeAct, finishAct } = activities();
    expect(await takeAct({ runId: 'r' })).toEqual({
      act: 'first',
      event: { kind: 'resolved', resolution: { by: 'ada', note: 'act first', reverted: true } },
    });
    await finishAct({ act: 'first' });
    expect(await takeAct({ runId: 'r' })).toEqual({
      act: 'second',
      event: { kind: 'abandon', by: 'ada', note: 'act second' },
    });
    await finishAct({ act: 'second' });
    expect(await takeAct({ runId: 'r' })).toBeNull();
    expect(await takeAct({ runId: 'other' })).toMatchObject({ act: 'theirs', event: { kind: 'retry' } });
  });

  it('read by a process that died before it applied them are there for the next one', async () => {
    await addRun('r', FROZEN);
    await addAct('a', { kind: 'cancel' });
    const read = await activities().takeAct({ runId: 'r' });
    await store.close();
    store = await open();
    expect(await activities().takeAct({ runId: 'r' })).toEqual(read);
  });

  it('finished twice keep the time of the first', async () => {
    await addRun('r', FROZEN);
    await addAct('a', { kind: 'escalate' });
    const { finishAct } = activities();
    await finishAct({ act: 'a' });
    const [first] = await store.acts.list('r');
    await finishAct({ act: 'a' });
    expect(await store.acts.list('r')).toEqual([first]);
    expect(first?.takenAt).toBe(1_001);
  });

  it('bring no free text into history: the note stays in the store', async () => {
    await addRun('r', FROZEN);
    const ways: readonly RequestedAct[] = [
      { kind: 'unfreeze', way: 'retry', grants: NO_GRANTS },
      { kind: 'unfreeze', way: 'resolved', reverted: false },
      { kind: 'unfreeze', way: 'abandon' },
    ];
    for (const [index, data] of ways.entries()) await addAct(`a${index}`, data);
    const { takeAct, finishAct } = activities();
    for (let taken = await takeAct({ runId: 'r' }); taken !== null; taken = await takeAct({ runId: 'r' })) {
      expect(JSON.stringify(taken)).not.toContain('because I say so');
      await finishAct({ act: taken.act });
    }
  });
});

describe("a signal from Temporal's own tools", () => {
  const unfreeze: OutsideSignal = { kind: 'unfreeze', way: 'retry', note: 'try again' };

  async function refusals(): Promise<unknown[]> {
    const events = await store.events.after(0, { limit: 100 });
    return events.filter((event) => event.kind === 'signal.refused').map((event) => event.data);
  }

  it('becomes an act without a name, once however often it is recorded', async () => {
    await addRun('r', FROZEN);
    const { recordSignal } = activities();
    for (let attempt = 0; attempt < 2; attempt += 1) await recordSignal({ runId: 'r', id: 'sig', signal: unfreeze });
    expect(await store.acts.list('r')).toMatchObject([
      {
        id: 'sig',
        data: { kind: 'unfreeze', way: 'retry' },
        note: 'try again',
        by: { name: 'temporal (unattributed)', kind: 'system' },
      },
    ]);
  });

  it('without a note says that it came without one', async () => {
    await addRun('r', FROZEN);
    await activities().recordSignal({ runId: 'r', id: 'sig', signal: { ...unfreeze, note: ' ' } });
    expect(await store.acts.list('r')).toMatchObject([{ note: "sent from Temporal's own tools, without a note" }]);
  });

  it('is refused where it is not honoured, and the refusal is on record', async () => {
    await addRun('r', FROZEN);
    await activities({ honourSignals: false }).recordSignal({ runId: 'r', id: 'sig', signal: unfreeze });
    expect(await store.acts.list('r')).toEqual([]);
    expect(await refusals()).toEqual([
      { kind: 'unfreeze', reason: expect.stringContaining('not honoured here') as string },
    ]);
  });

  it('is refused where the run does not allow it, in the words of the rule', async () => {
    await addRun('r');
    await activities().recordSignal({ runId: 'r', id: 'sig', signal: unfreeze });
    expect(await store.acts.list('r')).toEqual([]);
    expect(await refusals()).toEqual([
      { kind: 'unfreeze', reason: 'the run is in triage, not frozen: there is nothing to unfreeze' },
    ]);
  });

  it.each([
    [{ kind: 'unfreeze', way: 'sideways', note: 'x' }, 'one of retry, resolved, abandon, and is "sideways"'],
    [{ kind: 'unfreeze', way: 'abandon', note: 7 }, 'must be text, and is 7'],
    [{ kind: 'escalate', note: { text: 'x' } }, 'must be text'],
  ])('%j is refused as unreadable, and does not hang the run', async (signal, reason) => {
    await addRun('r', FROZEN);
    // What a person typed as JSON: the type is a promise that nobody kept.
    await activities().recordSignal({ runId: 'r', id: 'sig', signal: signal as OutsideSignal });
    expect(await store.acts.list('r')).toEqual([]);
    expect(await refusals()).toEqual([{ kind: signal.kind, reason: expect.stringContaining(reason) as string }]);
  });
});
