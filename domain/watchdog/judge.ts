/** One look, judged: what lasts too long now, what is over, and what to remember. Pure: the same look gives the same answer. */
import {
  findingOf,
  type Called,
  type Condition,
  type Finding,
  type WatchLimits,
  type WatchMemory,
} from './condition.ts';
import {
  diskConditions,
  isAnyWorkerAlive,
  waitsForItsHost,
  holdConditions,
  pollerConditions,
  temporalConditions,
  workerConditions,
} from './system-conditions.ts';
import { isWorking, runConditions } from './runs.ts';
import type { Observation, WatchedRun } from './observation.ts';
import { vanishedCall } from './vanished.ts';

export interface Judgement {
  /** Everything past its limit now. */
  readonly findings: readonly Finding[];
  /** Those of them that nobody was called for yet. */
  readonly calls: readonly Finding[];
  /** What a person was called for and is no more. */
  readonly over: readonly Called[];
  /** To be kept once the calls are made. */
  readonly memory: WatchMemory;
}

export function freshMemory(now: number): WatchMemory {
  return { lookedAt: now, watchedSince: now, temporalSeenAt: null, since: {}, held: {}, called: {} };
}

export function judge(seen: Observation, limits: WatchLimits, before: WatchMemory, now: number): Judgement {
  const memory = remember(seen, limits, before, now);
  const working = seen.runs.filter(isWorking);
  const parts = [...temporalConditions(seen, limits, memory), ...workerConditions(seen, limits, now)];
  const othersWork = isAnyWorkerAlive(seen, limits, now);
  const missing = parts.filter(
    ({ topic }) => topic === 'temporal-unreachable' || (topic === 'worker-unseen' && !othersWork),
  );
  const isDown = missing.some((one) => findingOf(one, memory, now) !== null);
  const isHeld = (run: WatchedRun): boolean =>
    isDown ||
    waitsForItsHost(run, seen, limits, now) ||
    seen.killSwitch.on ||
    seen.caps.some(({ cap }) => cap.repo === null || cap.repo === run.repo);

  const conditions: Condition[] = [
    ...parts,
    // Where the cause is known already, its consequences are no news.
    ...(missing.length > 0 ? [] : pollerConditions(seen, limits)),
    ...diskConditions(seen, limits, memory),
    ...holdConditions(
      seen,
      limits,
      working.map((run) => run.repo),
    ),
    ...(isDown ? [] : idleLanes(seen, limits)),
    ...vanished(seen, limits),
    ...seen.runs.flatMap((run) =>
      runConditions(run, limits, { down: isDown, held: isHeld(run), heldAt: memory.held[run.id] ?? 0 }),
    ),
  ];
  const findings = conditions.flatMap((one) => findingOf(one, memory, now) ?? []);
  const called = Object.fromEntries(findings.map((one) => [one.key, calledFor(one)]));
  const keys = new Set(conditions.map((one) => one.key));
  return {
    findings,
    calls: findings.filter((one) => before.called[one.key]?.escalation !== one.escalation),
    over: Object.entries(before.called).flatMap(([key, one]) => (key in called ? [] : [one])),
    memory: {
      ...memory,
      since: Object.fromEntries([...keys].map((key) => [key, memory.since[key] ?? now])),
      held: Object.fromEntries(
        seen.runs.flatMap((run) => {
          const at = isHeld(run) || run.slotSince !== null || !isWorking(run) ? now : memory.held[run.id];
          return at === undefined ? [] : [[run.id, at]];
        }),
      ),
      called,
    },
  };
}

/** A gap between two looks means that nobody watched, and often that nothing ran: what was silent meanwhile gets its time again. */
function remember(seen: Observation, limits: WatchLimits, before: WatchMemory, now: number): WatchMemory {
  return {
    ...before,
    lookedAt: now,
    watchedSince: now - before.lookedAt > limits.unseenMs ? now : before.watchedSince,
    temporalSeenAt: seen.temporal.ok ? now : before.temporalSeenAt,
  };
}

function calledFor({ escalation, topic, since, run, repo }: Finding): Called {
  return { escalation, topic, since, run, repo };
}

function vanished({ runs, temporal }: Observation, limits: WatchLimits): Condition[] {
  if (!temporal.ok) return [];
  return runs
    .filter((run) => temporal.gone.includes(run.id))
    .map((run) => ({
      key: `vanished/${run.id}`,
      topic: 'vanished',
      since: null,
      limitMs: limits.unseenMs,
      needsWatch: true,
      reminds: false,
      run: run.id,
      repo: run.repo,
      escalation: vanishedCall(run.id, run.repo).key,
      text: `run ${run.id} (${run.repoName}#${run.issue}) has no workflow and no outcome`,
      why: 'nothing moves it, and it holds its lane',
      remedy: '`lamplighter recover`, or cancel it',
    }));
}

/** Work waits, and nothing that is known holds it. */
function idleLanes(seen: Observation, limits: WatchLimits): Condition[] {
  const { runs, caps, killSwitch } = seen;
  return seen.lanes
    .filter(({ repo, waiting }) => waiting > 0 && !killSwitch.on && !runs.some((run) => run.repo === repo))
    .filter(({ repo }) => !caps.some(({ cap }) => cap.repo === null || cap.repo === repo))
    .map(({ repo, repoName, waiting }) => ({
      key: `lane/${repo}`,
      topic: 'lane-idle',
      since: null,
      limitMs: limits.queueMs,
      needsWatch: true,
      reminds: false,
      run: null,
      repo,
      text: `${waiting} ${waiting === 1 ? 'issue waits' : 'issues wait'} in the free lane of ${repoName}`,
      why: 'the lane should have started a run, and every poll asks it to',
      remedy: `look at the workflow lane/${repo} in Temporal Web; \`lamplighter recover\` pokes every lane`,
    }));
}
