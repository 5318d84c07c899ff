/**
 * Work on a run that a person may want elsewhere. It reads the acts itself, before it begins and while it lasts: the poke that tells the
 * workflow of them may be lost, and acts belong to boundaries, not to pokes.
 */
import { isCalledAway, movingActs } from '../../domain/transitions/called-away.ts';
import type { Store } from '../../store/port.ts';
import type { CalledAway } from '../../workflows/ports.ts';
import { createStopWatch } from '../pace/stop-watch.ts';
import { Withheld } from '../effects/perform.ts';
import { heartbeating, type Beat } from '../pace/heartbeat.ts';
import { storedRun } from './stored-run.ts';

export type ActsOfRun = Pick<Store, 'acts' | 'runs'>;

export interface MindingDeps {
  readonly store: ActsOfRun;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

export const CALLED_AWAY: CalledAway = { kind: 'called-away' };

/** Aborted as well when a person wants the run elsewhere. */
export interface Minded extends Beat {
  /** Right before what cannot be undone: throws a `Withheld` where an act that nobody has taken forbids it. */
  readonly mayAct: () => Promise<void>;
}

/** Whether an act that moves the run waits to be taken. What only waits itself lets it through, whatever it is. */
export async function hasActs(store: ActsOfRun, runId: string): Promise<boolean> {
  const unread = await store.acts.unread(runId);
  return unread.length > 0 && movingActs((await storedRun(store.runs, runId)).state, unread).length > 0;
}

/** Whether an act that nobody has taken ends the work that is due. `at` in epoch milliseconds. */
export async function isWantedElsewhere(store: ActsOfRun, runId: string, at: number): Promise<boolean> {
  const unread = await store.acts.unread(runId);
  return unread.length > 0 && isCalledAway(await storedRun(store.runs, runId), unread, at);
}

/** As `heartbeating`; `called-away` when an act ended it. What had been finished by then counts. */
export function minding<T>(
  { store, now }: MindingDeps,
  runId: string,
  work: (minded: Minded) => Promise<T>,
): Promise<T | CalledAway> {
  return heartbeating(async (beat) => {
    let called = false;
    const look = async (): Promise<boolean> => (called ||= await isWantedElsewhere(store, runId, now()));
    if (await look()) return CALLED_AWAY;
    const watch = createStopWatch(look, beat.signal);
    const mayAct = async (): Promise<void> => {
      if (await look()) throw new Withheld(`a person wants run ${runId} elsewhere`);
    };
    try {
      return await work({ ...beat, signal: watch.signal, mayAct });
    } catch (error) {
      // Without an act, and where the worker itself is told to stop, it is what it says.
      if (called && !beat.signal.aborted) return CALLED_AWAY;
      throw error;
    } finally {
      await watch.end();
    }
  });
}
