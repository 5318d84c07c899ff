/**
 * Conditions of open runs. A run is at work, and then its silence is bounded by what the stage may take; or it waits for something
 * known, and then that wait has a deadline. There is nothing in between.
 */
import { boundsWith } from '../bounds.ts';
import { workOf, type Work } from '../work.ts';
import type { Condition, WatchLimits } from './condition.ts';
import type { WatchedRun } from './observation.ts';

/** One model call or one command of a session: the longest that a tool may ask for. */
const STEP_MS = 30 * 60_000;
/** A push waits this long for its remote, and a run that lost several races this long for the others (workflows/run-work.ts). */
const PUSH_MS = 60 * 60_000;
const PATIENCE_MS = 10 * 60_000;
/** Between two words of the gates: setup and tests of every check, each on two trees and repeated where it was red. */
const ROUNDS = 6;
const CHECKS_MS = 10 * 60_000;

/** Whether Lamplighter itself is to do something next, so that the run must show progress. */
export function isWorking(run: WatchedRun): boolean {
  return silenceLimit(run, due(run)) !== null;
}

function due({ state, bounds }: WatchedRun): Work | null {
  return workOf(state, boundsWith(bounds, state.progress.granted));
}

export interface Hold {
  /** Temporal or every worker is missing: nothing can be taken, and that is a condition of its own. */
  readonly down: boolean;
  /** The kill switch, a cap, or a part that is down: what holds it is a condition of its own. */
  readonly held: boolean;
  /** When it was last seen held by anything known; 0: never. */
  readonly heldAt: number;
}

export function runConditions(run: WatchedRun, limits: WatchLimits, { down, held, heldAt }: Hold): Condition[] {
  const work = due(run);
  if (work === null) return [];
  const waits = waitOf(run, work, limits);
  const silent = held || run.slotSince !== null ? [] : silence(run, work, limits, heldAt);
  return [...waits, ...(waits.length === 0 ? silent : []), ...(down ? [] : unreadActs(run, work, limits, heldAt))];
}

function of(run: WatchedRun, what: string): Pick<Condition, 'key' | 'run' | 'repo'> {
  return { key: `${what}/${run.id}`, run: run.id, repo: run.repo };
}

function named({ id, repoName, issue }: WatchedRun): string {
  return `run ${id} (${repoName}#${issue})`;
}

/** Waits for something known. */
function waitOf(run: WatchedRun, work: Work, limits: WatchLimits): Condition[] {
  const base = { needsWatch: false, reminds: true } as const;
  switch (work.do) {
    case 'await-resume': {
      const { pause } = run.state.progress;
      const remedy = `\`lamplighter resume ${run.id} --note "why"\`, or cancel it`;
      const text = `${named(run)} is paused by ${pause?.by ?? 'somebody'}`;
      return [
        {
          ...base,
          ...of(run, 'paused'),
          topic: 'paused',
          since: pause?.since ?? run.stageAt,
          limitMs: limits.pauseMs,
          text,
          why: 'it holds its lane, and nobody else ends a pause',
          remedy,
        },
      ];
    }
    case 'await-approval': {
      const text = `${named(run)} waits for a person's approval of ${work.head}`;
      const remedy = `look at ${work.head}, then \`lamplighter approve ${run.id}\` or \`lamplighter reject ${run.id}\``;
      return [
        {
          ...base,
          ...of(run, 'approval'),
          topic: 'approval',
          since: run.stageAt,
          limitMs: limits.approvalMs,
          text,
          why: 'main moves on meanwhile, and its lane is held',
          remedy,
        },
      ];
    }
    case 'await-unfreeze': {
      const since = run.state.stage === 'frozen' ? run.state.since : run.stageAt;
      const text = `${named(run)} is still frozen`;
      const remedy = `\`lamplighter unfreeze ${run.id} --way retry|resolved|abandon --note "why"\``;
      return [
        {
          ...base,
          ...of(run, 'frozen'),
          topic: 'frozen',
          since,
          limitMs: limits.frozenMs,
          text,
          why: 'the broken state stands untouched and the lane is held until a person decides',
          remedy,
        },
      ];
    }
    case 'await-head-move':
      return waitsForMain(run, work, limits);
    default:
      return run.slotSince === null ? [] : [waitsForSlot(run, run.slotSince, limits)];
  }
}

