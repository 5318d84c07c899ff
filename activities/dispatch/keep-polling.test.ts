/** Looking at trackers for long: each has a clock of its own, and none is in another's way. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CAPS } from '../../config/defaults.ts';
import { app, dataDir, labelled, poked, repos, store, trackers, useRig, web } from '../../test/setup/tracker-rig.ts';
import { createIssueReader, type IssueReader } from '../tracker/issue-reader.ts';
import type { LocalTracker } from '../tracker/local/local.ts';
import type { TrackerReads } from '../tracker/port.ts';
import { keepPolling } from './keep-polling.ts';
import { POLLER_FACT } from './poll.ts';

useRig();

describe('keeping at the trackers', () => {
  let asked: Record<string, number>;
  let stop: AbortController;
  let workerStops: AbortController;
  let polling: Promise<void>;
  beforeEach(() => {
    asked = {};
    stop = new AbortController();
    workerStops = new AbortController();
    polling = Promise.resolve();
  });
  afterEach(async () => {
    stop.abort();
    await polling;
  });

  /** `readyIssues` of the repo is answered by `answer`; that of the others as it stands in their folders. */
  function begin(repoKey: string, answer: TrackerReads['readyIssues'] | null): void {
    const readers = new Map(
      repos.map(({ key }): [string, IssueReader] => {
        const { reads } = trackers.get(key) as LocalTracker;
        const readyIssues: TrackerReads['readyIssues'] = async (since) => {
          asked[key] = (asked[key] ?? 0) + 1;
          return key === repoKey && answer !== null ? answer(since) : reads.readyIssues(since);
        };
        return [key, createIssueReader({ ...reads, readyIssues })];
      }),
    );
    const deps = {
      store,
      dataDir,
      repos,
      allow: repos.map(({ name }) => name),
      caps: CAPS,
      pollSeconds: 0.05,
      issuesOf: (key: string) => readers.get(key) as IssueReader,
      lanes: { pokeLane: async (key: string) => void poked.push(key) },
      now: Date.now,
      stopping: workerStops.signal,
    };
    polling = keepPolling(deps, { signal: stop.signal });
  }

  const looks = (key: string, times: number): Promise<void> =>
    vi.waitFor(() => expect(asked[key] ?? 0).toBeGreaterThanOrEqual(times), { timeout: 10_000 });

  it('ends by itself when its worker stops', async () => {
    begin(web.key, null);
    await looks(web.key, 2);
    workerStops.abort();

    await polling;
  });

  it('picks up what a person releases while it goes on, and says that it polls', async () => {
    begin(web.key, null);
    await looks(web.key, 2);
    await labelled(web, 'one');

    await vi.waitFor(() => expect(poked).toContain(web.key));
    expect((await store.queue.waiting(web.key)).map((one) => one.title)).toEqual(['one']);
    await vi.waitFor(async () => expect(await store.control.facts(POLLER_FACT)).toHaveLength(1));
  });

  it('a tracker that never answers holds no other up, nor the end', async () => {
    begin(web.key, () => new Promise(() => undefined));
    await looks(app.key, 5);
    await labelled(app, 'one');

    await vi.waitFor(() => expect(poked).toContain(app.key));
    expect(asked[web.key]).toBe(1);
    stop.abort();
    await polling;
  });

  it('a tracker that fails is looked at ever more rarely, and the others as ever', async () => {
    begin(web.key, () => Promise.reject(new Error('502 Bad Gateway')));
    await looks(web.key, 1);
    await looks(app.key, 20);

    expect(asked[web.key]).toBeLessThan(7);
    expect(await store.control.fact(`tracker-failure/${web.key}`)).toBe('502 Bad Gateway');
  });

  it('a tracker whose limit is used up is not asked before it counts anew', async () => {
    const left = { requests: 0, renewsAt: Date.now() + 3_600_000 };
    begin(web.key, async () => ({
      kind: 'read',
      value: { issues: [], unreadable: [] },
      cursor: null,
      left,
    }));
    await looks(app.key, 10);

    expect(asked[web.key]).toBe(1);
  });

  it('fails with the store, so that another attempt begins anew', async () => {
    begin(web.key, null);
    await looks(app.key, 1);
    const failed = expect(polling).rejects.toThrow('is closed');
    await store.close();

    await failed;
    polling = Promise.resolve();
  });
});
