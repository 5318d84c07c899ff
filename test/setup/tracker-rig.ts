/** What the tests of the tracker activities stand on: a real store, real issue folders, and a state machine to move runs with. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { BOUNDS, CAPS } from '../../config/defaults.ts';
import type { RepoConfig } from '../../config/types.ts';
import type { Caps } from '../../domain/caps.ts';
import { LABELS } from '../../domain/issue.ts';
import { FRESH, type RunEffect, type RunEvent, type RunState } from '../../domain/stage.ts';
import { next } from '../../domain/transitions/transition.ts';
import type { Store } from '../../store/port.ts';
import { openStore } from '../../store/open.ts';
import { noCrash, type CrashPoint } from '../../activities/effects/crash-point.ts';
import { createPerformEffect } from '../../activities/effects/perform.ts';
import { createDispatchActivities, type DispatchActivities } from '../../activities/dispatch/activities.ts';
import { createReport, type Report } from '../../activities/report/report.ts';
import { createIssueReader, type IssueReader, type RepoTracker } from '../../activities/tracker/issue-reader.ts';
import type { LocalDesk } from '../../activities/tracker/local/desk.ts';
import { createLocalTracker, type LocalTracker } from '../../activities/tracker/local/local.ts';
import { testRepo } from './test-config.ts';

export const repos = ['web', 'app'].map(repoNamed);
export const [web, app] = repos as [RepoConfig, RepoConfig];

function repoNamed(name: string): RepoConfig {
  return testRepo({ key: `acme-${name}-1`, name: `acme/${name}`, issues: '' });
}

export let dataDir: string;
export let store: Store;
export let trackers: Map<string, LocalTracker>;
/** Lanes, in the order of their pokes. */
export let poked: string[] = [];
let clock = 0;

/** A data directory, a store and two trackers, fresh for each test. */
export function useRig(): void {
  beforeEach(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'tracker-'));
    poked = [];
    clock = Date.parse('2026-11-23T12:00:00Z');
    store = await openStore({ kind: 'sqlite', file: join(dataDir, 'lamplighter.db') }, join(dataDir, 'blobs'));
    trackers = new Map(
      repos.map(({ key }) => [key, createLocalTracker({ dir: issueDir(key), people: { ada: 'write' }, now })]),
    );
    await store.control.setKillSwitch({ on: false, by: 'ada', note: 'test', at: clock });
  });
  afterEach(async () => {
    await store.close();
    rmSync(dataDir, { recursive: true, force: true });
  });
}

export function now(): number {
  return (clock += 1);
}

export function issueDir(key: string): string {
  return join(dataDir, 'issues', key);
}

/** What people do in the tracker. */
export function trackerOf(key: string): LocalDesk {
  return opened(key).desk;
}

function opened(key: string): LocalTracker {
  const tracker = trackers.get(key);
  if (tracker === undefined) throw new Error(`no tracker of ${key}`);
  return tracker;
}

function repoTrackerOf(key: string): RepoTracker {
  const { reads, writes } = opened(key);
  return { issues: createIssueReader(reads), writes };
}

export type BothActivities = DispatchActivities & Report;

interface Wiring {
  readonly allow?: readonly string[];
  readonly crash?: CrashPoint;
  readonly caps?: Partial<Caps>;
}

export function activitiesWith({
  allow = repos.map((repo) => repo.name),
  crash = noCrash,
  caps = {},
}: Wiring = {}): BothActivities {
  const deps = {
    config: {
      repos,
      allow,
      bounds: BOUNDS,
      caps: { ...CAPS, ...caps },
      dataDir,
      executor: { kind: 'builtin' } as const,
      heartbeatSeconds: 15,
      pollSeconds: 1,
      api: { port: 1, host: '127.0.0.1', publicUrl: 'http://h', names: [] },
    },
    store,
    trackerOf: repoTrackerOf,
    issuesOf: (key: string): IssueReader => repoTrackerOf(key).issues,
    lanes: { pokeLane: async (key: string) => void poked.push(key) },
    perform: createPerformEffect({ log: store.effects, crash, now }),
    now,
    stopping: new AbortController().signal,
  };
  return { ...createDispatchActivities(deps), ...createReport(deps) };
}

export async function labelled(repo: RepoConfig, title: string, labels: readonly string[] = []): Promise<number> {
  return (await trackerOf(repo.key).add({ title, body: 'b', labels: [LABELS.ready, ...labels], by: 'ada' })).number;
}

export async function newRun(): Promise<string> {
  await labelled(web, 'one');
  const activities = activitiesWith();
  await activities.pollRepos();
  const run = await activities.openRun({ repoKey: web.key });
  if (run === null) throw new Error('no run was opened');
  return run.runId;
}

/** Records what the state machine says, as the workflow does. */
export async function move(runId: string, event: RunEvent): Promise<readonly RunEffect[]> {
  const run = await store.runs.get(runId);
  if (run === null) throw new Error(`no run ${runId}`);
  const { state, effects } = next(run.state, event, run.bounds, now());
  await record(runId, state, effects);
  return effects;
}

export async function record(runId: string, state: RunState, effects: readonly RunEffect[]): Promise<void> {
  const seq = ((await store.runs.get(runId))?.seq ?? 0) + 1;
  await store.runs.transition(runId, { seq, state, effects, cause: 'test', at: now() });
}

export async function settle(activities: BothActivities, runId: string): Promise<void> {
  const run = await store.runs.get(runId);
  for (const index of (run?.effects ?? []).keys())
    await activities.performRunEffect({ runId, seq: run?.seq ?? 0, index });
  await activities.publishPhases({ runId });
}

export const watching: RunState = {
  stage: 'watch',
  progress: { ...FRESH.progress, base: 'b', pushed: 'abc', openings: 1 },
  sha: 'abc',
};
