/** Whoever has a snapshot and applies what the stream says has changed knows what a fresh look would show. */
import { MockActivityEnvironment } from '@temporalio/testing';
import { EventSourceParserStream } from 'eventsource-parser/stream';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createRedaction } from '../../activities/evidence/redact.ts';
import { recordingTrouble } from '../../activities/run/trouble.ts';
import { FRESH, type RunState } from '../../domain/stage.ts';
import { applyToOverview, applyToRun, applyToTranscript } from '../../ui/apply-change.ts';
import { acting, FROZEN, REPO, seedRun, startApiServer, type ApiServer } from '../../test/setup/api-server.ts';
import type { Overview, OverviewChange, RunChange, RunView, TranscriptView } from '../views/view.ts';

const NOW = Date.parse('2026-11-30T12:00:00Z');
const SHA = 'a'.repeat(40);
const STATES: readonly RunState[] = [
  { stage: 'prepare', progress: FRESH.progress, redBase: null, waiting: false },
  { stage: 'implement', progress: FRESH.progress, brief: { kind: 'implement' } },
  { stage: 'verify', progress: FRESH.progress, head: SHA, redBase: null },
  { stage: 'awaiting-approval', progress: FRESH.progress, head: SHA, since: 1 },
  { ...FROZEN },
];

let api: ApiServer;
let run = '';
let runs = 0;
beforeAll(async () => {
  api = await startApiServer({ now: () => NOW });
});
afterAll(() => api.close());
beforeEach(async () => {
  run = `run-${(runs += 1)}`;
  await seedRun(api.store, run);
  await api.store.sessions.open({ id: `${run}/1`, unit: `run/${run}`, system: 'not shown', at: 1 });
});

/** All that may happen to a run, one after the other. */
async function live(): Promise<void> {
  const { store } = api;
  const session = `${run}/1`;
  const usage = { input: 1, output: 1, cacheRead: 0, cacheWrite: 0 };
  for (const [index, state] of STATES.entries()) {
    await store.runs.transition(run, { seq: index + 1, state, effects: [], cause: 'test', at: index });
    const turn = index + 1;
    await store.sessions.addInput(session, `input-${turn}`, 'go on', turn);
    await store.events.append({
      at: turn,
      subject: `run/${run}`,
      kind: 'text.delta',
      data: { session, turn, offset: 0, text: 'I' },
    });
    const content = [
      { type: 'text', text: 'I look' },
      { type: 'tool_use', id: `t-${turn}`, name: 'bash', input: {} },
    ];
    await store.sessions.commitTurn({
      session,
      turn,
      content,
      stopReason: 'tool_use',
      model: 'm',
      usage,
      microUsd: 7,
      at: turn,
    });
    await store.sessions.putResult({ session, turn, toolUseId: `t-${turn}`, content: 'out', isError: false, at: turn });
    await store.effects.begin({ key: `${run}/${turn}`, name: 'push', class: 'provable', unit: `run/${run}`, at: turn });
    await store.evidence.put({
      key: `${run}/${turn}`,
      unit: `run/${run}`,
      kind: 'diff',
      sha: SHA,
      verdict: null,
      summary: 'a diff',
      mediaType: 'text/plain',
      body: '+1',
      at: turn,
    });
    await fetch(`${api.url}/api/runs/${run}/acts`, acting({ kind: 'steer', note: `say ${turn}` }));
    await store.escalations.raise({
      key: `${run}/${turn}`,
      run,
      repo: 'shop-1',
      severity: 'high',
      topic: 't',
      decision: 'd',
      at: turn,
    });
  }
  const act = await store.acts.add({
    id: `${run}-retry`,
    run,
    data: { kind: 'unfreeze', way: 'abandon' },
    by: { name: 'ada', kind: 'person', scopes: [] },
    note: 'enough',
    at: 9,
  });
  const state: RunState = { stage: 'ended', outcome: 'abandoned', reason: `act ${act?.id}`, progress: FRESH.progress };
  await store.runs.transition(run, {
    seq: STATES.length + 1,
    state,
    effects: [],
    cause: 'abandon',
    act: `${run}-retry`,
    at: 9,
  });
}

