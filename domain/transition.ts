/**
 * One pure, total function from (state, event) to (state, effects). An event that a state does not know leaves the
 * state as it is, with no effects: nothing that arrives late can move a run twice.
 */
import { LABELS } from './issue.ts';
import type { Outcome, RunBounds } from './run.ts';
import type { Progress, RunEffect, RunEvent, RunState } from './stage.ts';

export interface Transition {
  readonly state: RunState;
  readonly effects: readonly RunEffect[];
}

export function next(state: RunState, event: RunEvent, bounds: RunBounds, at: number): Transition {
  if (state.stage === 'ended') return stay(state);
  switch (event.kind) {
    case 'cancel':
      return state.stage === 'frozen'
        ? stay(state)
        : end(state, 'cancelled', `cancelled by ${event.by}: ${event.note}`);
    case 'withdrawn':
      if (state.stage === 'frozen') return stay(state);
      // With something of ours on main the end is not ours to declare: a person decides, as for any other failure.
      return state.progress.pushed === null
        ? end(state, 'cancelled', event.reason)
        : callPerson(state, event.reason, at);
    case 'escalate':
      return callPerson(state, `escalated by ${event.by}: ${event.note}`, at);
    case 'failed':
    case 'gave-up':
      return callPerson(state, event.reason, at);
    case 'exhausted':
      return callPerson(state, `the run's bound is used up: ${event.bound}`, at);
    default:
      return forward(state, event, bounds, at);
  }
}

function forward(state: RunState, event: RunEvent, bounds: RunBounds, at: number): Transition {
  switch (state.stage) {
    case 'triage':
      return fromTriage(state, event);
    case 'prepare':
      return fromPrepare(state, event);
    case 'implement':
    case 'fix':
      return event.kind === 'submitted'
        ? go({ stage: 'verify', progress: state.progress, head: event.head })
        : stay(state);
    case 'verify':
      return fromVerify(state, event, bounds, at);
    case 'push':
      return fromPush(state, event);
    case 'watch':
      return fromWatch(state, event, bounds, at);
    case 'frozen':
      return fromFrozen(state, event);
    case 'ended':
      return stay(state);
  }
}

type In<S extends RunState['stage']> = Extract<RunState, { stage: S }>;

function fromTriage(state: In<'triage'>, event: RunEvent): Transition {
  if (event.kind === 'accepted') {
    return go({ stage: 'prepare', progress: state.progress, redBase: null, waiting: false }, [
      { do: 'label', add: [LABELS.inProgress], remove: [] },
    ]);
  }
  if (event.kind === 'rejected') return end(state, 'rejected', event.reason);
  // Not eligible any more before anything was touched: the issue was withdrawn, nobody needs to be called.
  if (event.kind === 'not-eligible') return end(state, 'cancelled', event.reason);
  return stay(state);
}

function fromPrepare(state: In<'prepare'>, event: RunEvent): Transition {
  if (event.kind === 'prepared') {
    return openSession({ ...state.progress, base: event.base }, { kind: 'implement' });
  }
  if (event.kind === 'base-red') {
    const already = state.redBase !== null;
    const effects: RunEffect[] = [{ do: 'release-slot' }];
    if (!already) {
      effects.push({
        do: 'escalate',
        severity: 'high',
        topic: 'base-red',
        decision: `make main green again: ${event.reason}`,
      });
      effects.push({ do: 'comment', topic: 'base-red' });
    }
    return go({ ...state, redBase: event.sha, waiting: true }, effects);
  }
  return event.kind === 'head-moved' ? go({ ...state, waiting: false }) : stay(state);
}

function fromVerify(state: In<'verify'>, event: RunEvent, bounds: RunBounds, at: number): Transition {
  if (event.kind === 'proven')
    return go({ stage: 'push', progress: state.progress, head: state.head, mergeWith: null });
  if (event.kind !== 'refused') return stay(state);
  const rounds = state.progress.rounds + 1;
  if (rounds > bounds.verifyRounds) {
    return callPerson(
      state,
      `the gates refused ${rounds} times; last: ${event.findings[0] ?? 'no finding was given'}`,
      at,
    );
  }
  return openSession({ ...state.progress, rounds }, { kind: 'gates-refused', findings: event.findings });
}

function fromPush(state: In<'push'>, event: RunEvent): Transition {
  switch (event.kind) {
    case 'pushed':
      return go({ stage: 'watch', progress: { ...state.progress, pushed: event.sha }, sha: event.sha }, [
        { do: 'release-slot' },
      ]);
    case 'raced':
      return go({ ...state, progress: { ...state.progress, races: state.progress.races + 1 }, mergeWith: event.main });
    case 'merged':
      return go({ stage: 'verify', progress: { ...state.progress, base: event.base }, head: event.head });
    case 'conflicts':
      return openSession(
        { ...state.progress, base: event.main },
        { kind: 'conflict', main: event.main, files: event.files },
      );
    default:
      return stay(state);
  }
}

