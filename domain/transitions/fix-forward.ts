/**
 * A red deploy of ours: whose it is, a bounded number of attempts, then the freeze. Main is judged before each attempt,
 * so that nobody's money is spent on other people's breakage, and a person who was quicker is not worked against.
 */
import { provenInWords } from '../proven.ts';
import type { RunBounds } from '../bounds.ts';
import type { In, Progress, RunEvent, RunState } from '../stage.ts';
import { callPerson, end, freeze, go, openSession, stay, waitForMain, type Transition } from './moves.ts';

export function fromWatch(state: In<'watch'>, event: RunEvent, at: number): Transition {
  if (event.kind === 'green') return end(state, 'shipped', provenInWords(state.sha, event.proven));
  if (event.kind !== 'red') return stay(state);
  const { stage, reason } = event;
  const progress: Progress = {
    ...state.progress,
    firstRedAt: state.progress.firstRedAt ?? at,
    red: { sha: state.sha, stage, reason },
  };
  return go({ stage: 'fix', progress, sha: state.sha, brief: null, redMain: null, told: false, asked: null });
}

export function fromFix(state: In<'fix'>, event: RunEvent, bounds: RunBounds, at: number): Transition {
  switch (event.kind) {
    case 'submitted':
      return state.brief === null
        ? stay(state)
        : go({ stage: 'verify', progress: state.progress, head: event.head, redBase: null });
    case 'main-ours':
      return state.brief === null ? attempt(state, event.main, bounds, at) : stay(state);
    case 'main-red':
      return state.brief === null ? foreign(state, event, bounds, at) : stay(state);
    case 'main-healthy':
      return state.brief === null
        ? end(
            state,
            'superseded',
            `somebody else mended it, after ${state.sha} of this run: ${provenInWords(event.sha, event.proven)}`,
          )
        : stay(state);
    case 'head-moved':
      return state.redMain === null ? stay(state) : go({ ...state, redMain: null });
    case 'overdue':
      return state.redMain === null ? stay(state) : callPerson(state, event.reason, at);
    default:
      return stay(state);
  }
}

/** Whoever took our commit from main has decided: nothing of ours is there to be watched, mended or frozen. Only a person leaves a freeze. */
export function takenBack(state: RunState, { main, sha }: Extract<RunEvent, { kind: 'taken-back' }>): Transition {
  if (state.stage === 'frozen' || state.progress.pushed === null) return stay(state);
  const what = `main was taken back to ${main}, which does not hold ${sha} of this run, or reverts it`;
  const decision = `see what is deployed, which nobody changed: ${what}`;
  const { state: ended, effects } = end(state, 'superseded', `${what}: nothing is pushed again`);
  return go(ended, [...effects, { do: 'escalate', severity: 'high', topic: 'taken-back', decision }]);
}

function attempt(state: In<'fix'>, head: string, bounds: RunBounds, at: number): Transition {
  const { progress, sha, asked } = state;
  const main = head === sha ? null : head;
  const judged: Progress = { ...progress, base: head };
  if (asked !== null) return openSession(judged, { kind: 'retry', ...asked, main });
  const over = exhausted(progress, bounds, at);
  if (over !== null) return freeze(progress, sha, `${redInWords(progress)}; ${over}`, at);
  const opened: Progress = { ...judged, fixes: progress.fixes + 1, openings: progress.openings + 1 };
  const red = progress.red ?? { sha, stage: 'deploy', reason: 'no verdict was recorded' };
  return go({ ...state, progress: opened, brief: { kind: 'deploy-red', red, main } });
}

function foreign(
  state: In<'fix'>,
  { sha, reason }: Extract<RunEvent, { kind: 'main-red' }>,
  bounds: RunBounds,
  at: number,
): Transition {
  const over = state.asked === null ? exhausted(state.progress, bounds, at) : null;
  if (over !== null) {
    const both = `${redInWords(state.progress)}; main is red at ${sha} by others as well: ${reason}; ${over}`;
    return freeze(state.progress, state.sha, both, at);
  }
  return waitForMain({ ...state, redMain: sha, told: true }, reason, state.told);
}

/** Null while another attempt may start. */
function exhausted(progress: Progress, bounds: RunBounds, at: number): string | null {
  if (progress.fixes >= bounds.fixAttempts) {
    return bounds.fixAttempts === 0
      ? 'no fix-forward attempts are allowed'
      : `${progress.fixes} of ${bounds.fixAttempts} fix-forward attempts were made`;
  }
  const passed = at - (progress.firstRedAt ?? at);
  return passed >= bounds.fixMs
    ? `${Math.round(passed / 60_000)} minutes have passed since the first red, and ${Math.round(bounds.fixMs / 60_000)} are allowed`
    : null;
}

function redInWords({ red }: Progress): string {
  return red === null ? 'red' : `${red.stage} is red: ${red.reason}`;
}

/** A person's retry of what is frozen: main is looked at first, the clock of fixing forward starts anew with the next red. */
export function retryFrozen(
  state: In<'frozen'>,
  { by, note }: { readonly by: string; readonly note: string },
): RunState {
  const progress: Progress = { ...state.progress, firstRedAt: null };
  return { stage: 'fix', progress, sha: state.sha, brief: null, redMain: null, told: false, asked: { by, note } };
}
