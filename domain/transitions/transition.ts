/**
 * One pure, total function from (state, event) to (state, effects). An event that a state does not know leaves the
 * state as it is, with no effects: nothing that arrives late can move a run twice.
 */
import { addGrants, boundsWith } from '../bounds.ts';
import { LABELS } from '../issue.ts';
import { provenInWords } from '../proven.ts';
import type { RunBounds } from '../bounds.ts';
import type { In, Progress, RunEffect, RunEvent, RunState } from '../stage.ts';
import { fromFix, fromWatch, retryFrozen, takenBack } from './fix-forward.ts';
import { callPerson, end, go, openSession, stay, waitForMain, type Transition } from './moves.ts';

export type { Transition } from './moves.ts';

export function next(state: RunState, event: RunEvent, given: RunBounds, at: number): Transition {
  if (state.stage === 'ended') return stay(state);
  const moved = move(state, event, boundsWith(given, state.progress.granted), at);
  return state.progress.trial ? { ...moved, effects: moved.effects.filter(isQuiet) } : moved;
}

/** A trial says nothing on the issue and pages nobody: the person who asked for it looks on. */
function isQuiet(effect: RunEffect): boolean {
  return effect.do === 'release-slot';
}

function move(state: RunState, event: RunEvent, bounds: RunBounds, at: number): Transition {
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
    case 'taken-back':
      return takenBack(state, event);
    case 'failed':
      // What a person asked to be proven and can't be judged is not proven: tried again by itself it would be for ever.
      if (state.stage === 'frozen')
        return forward(state, { kind: 'head-not-proven', reason: event.reason }, bounds, at);
      return callPerson(state, event.reason, at);
    case 'gave-up':
      return callPerson(state, event.reason, at);
    case 'exhausted':
      return callPerson(state, `the run's bound is used up: ${event.bound}`, at);
    case 'pause':
    case 'resume':
      return hold(state, event, at);
    case 'grant':
      return go(granting(state, event.grants));
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
      return event.kind === 'submitted'
        ? go({ stage: 'verify', progress: state.progress, head: event.head, redBase: null })
        : stay(state);
    case 'verify':
      return fromVerify(state, event, bounds, at);
    case 'awaiting-approval':
      return fromApproval(state, event);
    case 'push':
      return fromPush(state, event);
    case 'watch':
      return fromWatch(state, event, at);
    case 'fix':
      return fromFix(state, event, bounds, at);
    case 'frozen':
      return fromFrozen(state, event);
    case 'ended':
      return stay(state);
  }
}

/** A frozen run holds everything by itself. */
function hold(state: RunState, event: Extract<RunEvent, { kind: 'pause' | 'resume' }>, at: number): Transition {
  const { pause } = state.progress;
  if (event.kind === 'resume')
    return pause === null ? stay(state) : go({ ...state, progress: { ...state.progress, pause: null } });
  if (pause !== null || state.stage === 'frozen') return stay(state);
  const { by, note } = event;
  return go({ ...state, progress: { ...state.progress, pause: { by, note, since: at } } }, [{ do: 'release-slot' }]);
}

function granting(state: RunState, grants: Extract<RunEvent, { kind: 'grant' }>['grants']): RunState {
  return { ...state, progress: { ...state.progress, granted: addGrants(state.progress.granted, grants) } };
}

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
  switch (event.kind) {
    case 'prepared':
      return openSession({ ...state.progress, base: event.base, ask: event.ask }, { kind: 'implement' });
    case 'base-red':
      return waitForMain({ ...state, redBase: event.sha, waiting: true }, event.reason, state.redBase !== null);
    case 'head-moved':
      return go({ ...state, waiting: false });
    default:
      return stay(state);
  }
}

function fromVerify(state: In<'verify'>, event: RunEvent, bounds: RunBounds, at: number): Transition {
  switch (event.kind) {
    case 'proven':
      return proven(state, event.ask ?? state.progress.ask, at);
    case 'refused': {
      const rounds = state.progress.rounds + 1;
      if (rounds > bounds.verifyRounds) {
        const last = event.findings[0] ?? 'no finding was given';
        return callPerson(state, `the gates refused ${rounds} times; last: ${last}`, at);
      }
      return openSession({ ...state.progress, rounds }, { kind: 'gates-refused', findings: event.findings });
    }
    case 'base-red':
      return waitForMain({ ...state, redBase: event.sha }, event.reason, false);
    case 'head-moved':
      // Whatever main is now, the change must be proven on top of it.
      return state.redBase === null
        ? stay(state)
        : go({ stage: 'push', progress: state.progress, head: state.head, mergeWith: state.redBase });
    case 'overdue':
      return state.redBase === null ? stay(state) : callPerson(state, event.reason, at);
    default:
      return stay(state);
  }
}

function proven({ progress: before, head }: In<'verify'>, ask: boolean, at: number): Transition {
  const progress: Progress = { ...before, ask };
  const push: RunState = { stage: 'push', progress, head, mergeWith: null };
  if (progress.trial) return end(push, 'tried', `every gate passed on ${head}; nothing was pushed`);
  if (!ask) return go(push);
  return go({ stage: 'awaiting-approval', progress, head, since: at }, [
    { do: 'release-slot' },
    { do: 'escalate', severity: 'high', topic: 'approval', decision: `look at ${head}, then approve or reject it` },
  ]);
}

/** An approval is of one sha: what was merged or mended since needs another. */
function fromApproval(state: In<'awaiting-approval'>, event: RunEvent): Transition {
  const { progress, head } = state;
  if (event.kind === 'approve' && event.sha === head) return go({ stage: 'push', progress, head, mergeWith: null });
  if (event.kind === 'reject') return openSession(progress, { kind: 'rejected', by: event.by, note: event.note });
  return stay(state);
}

function fromPush(state: In<'push'>, event: RunEvent): Transition {
  switch (event.kind) {
    case 'pushed':
      return go({ stage: 'watch', progress: pushedAt(state.progress, event.sha), sha: event.sha }, [
        { do: 'release-slot' },
      ]);
    case 'raced':
      return go({ ...state, progress: { ...state.progress, races: state.progress.races + 1 }, mergeWith: event.main });
    // Asked for while the approval was on its way here: it is not pushed past.
    case 'reject':
      return openSession(state.progress, { kind: 'rejected', by: event.by, note: event.note });
    case 'merged':
      return go({
        stage: 'verify',
        progress: { ...state.progress, base: event.base },
        head: event.head,
        redBase: null,
      });
    case 'conflicts':
      return openSession(
        { ...state.progress, base: event.main },
        { kind: 'conflict', main: event.main, files: event.files },
      );
    default:
      return stay(state);
  }
}

function pushedAt(progress: Progress, sha: string): Progress {
  return { ...progress, pushed: sha, onto: progress.pushed === null ? progress.base : progress.onto };
}

function fromFrozen(state: In<'frozen'>, event: RunEvent): Transition {
  switch (event.kind) {
    case 'retry':
      return go(granting(retryFrozen(state, event), event.grants), [
        { do: 'label', add: [LABELS.inProgress], remove: [LABELS.human] },
      ]);
    case 'resolved':
      return go({ ...state, proving: event.resolution });
    case 'head-proven':
      // Only what a person asked for leaves a freeze.
      if (state.proving === null) return stay(state);
      return state.proving.reverted
        ? end(state, 'superseded', `${state.proving.by} reverted the change; ${provenInWords(event.sha, event.proven)}`)
        : end(state, 'shipped', `${state.proving.by} resolved it; ${provenInWords(event.sha, event.proven)}`);
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
