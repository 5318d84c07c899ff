/** Conditions of what runs depend on: workers, poller, Temporal, disk; and of what holds lanes. */
import { capEndsAt, holdInWords } from '../caps.ts';
import type { Condition, WatchLimits, WatchMemory } from './condition.ts';
import type { Observation, WatchedRun, WatchedWorker } from './observation.ts';

const SYSTEM = { run: null, repo: null } as const;
const DAY_MS = 24 * 60 * 60_000;
/** A full disk is over when there is this much more room: it must not come and go with every file. */
const ROOM = 1.1;

export function temporalConditions(seen: Observation, limits: WatchLimits, memory: WatchMemory): Condition[] {
  if (!seen.temporal.ok) return [unreachable(seen.temporal.reason, limits, memory)];
  return seen.temporal.stuck.map((one): Condition => ({
    key: `stuck/${one.workflow}`,
    topic: 'workflow-stuck',
    since: null,
    limitMs: limits.unseenMs,
    needsWatch: true,
    reminds: false,
    run: one.run,
    repo: one.repo,
    text: `workflow ${one.workflow} does not get on: its workflow task has failed ${one.attempt - 1} times`,
    why: 'nothing of it moves until the task succeeds, and no activity of it says so',
    remedy:
      'read its last workflow task in Temporal Web and the worker’s log; a release that cannot replay it must be taken back',
  }));
}

function unreachable(reason: string, limits: WatchLimits, { temporalSeenAt }: WatchMemory): Condition {
  return {
    ...SYSTEM,
    key: 'temporal',
    topic: 'temporal-unreachable',
    since: temporalSeenAt ?? 0,
    limitMs: limits.unseenMs,
    needsWatch: true,
    reminds: false,
    text: `Temporal does not answer: ${reason}`,
    why: 'no run moves without it; what is recorded is safe',
    remedy: 'start it again or mend the way to it; if its database is lost, `lamplighter recover` afterwards',
  };
}

function isAlive({ stopped, at }: WatchedWorker, limits: WatchLimits, now: number): boolean {
  return !stopped && now - at < limits.unseenMs;
}

/** While one works, the others' hosts keep nothing waiting but the lanes whose checkouts they hold. */
export function isAnyWorkerAlive({ workers }: Observation, limits: WatchLimits, now: number): boolean {
  return workers.some((one) => isAlive(one, limits, now));
}

/** Its host went silent: that is a condition of its own, which names the lane. Of a host that has no worker in the rows nothing is known. */
export function waitsForItsHost(
  { repo }: WatchedRun,
  { checkouts, workers }: Observation,
  limits: WatchLimits,
  now: number,
): boolean {
  const host = checkouts.find((one) => one.repo === repo)?.host;
  return workers.some((one) => one.name === host && !isAlive(one, limits, now));
}

/** Each worker that went silent; and that there is none at all. One that said goodbye is missed where a run waits for its disk. */
export function workerConditions(seen: Observation, limits: WatchLimits, now: number): Condition[] {
  const { workers } = seen;
  const base = {
    ...SYSTEM,
    topic: 'worker-unseen',
    limitMs: limits.unseenMs,
    needsWatch: true,
    reminds: false,
  } as const;
  if (workers.every((one) => one.stopped)) {
    return [
      {
        ...base,
        key: 'worker',
        since: Math.max(0, ...workers.map((one) => one.at)),
        text: 'no worker has shown itself',
        why: 'runs stand still, and no issue is picked up',
        remedy: 'start one: `lamplighter up`, or the worker process of your cluster; its log says why it ended',
      },
    ];
  }
  const anyAlive = isAnyWorkerAlive(seen, limits, now);
  return workers
    .filter((one) => !isAlive(one, limits, now))
    .map((one) => ({ one, lanes: lanesOf(seen, one.name) }))
    .filter(({ one, lanes }) => (lanes.length > 0 ? true : !one.stopped && (!anyAlive || now - one.at < DAY_MS)))
    .map(({ one, lanes }) => ({
      ...base,
      key: `worker/${one.name}`,
      since: one.at,
      text: `worker ${one.name} was last seen ${new Date(one.at).toISOString()}`,
      why: anyAlive ? whatWaits(lanes, one.name) : 'runs stand still, and no issue is picked up',
      remedy:
        'read its log (logs/worker.log in the data directory), and end it if it hangs: `up` starts it again' +
        (anyAlive && lanes.length > 0 ? '; where its disk is lost, cancel those runs' : ''),
    }));
}

