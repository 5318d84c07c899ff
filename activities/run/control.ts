/** What a run and its lane need of the store and of Temporal itself, from anywhere. */
import { refuseAct, UNFREEZE_WAYS, type RequestedAct } from '../../domain/act.ts';
import type { RunEvent } from '../../domain/stage.ts';
import type { ActRow, Store } from '../../store/port.ts';
import type { ControlActivities, OutsideSignal } from '../../workflows/ports.ts';
import { notYet } from './waiting.ts';

/** The part of Temporal's client that lanes need. */
export interface LanePort {
  /** Starts the lane if it does not run, and pokes it. */
  pokeLane(repoKey: string): Promise<void>;
  /** Whether a workflow of this run is open. */
  isOpen(runId: string): Promise<boolean>;
}

export interface RunControlDeps {
  readonly store: Store;
  readonly lanes: LanePort;
  readonly slots: number;
  /** Whether signals from Temporal's own tools, which carry no name, are honoured. */
  readonly honourSignals: boolean;
  readonly now: () => number;
}

export type RunControlActivities = Pick<
  ControlActivities,
  | 'pokeLanes'
  | 'awaitRunEnd'
  | 'recordTransition'
  | 'takeAct'
  | 'finishAct'
  | 'awaitAct'
  | 'recordSignal'
  | 'acquireSlot'
>;

export function createRunControlActivities(deps: RunControlDeps): RunControlActivities {
  const { store, now } = deps;
  return {
    async pokeLanes({ repoKeys }) {
      for (const repoKey of repoKeys) await deps.lanes.pokeLane(repoKey);
    },

    async awaitRunEnd({ runId }) {
      // In this order: a workflow that has closed wrote its run's end before, so a run that ends in between has not vanished.
      const open = await deps.lanes.isOpen(runId);
      const run = await store.runs.get(runId);
      if (run !== null && run.outcome !== null) return;
      if (run === null || !open) {
        await store.escalations.raise({
          key: `vanished/${runId}`,
          run: runId,
          repo: run?.repo ?? null,
          severity: 'high',
          topic: 'vanished',
          decision: 'the run has no workflow and no outcome: `lamplighter recover`, or cancel it',
          at: now(),
        });
      }
      throw notYet(`run ${runId} has not ended`);
    },

    async recordTransition({ runId, ...input }) {
      await store.runs.transition(runId, { ...input, at: now() });
    },

    async takeAct({ runId }) {
      const [act] = await store.acts.unread(runId);
      return act === undefined ? null : { act: act.id, event: eventOf(act) };
    },

    async finishAct({ act }) {
      await store.acts.take(act, now());
    },

    async awaitAct({ runId }) {
      if ((await store.acts.unread(runId)).length === 0) throw notYet(`nobody has acted on run ${runId}`);
    },

    async recordSignal({ runId, id, signal }) {
      const read = deps.honourSignals
        ? readSignal(signal)
        : { refusal: 'signals without a name are not honoured here: use the API, the CLI or the page' };
      const refusal = 'refusal' in read ? read.refusal : refuseAct(await store.runs.get(runId), read.data, read.note);
      if ('refusal' in read || refusal !== null) {
        await store.events.append({
          at: now(),
          subject: `run/${runId}`,
          kind: 'signal.refused',
          data: { kind: signal.kind, reason: refusal },
        });
        return;
      }
      await store.acts.add({
        id,
        run: runId,
        data: read.data,
        note: read.note,
        at: now(),
        by: { name: 'temporal (unattributed)', kind: 'system', scopes: [] },
      });
    },

    async acquireSlot({ runId }) {
      const { granted, ahead } = await store.capacity.acquire('run', runId, deps.slots, now());
      if (!granted) throw notYet(`${ahead} ahead in the line for ${deps.slots} slots`);
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
  if (way !== undefined) return { data: { kind: 'unfreeze', way, reverted: false }, note };
  return { refusal: `its way must be one of ${UNFREEZE_WAYS.join(', ')}, and is ${JSON.stringify(signal.way)}` };
}

/** Notes stay in the store: history carries the act's id and the person's name. */
function eventOf(act: ActRow): RunEvent {
  const by = act.by.name;
  const note = `act ${act.id}`;
  if (act.data.kind !== 'unfreeze') return { kind: act.data.kind, by, note };
  switch (act.data.way) {
    case 'retry':
      return { kind: 'retry', by, note };
    case 'abandon':
      return { kind: 'abandon', by, note };
    case 'resolved':
      return { kind: 'resolved', resolution: { by, note, reverted: act.data.reverted } };
  }
}
