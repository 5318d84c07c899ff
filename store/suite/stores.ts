/** What the suite needs of an adapter, and stores that close themselves after each test. */
import { afterEach, beforeEach } from 'vitest';
import type { StoreConfig } from '../../config/types.ts';
import { DEFAULT_BOUNDS } from '../../domain/bounds.ts';
import { FRESH, type RunState } from '../../domain/stage.ts';
import { openStore } from '../open.ts';
import type { EventRow, NewRun, Store, TurnRow } from '../port.ts';

/** An empty place for a store; removed after the test. */
export interface StoreHome {
  readonly config: StoreConfig;
  readonly blobsDir: string;
  remove(): Promise<void>;
}

export interface Stores {
  readonly home: StoreHome;
  /** Another store over the same data, with its own connection: what a second process has. */
  open(): Promise<Store>;
  pair(): Promise<readonly [Store, Store]>;
}

export function useStores(makeHome: () => Promise<StoreHome>): Stores {
  let home: StoreHome | null = null;
  let opened: Store[] = [];
  const current = (): StoreHome => {
    if (home === null) throw new Error('stores exist inside a test only');
    return home;
  };
  beforeEach(async () => {
    home = await makeHome();
  });
  afterEach(async () => {
    await Promise.all(opened.map((store) => store.close()));
    opened = [];
    await current().remove();
    home = null;
  });
  const open = async (): Promise<Store> => {
    const store = await openStore(current().config, current().blobsDir);
    opened.push(store);
    return store;
  };
  return {
    get home() {
      return current();
    },
    open,
    pair: async () => [await open(), await open()],
  };
}

export function newRun(id: string, over: Partial<NewRun> = {}): NewRun {
  return {
    id,
    repo: 'alpha',
    repoName: 'acme/alpha',
    issue: 7,
    title: 'Zähler läuft rückwärts',
    release: `release-${id}`,
    bounds: DEFAULT_BOUNDS,
    at: 1_000,
    ...over,
  };
}

export const PREPARING: RunState = { stage: 'prepare', progress: FRESH.progress, redBase: null, waiting: false };
export const SHIPPED: RunState = { stage: 'ended', progress: FRESH.progress, outcome: 'shipped', reason: 'live' };

export function turn(session: string, number: number, over: Partial<TurnRow> = {}): TurnRow {
  return {
    session,
    turn: number,
    content: [{ type: 'text', text: `turn ${number}` }],
    stopReason: 'tool_use',
    model: 'scripted',
    usage: { input: 10, output: 5, cacheRead: 0, cacheWrite: 0 },
    microUsd: 42,
    at: 2_000 + number,
    ...over,
  };
}

export async function eventsOf(store: Store, subject: string, kind?: string): Promise<EventRow[]> {
  const rows = await store.events.after(0, { subject, limit: 10_000 });
  return rows.filter((row) => kind === undefined || row.kind === kind);
}

/** `count` times `work`, dealt out over the stores, all at once. */
export function concurrently<T>(
  stores: readonly Store[],
  count: number,
  work: (store: Store, index: number) => Promise<T>,
): Promise<T[]> {
  return Promise.all(
    Array.from({ length: count }, (_, index) => {
      const store = stores[index % stores.length];
      if (store === undefined) throw new Error('no store was given');
      return work(store, index);
    }),
  );
}
