/**
 * Where a person's act meets the work that is due. Read by the workflow between two pieces of work, and by each piece of work itself,
 * so that a poke that was lost costs nothing but time.
 */
import { actEvent, isForSession, isUrgent, type RequestedAct } from '../act.ts';
import type { RunBounds } from '../bounds.ts';
import type { RunEvent, RunState } from '../stage.ts';
import { next } from './transition.ts';
import { workOf } from '../work.ts';

export interface GivenAct {
  readonly id: string;
  readonly data: RequestedAct;
  readonly by: { readonly name: string };
}

export interface AtWork {
  readonly state: RunState;
  readonly bounds: RunBounds;
}

/**
 * Those that move the run. What is said to a session waits for its turn; where one has submitted and nothing of it is pushed yet, it
 * comes to sending the work back: nothing is pushed past a person's word.
 */
export function movingActs<A extends GivenAct>(state: RunState, unread: readonly A[]): readonly A[] {
  return unread.filter((act) => eventIn(state, act) !== null);
}

/** What an act comes to in this state; null for one that the session takes. */
export function eventIn({ stage }: RunState, act: GivenAct): RunEvent | null {
  const isSubmitted = stage === 'push' || stage === 'awaiting-approval';
  if (isSubmitted && isForSession(act.data)) return actEvent({ ...act, data: { kind: 'reject' } });
  return actEvent(act);
}

/** The one that is taken next, the urgent first: a stop is not to wait behind a pause that waits for its boundary. */
export function firstAct<A extends GivenAct>(state: RunState, unread: readonly A[]): A | undefined {
  const acts = movingActs(state, unread);
  return acts.find((act) => isUrgent(act.data)) ?? acts[0];
}

/** Whether the work that is due stays due when `event` is applied. `at` in epoch milliseconds. */
export function leavesWork({ state, bounds }: AtWork, event: RunEvent, at: number): boolean {
  const { state: after } = next(state, event, bounds, at);
  return JSON.stringify(workOf(after, bounds)) === JSON.stringify(workOf(state, bounds));
}

/** Whether something that nobody has taken yet ends the work that is due. */
export function isCalledAway(run: AtWork, unread: readonly GivenAct[], at: number): boolean {
  return unread.some((act) => {
    const event = eventIn(run.state, act);
    return event !== null && !leavesWork(run, event, at);
  });
}

/** Where acts no longer count as they were meant: what people asked for before is heard before a run comes there by itself. */
export function isLastPlace({ stage }: RunState): boolean {
  return stage === 'ended' || stage === 'frozen';
}

/** What became of a transition. */
export interface Recorded {
  /** False: the run would have ended or frozen past what people asked for before. It stays as it was. */
  readonly recorded: boolean;
  /** Whether acts that move the run wait to be taken. */
  readonly acts: boolean;
}