function fromWatch(state: In<'watch'>, event: RunEvent, bounds: RunBounds, at: number): Transition {
  if (event.kind === 'green') return end(state, 'shipped', `${state.sha} is live and healthy`);
  if (event.kind !== 'red') return stay(state);
  const firstRedAt = state.progress.firstRedAt ?? at;
  const progress = { ...state.progress, firstRedAt };
  const reason = `${event.stage} is red: ${event.reason}`;
  if (progress.fixes >= bounds.fixAttempts || at - firstRedAt >= bounds.fixMs)
    return freeze(progress, state.sha, reason, at);
  const opened = { ...progress, fixes: progress.fixes + 1, openings: progress.openings + 1, base: state.sha };
  return go({
    stage: 'fix',
    progress: opened,
    sha: state.sha,
    brief: { kind: 'deploy-red', stage: event.stage, reason: event.reason },
  });
}

function fromFrozen(state: In<'frozen'>, event: RunEvent): Transition {
  switch (event.kind) {
    case 'retry':
      return openSession(
        { ...state.progress, base: state.sha, rounds: 0, races: 0, fixes: 0, firstRedAt: null },
        { kind: 'retry', by: event.by, note: event.note },
        [{ do: 'label', add: [LABELS.inProgress], remove: [LABELS.human] }],
      );
    case 'resolved':
      return go({ ...state, proving: event.resolution });
    case 'head-proven':
      // Only what a person asked for leaves a freeze.
      if (state.proving === null) return stay(state);
      return state.proving.reverted
        ? end(state, 'superseded', `${state.proving.by} reverted the change; ${event.sha} is healthy`)
        : end(state, 'shipped', `${state.proving.by} resolved it; ${event.sha} is live and healthy`);
    case 'head-not-proven':
      return state.proving === null
        ? stay(state)
        : go({ ...state, proving: null, reason: `not resolved: ${event.reason}` });
    case 'abandon':
      return end(state, 'abandoned', `abandoned by ${event.by}: ${event.note}`);
    default:
      return stay(state);
  }
}

/** Before anything of ours is on main a person is called and the run ends; after that the broken state is frozen for them. */
function callPerson(state: RunState, reason: string, at: number): Transition {
  if (state.stage === 'frozen') return stay(state);
  const pushed = state.progress.pushed;
  return pushed === null ? end(state, 'needs-human', reason) : freeze(state.progress, pushed, reason, at);
}

function freeze(progress: Progress, sha: string, reason: string, at: number): Transition {
  return go({ stage: 'frozen', progress, sha, since: at, reason, proving: null }, [
    { do: 'release-slot' },
    // The page first: it must not wait for a tracker that is down.
    { do: 'escalate', severity: 'high', topic: 'frozen', decision: 'unfreeze by retry, resolved or abandon' },
    { do: 'label', add: [LABELS.human], remove: [LABELS.inProgress] },
    { do: 'comment', topic: 'frozen' },
  ]);
}

function openSession(
  progress: Progress,
  brief: In<'implement'>['brief'],
  effects: readonly RunEffect[] = [],
): Transition {
  return go({ stage: 'implement', progress: { ...progress, openings: progress.openings + 1 }, brief }, effects);
}

function end(state: RunState, outcome: Outcome, reason: string): Transition {
  const done = { stage: 'ended', progress: state.progress, outcome, reason } as const;
  const clear: RunEffect = { do: 'label', add: [], remove: [LABELS.inProgress, LABELS.ready] };
  const call: RunEffect = { do: 'label', add: [LABELS.human], remove: [LABELS.inProgress, LABELS.ready] };
  switch (outcome) {
    case 'shipped':
      return go(done, [
        { do: 'release-slot' },
        { do: 'label', add: [], remove: [LABELS.inProgress, LABELS.ready, LABELS.human] },
        { do: 'close' },
        { do: 'escalate', severity: 'low', topic: 'shipped', decision: 'none' },
      ]);
    case 'needs-human':
      return go(done, [
        { do: 'release-slot' },
        {
          do: 'escalate',
          severity: 'high',
          topic: 'needs-human',
          decision: 'read what was tried, then label again or do it by hand',
        },
        call,
        { do: 'comment', topic: 'needs-human' },
      ]);
    case 'rejected':
      return go(done, [
        { do: 'release-slot' },
        {
          do: 'escalate',
          severity: 'high',
          topic: 'rejected',
          decision: 'make the issue buildable, then label it again',
        },
        call,
        { do: 'comment', topic: 'rejected' },
      ]);
    case 'cancelled':
    case 'abandoned':
    case 'superseded':
      return go(done, [
        { do: 'release-slot' },
        outcome === 'cancelled' ? clear : call,
        { do: 'comment', topic: 'ended' },
      ]);
  }
}

function go(state: RunState, effects: readonly RunEffect[] = []): Transition {
  return { state, effects };
}

function stay(state: RunState): Transition {
  return { state, effects: [] };
}
