/** What the api asks of Temporal, over a real store; Temporal's client is stood in for at its port. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DEFAULT_BOUNDS } from '../domain/bounds.ts';
import { FRESH } from '../domain/stage.ts';
import { openStore } from '../store/open.ts';
import type { Store } from '../store/port.ts';
import { createEngine } from './engine.ts';
import type { TemporalCalls } from './temporal.ts';

let dir: string;
let store: Store;
let asked: string[];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'engine-'));
  store = await openStore({ kind: 'sqlite', file: join(dir, 'store.db') }, join(dir, 'blobs'));
  asked = [];
});
afterEach(async () => {
  await store.close();
  await rm(dir, { recursive: true });
});

/** A Temporal in which every run is open. */
const calls: TemporalCalls = {
  pokeLane: async (repo) => void asked.push(`lane ${repo}`),
  pokeRun: async (run) => void asked.push(`run ${run}`),
  pollNow: async () => undefined,
  tellEnded: async () => undefined,
  isOpen: async () => true,
  startRun: async () => false,
};

const CONFIG = {
  executor: { kind: 'builtin' },
  heartbeatSeconds: 5,
  api: { port: 0, publicUrl: 'http://h' },
  temporal: { webUrl: null },
} as never;

async function addRun(id: string): Promise<void> {
  const about = { id, repo: `repo-of-${id}`, repoName: 'acme/shop', issue: 1, title: 'Prices', release: id };
  await store.runs.create({ ...about, bounds: DEFAULT_BOUNDS, at: 1 });
}

describe('recover', () => {
  it('starts again an ended run that still owes its issue something, until that is done', async () => {
    await addRun('ended');
    const state = { ...FRESH, stage: 'ended', outcome: 'shipped', reason: 'live' } as const;
    await store.runs.transition('ended', { seq: 1, state, effects: [{ do: 'close' }], cause: 'green', at: 2 });
    const lost = { ...calls, startRun: async () => true };
    const recover = () => createEngine({ store, calls: lost, config: CONFIG }).recover();

    expect(await recover()).toEqual({ runs: ['ended'], lanes: [] });
    await store.runs.settled('ended');
    expect(await recover()).toEqual({ runs: [], lanes: [] });
  });

  it('asks each open run that has not taken what people asked for to look again', async () => {
    await addRun('deaf');
    await addRun('well');
    const by = { name: 'ada', kind: 'person', scopes: [] } as const;
    await store.acts.add({ id: 'a', run: 'deaf', data: { kind: 'cancel' }, note: 'why', by, at: 2 });

    expect((await createEngine({ store, calls, config: CONFIG }).recover()).runs).toEqual([]);
    expect(asked.filter((one) => one.startsWith('run'))).toEqual(['run deaf']);
  });
});