const rigOf = (id: string): ((number: number, end: () => Promise<unknown>) => Promise<unknown>) => {
  const ends = { store: api.store, redaction: createRedaction([]), now: Date.now };
  const { work } = recordingTrouble(
    { work: (input: { readonly runId: string; end: () => Promise<unknown> }) => input.end() },
    ends,
  );
  return (attempt, end) =>
    new MockActivityEnvironment({ attempt }).run(work, { runId: id, end }).catch((error: unknown) => error);
};

interface Frame {
  readonly id: string;
  readonly kind: string | undefined;
  readonly data: { readonly kind?: string; readonly change?: unknown; readonly data?: unknown };
}

async function read(path: string, place: string | null, until: number): Promise<Frame[]> {
  const hangUp = new AbortController();
  const headers: Record<string, string> = place === null ? {} : { 'last-event-id': place };
  const answer = await fetch(`${api.url}${path}`, { signal: hangUp.signal, headers });
  const frames: Frame[] = [];
  for await (const event of (answer.body ?? new ReadableStream())
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(new EventSourceParserStream())) {
    frames.push({ id: event.id ?? '', kind: event.event, data: JSON.parse(event.data) as Frame['data'] });
    if (Number(event.id) >= until) break;
  }
  hangUp.abort();
  return frames;
}

const look = async <T>(path: string): Promise<T> => (await (await fetch(`${api.url}${path}`)).json()) as T;

describe('changes of a run', () => {
  it('are the run as a fresh look shows it, once all are applied, over any reconnect', async () => {
    const path = `/api/runs/${run}/events?changes`;
    const begun = await api.store.events.last();
    const [snapshot] = await read(path, null, begun);
    let view = snapshot?.data as unknown as RunView;
    let transcript = await look<TranscriptView>(`/api/runs/${run}/transcript`);
    await live();
    const end = await api.store.events.last();
    const middle = begun + Math.floor((end - begun) / 2);
    const first = await read(path, String(begun), middle);
    const rest = await read(path, first.at(-1)?.id ?? '', end);
    for (const { data } of [...first, ...rest]) {
      view = applyToRun(view, (data.change ?? {}) as RunChange);
      transcript = applyToTranscript(transcript, (data.change ?? {}) as RunChange);
    }
    expect(view).toEqual(await look(`/api/runs/${run}`));
    expect(transcript).toEqual(await look(`/api/runs/${run}/transcript`));
    const kept = await api.store.events.after(begun, { subject: `run/${run}`, limit: 1_000 });
    const written = [...first, ...rest].filter(({ data }) => data.kind !== 'standing');
    expect(written.map((one) => Number(one.id))).toEqual(kept.map((row) => row.seq));
  });

  it('say that it does not get on, and when it does again', async () => {
    const attempt = rigOf(run);
    const [snapshot] = await read(`/api/runs/${run}/events?changes`, null, 0);
    let view = snapshot?.data as unknown as RunView;
    const follow = async (from: number): Promise<void> => {
      const frames = await read(`/api/runs/${run}/events?changes`, String(from), await api.store.events.last());
      for (const { data } of frames) view = applyToRun(view, (data.change ?? {}) as RunChange);
    };
    let place = await api.store.events.last();
    await attempt(1, () => Promise.reject(new Error('ECONNREFUSED')));
    await follow(place);
    expect(view.run.trouble).toContain('ECONNREFUSED');
    expect(view).toEqual(await look(`/api/runs/${run}`));
    place = await api.store.events.last();
    await attempt(2, async () => 'done');
    await follow(place);
    expect(view.run.trouble).toBeNull();
    expect(view).toEqual(await look(`/api/runs/${run}`));
    await live();
  });

  it('bring each thing once: no turn, result or evidence is sent again with a later event', async () => {
    const begun = await api.store.events.last();
    await live();
    const words = { session: `${run}/1`, turn: 9, offset: 0, text: 'I' };
    await api.store.events.append({ at: 9, subject: `run/${run}`, kind: 'text.delta', data: words });
    const frames = await read(`/api/runs/${run}/events?changes`, String(begun), await api.store.events.last());
    const changes = frames.map(({ data }) => (data.change ?? {}) as RunChange);
    expect(changes.flatMap((one) => one.session?.turns ?? [])).toHaveLength(STATES.length);
    expect(changes.flatMap((one) => one.session?.results ?? [])).toHaveLength(STATES.length);
    expect(changes.flatMap((one) => one.evidence ?? [])).toHaveLength(STATES.length);
    expect(changes.flatMap((one) => one.transitions ?? [])).toHaveLength(STATES.length + 1);
    // What is being said is passed on as it is.
    expect(frames.at(-1)?.data).toMatchObject({ kind: 'text.delta', data: words });
  });
});