function waitsForMain(
  run: WatchedRun,
  work: Extract<Work, { do: 'await-head-move' }>,
  limits: WatchLimits,
): Condition[] {
  const red: Condition = {
    ...of(run, 'base-red'),
    topic: 'base-red',
    since: run.mainRedSince ?? run.stageAt,
    limitMs: limits.baseRedMs,
    needsWatch: false,
    reminds: true,
    text: `main of ${run.repoName} is still red at ${work.from}, and ${named(run)} waits for it`,
    why: 'nothing of that repo ships on a red main',
    remedy: `make main green again, or cancel the run: \`lamplighter cancel ${run.id} --note "why"\``,
  };
  if (work.until === null) return [red];
  return [
    red,
    {
      ...red,
      ...of(run, 'overdue'),
      topic: 'overdue',
      since: work.until,
      limitMs: limits.marginMs,
      needsWatch: true,
      reminds: false,
      text: `${named(run)} should have stopped waiting for main ${new Date(work.until).toISOString()}`,
      why: 'the time for fixing forward is over and nobody was called: its workflow does not get on',
      remedy: '`lamplighter recover`; read the run in Temporal Web',
    },
  ];
}

function waitsForSlot(run: WatchedRun, since: number, limits: WatchLimits): Condition {
  return {
    ...of(run, 'slot'),
    topic: 'no-slot',
    since,
    limitMs: limits.slotMs,
    needsWatch: true,
    reminds: true,
    text: `${named(run)} waits for a free slot`,
    why: 'as many runs as there are slots work for that long, or one keeps a slot that it does not use',
    remedy: 'look at the runs that work (`lamplighter runs --open`), or raise `slots` in lamplighter.yaml',
  };
}

function silence(run: WatchedRun, work: Work, limits: WatchLimits, heldAt: number): Condition[] {
  const limitMs = silenceLimit(run, work);
  if (limitMs === null) return [];
  const since = Math.max(run.progressAt, heldAt);
  const minutes = Math.round((limitMs + limits.marginMs) / 60_000);
  return [
    {
      ...of(run, 'silent'),
      topic: 'run-silent',
      since,
      limitMs: limitMs + limits.marginMs,
      needsWatch: true,
      reminds: false,
      text: `${named(run)} has shown nothing in ${run.state.stage} since ${new Date(since).toISOString()}`,
      why: `what it does there (${work.do}) may take ${minutes} minutes at most, and it holds its lane`,
      remedy: `read it in Temporal Web; \`lamplighter recover\` if its workflow is gone, else \`lamplighter cancel ${run.id} --note "why"\``,
    },
  ];
}

/** The longest time without an event that the work at hand may take by its own bounds; null while it waits for somebody. */
function silenceLimit(run: WatchedRun, work: Work | null): number | null {
  const checks = ROUNDS * (run.checksMs ?? CHECKS_MS);
  const watch = run.bounds.watchMs + run.deployMs;
  switch (work?.do) {
    case 'triage':
      return STEP_MS;
    case 'session':
      return Math.min(STEP_MS, boundsWith(run.bounds, run.state.progress.granted).sessionMs);
    case 'prepare':
    case 'verify':
      return checks;
    case 'push':
      return PUSH_MS;
    case 'merge':
      return STEP_MS + (work.patient ? PATIENCE_MS : 0);
    case 'watch':
    case 'prove-head':
      return watch;
    case 'judge-main':
      return watch + checks;
    case 'await-head-move':
    case 'await-approval':
    case 'await-unfreeze':
    case 'await-resume':
    case undefined:
      return null;
  }
}

/** A session takes what is said to it at the end of a turn, so that waits as long as none is at work; a stop ends the turn itself. */
function unreadActs(run: WatchedRun, work: Work, limits: WatchLimits, heldAt: number): Condition[] {
  const inSession = work.do === 'session' && run.slotSince === null;
  return run.unread
    .filter((act) => !act.forSession || inSession)
    .map((act): Condition => ({
      key: `act/${act.id}`,
      run: run.id,
      repo: run.repo,
      topic: 'act-unread',
      since: act.forSession ? Math.max(act.at, run.stageAt, heldAt) : act.at,
      // A turn's boundary comes after the command that runs now.
      limitMs: limits.actMs + (work.do === 'session' && !act.urgent ? STEP_MS : 0),
      needsWatch: true,
      reminds: true,
      text: `nobody has taken the ${act.kind} of ${new Date(act.at).toISOString()} on ${named(run)}, which stays where it has been since ${new Date(run.stageAt).toISOString()}: in ${run.state.stage}`,
      why: `a person believes that it was done, and it should have been within ${Math.round(limits.actMs / 60_000)} minutes`,
      remedy:
        '`lamplighter recover` asks the run to look again; if it stays, read the worker’s log and the run in Temporal Web. The act is kept',
    }));
}
