/** What a run and its lane need of the store and of Temporal itself, from anywhere. */
import { refuseAct, UNFREEZE_WAYS, type RequestedAct } from '../../domain/act.ts';
import { eventIn, firstAct } from '../../domain/transitions/called-away.ts';
import { NO_GRANTS } from '../../domain/bounds.ts';
import { vanishedCall } from '../../domain/watchdog/vanished.ts';
import type { Store } from '../../store/port.ts';
import type { ControlActivities, OutsideSignal } from '../../workflows/ports.ts';
import { hasActs } from './minding.ts';
import { storedRun } from './stored-run.ts';
import { notYet } from '../pace/waiting.ts';
import { runSubject } from '../../domain/unit.ts';

/** The part of Temporal's client that lanes need. */
export interface LanePort {
  /** Starts the lane if it does not run, and pokes it. */
  pokeLane(repoKey: string): Promise<void>;
  /** To the lane: the run that holds it has ended. Nothing where it is not open. */
  tellEnded(repoKey: string, runId: string): Promise<void>;
  /** Whether a workflow of this run is open. */
  isOpen(runId: string): Promise<boolean>;
}

export interface RunControlDeps {
  readonly store: Store;
  readonly lanes: Pick<LanePort, 'isOpen'>;
  /** Whether signals from Temporal's own tools, which carry no name, are honoured. */
  readonly honourSignals: boolean;
  readonly now: () => number;
}

export type RunControlActivities = Pick<
  ControlActivities,
  'awaitRunEnd' | 'takeAct' | 'finishAct' | 'awaitAct' | 'recordSignal'
>;

export function createRunControlActivities(deps: RunControlDeps): RunControlActivities {
  const { store, now } = deps;

  async function refuse(runId: string, kind: OutsideSignal['kind'], reason: string | null): Promise<void> {
    const data = { kind, reason };
    await store.events.append({ at: now(), subject: runSubject(runId), kind: 'signal.refused', data });
  }

  return {
    async awaitRunEnd({ runId }) {
      // In this order: a workflow that has closed wrote its run's end before, so a run that ends in between has not vanished.
      const open = await deps.lanes.isOpen(runId);
      const run = await store.runs.get(runId);
      if (run !== null && run.outcome !== null) return;
      if (run === null || !open) {
        await store.escalations.raise({ ...vanishedCall(runId, run?.repo ?? null), at: now() });
      }
      throw notYet(`run ${runId} has not ended`);
    },

    async takeAct({ runId }) {
      const unread = await store.acts.unread(runId);
      if (unread.length === 0) return null;
      const { state } = await storedRun(store.runs, runId);
      const act = firstAct(state, unread);
      const event = act === undefined ? null : eventIn(state, act);
      return act === undefined || event === null ? null : { act: act.id, event };
    },

    async finishAct({ act }) {
      await store.acts.take(act, now());
    },

    async awaitAct({ runId }) {
      if (!(await hasActs(store, runId))) throw notYet(`nobody has acted on run ${runId}`);
    },

    async recordSignal({ runId, id, signal }) {
      const read = deps.honourSignals
        ? readSignal(signal)
        : { refusal: 'signals without a name are not honoured here: use the API, the CLI or the page' };
      const refusal = 'refusal' in read ? read.refusal : refuseAct(await store.runs.get(runId), read.data, read.note);
      if ('refusal' in read || refusal !== null) return refuse(runId, signal.kind, refusal);
      const act = await store.acts.add({
        id,
        run: runId,
        data: read.data,
        note: read.note,
        at: now(),
        by: { name: 'temporal (unattributed)', kind: 'system', scopes: [] },
      });
      if (act === null) await refuse(runId, signal.kind, 'the run has ended meanwhile');
    },
  };
}

type ReadSignal = { readonly data: RequestedAct; readonly note: string } | { readonly refusal: string };

/** A signal is JSON that a person typed into Temporal's tools: nothing has checked that it has the shape that it should. */
function readSignal(signal: OutsideSignal): ReadSignal {
  const given: unknown = signal.note;
  if (typeof given !== 'string') return { refusal: `its note must be text, and is ${JSON.stringify(given)}` };
  const note = given.trim() === '' ? "sent from Temporal's own tools, without a note" : given;
  if (signal.kind === 'escalate') return { data: { kind: 'escalate' }, note };
  const way = UNFREEZE_WAYS.find((one) => one === signal.way);
  switch (way) {
    case 'retry':
      return { data: { kind: 'unfreeze', way, grants: NO_GRANTS }, note };
    case 'resolved':
      return { data: { kind: 'unfreeze', way, reverted: false }, note };
    case 'abandon':
      return { data: { kind: 'unfreeze', way }, note };
    case undefined:
      break;
  }
  return { refusal: `its way must be one of ${UNFREEZE_WAYS.join(', ')}, and is ${JSON.stringify(signal.way)}` };
}
