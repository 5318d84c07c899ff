/** What no event tells reaches open pages all the same: whoever applies what the stream says knows what a fresh look would show. */
import { rmSync, writeFileSync } from 'node:fs';
import { EventSourceParserStream } from 'eventsource-parser/stream';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { WatchdogStanding } from '../../activities/watchdog/watchdog.ts';
import { killSwitchFile } from '../../config/kill-switch-file.ts';
import { FRESH } from '../../domain/stage.ts';
import { acting, seedRun, startApiServer, type ApiServer } from '../../test/setup/api-server.ts';
import { applyToOverview, applyToRun } from '../../ui/apply-change.ts';
import type { Overview, OverviewChange, RunChange, RunView } from '../views/view.ts';

const NOW = Date.parse('2026-11-30T12:00:00Z');
const WELL: WatchdogStanding = { lookedAt: 1, failure: null, findings: [], ping: null };
const WORKER_HANGS: WatchdogStanding = {
  ...WELL,
  findings: [
    {
      key: 'worker-unseen/one',
      topic: 'worker-unseen',
      run: null,
      repo: null,
      since: 1,
      text: 'worker one hangs',
      why: 'nothing was heard',
      remedy: 'end it',
      escalation: 'x',
      limitMs: 60_000,
      needsWatch: true,
      reminds: false,
    },
  ],
};

let watched = WELL;
let api: ApiServer;
beforeEach(async () => {
  watched = WELL;
  api = await startApiServer({ now: () => NOW, watchdog: () => watched });
  const implement = { stage: 'implement', progress: FRESH.progress, brief: { kind: 'implement' } } as const;
  await api.store.control.setKillSwitch({ on: false, by: 'operator', note: 'armed', at: NOW });
  await seedRun(api.store, 'run-1', [implement]);
});
afterEach(() => api.close());

const look = async <T>(path: string): Promise<T> => (await (await fetch(`${api.url}${path}`)).json()) as T;

/** A stream that is read on from where it was. */
async function open<View>(path: string, apply: (view: View, change: object) => View) {
  const hangUp = new AbortController();
  const answer = await fetch(`${api.url}${path}`, { signal: hangUp.signal });
  const frames = (answer.body ?? new ReadableStream())
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(new EventSourceParserStream())
    .getReader();
  const next = async (): Promise<{ readonly change?: object }> =>
    JSON.parse((await frames.read()).value?.data ?? '{}') as { readonly change?: object };
  let view = (await next()) as View;
  return {
    /** As it is known once it is so. */
    async when(is: (view: View) => boolean): Promise<View> {
      while (!is(view)) view = apply(view, (await next()).change ?? {});
      return view;
    },
    close: () => hangUp.abort(),
  };
}

const openList = () =>
  open<Overview>('/api/events?changes', (view, change) => applyToOverview(view, change as OverviewChange));
const openRun = () =>
  open<RunView>('/api/runs/run-1/events?changes', (view, change) => applyToRun(view, change as RunChange));

const freshList = async (): Promise<Overview> => {
  const [status, { runs }] = await Promise.all([
    look<Overview>('/api/status'),
    look<{ runs: Overview['runs'] }>('/api/runs?limit=200'),
  ]);
  return { ...status, runs };
};

it('a part that is down, and that is back, is told to the list', async () => {
  const list = await openList();
  watched = WORKER_HANGS;
  expect(await list.when((view) => !view.ok)).toEqual(await freshList());
  watched = WELL;
  expect(await list.when((view) => view.ok)).toEqual(await freshList());
  list.close();
});

it('a tracker that cannot be read is told to the list, and that it can again', async () => {
  const list = await openList();
  await api.store.control.setFact('tracker-failure/shop-1', 'ENOENT', NOW);
  await api.store.control.setFact('issues-failure/shop-1', 'issue 3 has no title', NOW);
  const failed = await list.when((view) => view.notices.some((one) => one.text.includes('no title')));
  expect(failed).toEqual(await freshList());
  await api.store.control.setFact('tracker-failure/shop-1', null, NOW);
  await api.store.control.setFact('issues-failure/shop-1', null, NOW);
  expect(await list.when((view) => !view.notices.some((one) => one.text.includes('be read')))).toEqual(
    await freshList(),
  );
  list.close();
});

it('the kill switch is told to a run, by command and as a file, on and off', async () => {
  const run = await openRun();
  await fetch(`${api.url}/api/kill-switch`, acting({ on: true, note: 'enough' }, {}, 'PUT'));
  expect(await run.when((view) => view.killSwitch.on)).toEqual(await look('/api/runs/run-1'));
  await fetch(`${api.url}/api/kill-switch`, acting({ on: false, note: 'armed' }, {}, 'PUT'));
  expect(await run.when((view) => !view.killSwitch.on)).toEqual(await look('/api/runs/run-1'));
  writeFileSync(killSwitchFile(api.dataDir), '');
  expect(await run.when((view) => view.killSwitch.on)).toEqual(await look('/api/runs/run-1'));
  rmSync(killSwitchFile(api.dataDir));
  expect(await run.when((view) => !view.killSwitch.on)).toEqual(await look('/api/runs/run-1'));
  run.close();
});

it('what stood otherwise while a browser was away is told when it comes back', async () => {
  const place = String(await api.store.events.last());
  watched = WORKER_HANGS;
  const answer = await fetch(`${api.url}/api/events?changes`, { headers: { 'last-event-id': place } });
  for await (const { id, data } of (answer.body ?? new ReadableStream())
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(new EventSourceParserStream())) {
    const { kind, change } = JSON.parse(data) as { readonly kind: string; readonly change: OverviewChange };
    expect([id, kind, change.status?.ok]).toEqual([place, 'standing', false]);
    break;
  }
});