/** Names of the repos with an open run whose checkout that host holds. */
function lanesOf({ runs, checkouts }: Observation, host: string): string[] {
  const held = new Set(checkouts.filter((one) => one.host === host).map((one) => one.repo));
  return [...new Set(runs.filter((run) => held.has(run.repo)).map((run) => run.repoName))].toSorted();
}

function whatWaits(lanes: readonly string[], host: string): string {
  if (lanes.length === 0) return 'no run waits for it; the repos that it served are taken over by other hosts';
  const are = lanes.length === 1 ? 'the lane' : 'the lanes';
  const wait = lanes.length === 1 ? 'waits' : 'wait';
  return `${are} of ${lanes.join(', ')} ${wait} for host ${host}, whose disk has the checkouts; the others go on`;
}

export function pollerConditions({ poller }: Observation, limits: WatchLimits): Condition[] {
  return [
    {
      ...SYSTEM,
      key: 'poller',
      topic: 'poller-unseen',
      since: poller.at,
      limitMs: Math.max(limits.unseenMs, 3 * poller.everyMs),
      needsWatch: true,
      reminds: false,
      text: `the trackers were last read ${poller.at === 0 ? 'never' : new Date(poller.at).toISOString()}`,
      why: 'no issue is picked up, and none that was withdrawn is noticed in the lanes',
      remedy: 'look at the schedule issue-poller in Temporal Web: is it paused, does its workflow hang?',
    },
  ];
}

export function diskConditions({ disk }: Observation, limits: WatchLimits, memory: WatchMemory): Condition[] {
  const least = limits.diskFreeBytes * (memory.since['disk'] === undefined ? 1 : ROOM);
  if (disk.freeBytes >= least) return [];
  return [
    {
      ...SYSTEM,
      key: 'disk',
      topic: 'disk-full',
      since: null,
      limitMs: 0,
      needsWatch: false,
      reminds: false,
      text: `${Math.floor(disk.freeBytes / 1024 ** 2)} MB are free in ${disk.place}`,
      why: 'on a full disk neither a transition nor evidence can be written, and runs stand still',
      remedy: 'make room there, or move the data directory to a larger disk',
    },
  ];
}

export function holdConditions(seen: Observation, limits: WatchLimits, idle: readonly string[]): Condition[] {
  return [...killSwitch(seen, limits, idle), ...caps(seen, limits, idle), ...trackers(seen, limits)];
}

/** `working`: runs that would work if nothing held them. */
function killSwitch(
  { killSwitch: { on, by, holds }, lanes }: Observation,
  limits: WatchLimits,
  working: readonly string[],
): Condition[] {
  const waiting = holds + lanes.reduce((sum, one) => sum + one.waiting, 0);
  if (!on || waiting + working.length === 0) return [];
  return [
    {
      ...SYSTEM,
      key: 'kill-switch',
      topic: 'kill-switch',
      since: null,
      limitMs: limits.killSwitchMs,
      needsWatch: false,
      reminds: true,
      text: `the kill switch is on, says ${by}, while ${working.length} runs and ${waiting} issues wait`,
      why: 'nothing goes on until it is off',
      remedy: '`lamplighter kill-switch off --note "why"`, or take the issues’ label away',
    },
  ];
}

function caps(seen: Observation, limits: WatchLimits, working: readonly string[]): Condition[] {
  return seen.caps.flatMap((standing): Condition[] => {
    const { repo } = standing.cap;
    const lanes = seen.lanes.filter((one) => repo === null || one.repo === repo);
    const waits = lanes.some((one) => one.waiting > 0 || working.includes(one.repo));
    if (!waits) return [];
    const { text, remedy } = holdInWords(standing, repo === null ? null : (lanes[0]?.repoName ?? repo));
    return [
      {
        key: standing.cap.key,
        topic: 'cap-reached',
        since: null,
        limitMs: limits.capMs,
        needsWatch: false,
        reminds: true,
        run: null,
        repo,
        text,
        why: `work waits for it, until ${new Date(capEndsAt(standing.cap)).toISOString()} at the latest`,
        remedy: `wait, or \`${remedy}\``,
      },
    ];
  });
}

function trackers({ lanes }: Observation, limits: WatchLimits): Condition[] {
  return lanes.flatMap(({ repo, repoName, unreadable }): Condition[] =>
    unreadable === null
      ? []
      : [
          {
            key: `tracker/${repo}`,
            topic: 'tracker-unreadable',
            since: null,
            limitMs: limits.queueMs,
            needsWatch: true,
            reminds: false,
            run: null,
            repo,
            text: `the issues of ${repoName} cannot be read: ${unreadable}`,
            why: 'none of them is picked up',
            remedy: 'mend what the message names; it is read again at every poll',
          },
        ],
  );
}