describe('changes of everything', () => {
  it('are the list of runs and the status as a fresh look shows them, once all are applied', async () => {
    const path = '/api/events?changes';
    const begun = await api.store.events.last();
    const [snapshot] = await read(path, null, begun);
    let overview = snapshot?.data as unknown as Overview;
    await live();
    await fetch(`${api.url}/api/caps/raises`, acting({ window: 'day', usd: 1, note: 'n' }));
    const killSwitch = { on: false, note: 'armed' };
    await fetch(`${api.url}/api/kill-switch`, acting(killSwitch, {}, 'PUT'));
    const later = `${run}-later`;
    await seedRun(api.store, later);
    await api.store.queue.replace(
      'shop-1',
      [
        {
          repo: 'shop-1',
          issue: 9,
          title: REPO,
          priority: 1,
          release: { id: 'x', label: 'l', action: 'added', by: null, at: 1 },
        },
      ],
      1,
    );
    const frames = await read(path, String(begun), await api.store.events.last());
    for (const { data } of frames) overview = applyToOverview(overview, (data.change ?? {}) as OverviewChange);
    const { openRuns: _open, ...fresh } = await look<Overview>('/api/status');
    const { runs: list } = await look<{ runs: Overview['runs'] }>('/api/runs?limit=200');
    const { openRuns: _known, runs: known, ...status } = overview;
    expect(status).toEqual(fresh);
    expect(known.map((one) => [one.id, one.stage, one.reason])).toEqual(
      list.map((one) => [one.id, one.stage, one.reason]),
    );
    expect(known).toEqual(list);
    await api.store.runs.transition(later, {
      seq: 1,
      state: { stage: 'ended', outcome: 'shipped', reason: 'r', progress: FRESH.progress },
      effects: [],
      cause: 'green',
      at: 2,
    });
  });

  it('say of a run in the list that it does not get on, and when it does again', async () => {
    const attempt = rigOf(run);
    const [snapshot] = await read('/api/events?changes', null, 0);
    let overview = snapshot?.data as unknown as Overview;
    const tries = [
      [1, () => Promise.reject(new Error('ECONNREFUSED'))],
      [2, async () => 'done'],
    ] as const;
    for (const [number, end] of tries) {
      const place = await api.store.events.last();
      await attempt(number, end);
      const frames = await read('/api/events?changes', String(place), await api.store.events.last());
      for (const { data } of frames) overview = applyToOverview(overview, (data.change ?? {}) as OverviewChange);
      const { runs: list } = await look<{ runs: Overview['runs'] }>('/api/runs?limit=200');
      expect(overview.runs).toEqual(list);
      expect(list[0]?.trouble === null).toBe(number === 2);
    }
    await live();
  });

  it('leave out what changes no list: words, turns, results, evidence', async () => {
    const begun = await api.store.events.last();
    await live();
    const end = await api.store.events.append({ at: 1, subject: 'system', kind: 'kill-switch', data: {} });
    const frames = await read('/api/events?changes', String(begun), end);
    const kinds = new Set(frames.map(({ data }) => data.kind));
    expect([...kinds].filter((kind) => /^(text|turn|tool|session|evidence)\./.test(kind ?? ''))).toEqual([]);
    expect(frames.length).toBeGreaterThan(0);
  });
});
