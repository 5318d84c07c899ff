/**
 * An answer was lost. What became of the op is asked of the host's own record, again and again, on new connections; the verb itself is
 * never sent a second time from here.
 *
 * One look that finds no record proves nothing: what was sent may still lie in the host's buffers, and is accepted a moment later. So
 * absence counts only after a grace, and even then it is `unknown`: a person may send the same op id again, which the host does once.
 */
import { nothingDone, type OpRecord, type PowerOutcome, toldByHost, unclear } from './outcome.ts';
import type { Verb } from './verb.ts';

export interface ReconcileLimits {
  /** Between two looks. */
  readonly everyMs: number;
  /** After the loss: so long may a request that nobody saw accepted still be on its way. */
  readonly graceMs: number;
  /** So long without any answer, and the host counts as silent. */
  readonly silenceMs: number;
  /** From the beginning of the op: longer than the host can take for it. */
  readonly settleMs: number;
}

/** Times on one clock of the caller's that only goes forward. */
export interface Reconciling<R extends OpRecord> {
  readonly verb: Verb;
  readonly op: string;
  readonly begunMs: number;
  readonly lostMs: number;
  /** When the host last answered, with whatever. */
  readonly heardMs: number;
  readonly seen: R | null;
}

export type Sighting<R extends OpRecord> =
  | { readonly kind: 'record'; readonly record: R }
  | { readonly kind: 'absent'; readonly runningOp: string | null }
  /** `final`: it would be no different the next time, as with a changed host key. */
  | { readonly kind: 'silent'; readonly why: string; readonly final: boolean };

export type ReconcileStep<R extends OpRecord> =
  | { readonly next: 'ask'; readonly afterMs: number; readonly state: Reconciling<R> }
  | { readonly next: 'end'; readonly outcome: PowerOutcome<R> };

export function lost<R extends OpRecord>(verb: Verb, op: string, begunMs: number, nowMs: number): Reconciling<R> {
  return { verb, op, begunMs, lostMs: nowMs, heardMs: nowMs, seen: null };
}

export function reconcile<R extends OpRecord>(
  state: Reconciling<R>,
  sighting: Sighting<R>,
  nowMs: number,
  limits: ReconcileLimits,
): ReconcileStep<R> {
  const outcome = concluded(state, sighting, nowMs, limits);
  if (outcome !== null) return { next: 'end', outcome };
  const heard = sighting.kind === 'silent' ? state : { ...state, heardMs: nowMs };
  const seen = sighting.kind === 'record' ? { ...heard, seen: sighting.record } : heard;
  return { next: 'ask', afterMs: limits.everyMs, state: seen };
}

function concluded<R extends OpRecord>(
  state: Reconciling<R>,
  sighting: Sighting<R>,
  nowMs: number,
  limits: ReconcileLimits,
): PowerOutcome<R> | null {
  const { op, seen } = state;
  const late = nowMs - state.begunMs >= limits.settleMs;
  switch (sighting.kind) {
    case 'record': {
      const { record } = sighting;
      if (record.verb !== state.verb)
        return nothingDone('op_mismatch', `op ${op} was a ${record.verb}: a new request needs a new id`);
      if (late && record.state === 'running') return unclear('still_running', askLater(op), record);
      return toldByHost<R>(record, true);
    }
    case 'absent':
      if (seen !== null) return unclear('record_lost', recordLost(op), seen);
      if (nowMs - state.lostMs >= limits.graceMs)
        return unclear<R>('not_accepted', sendAgain(op, sighting.runningOp), null);
      return null;
    case 'silent':
      if (sighting.final || late || nowMs - state.heardMs >= limits.silenceMs)
        return unclear('host_silent', `${sighting.why}. ${askLater(op)}`, seen);
      return null;
  }
}

function askLater(op: string): string {
  return `What was begun goes on at the host without this client: ask for it later with \`status op=${op}\`, before any other verb`;
}

function sendAgain(op: string, runningOp: string | null): string {
  const other =
    runningOp === null || runningOp === op ? '' : ` Another op, ${runningOp}, is under way: wait for its end first.`;
  return `The host has no record of op ${op}: most likely it was never accepted. Look at \`status\`; then the same verb may be sent again with the same id, which happens once whatever became of the first.${other}`;
}

function recordLost(op: string): string {
  return `The host had begun op ${op} and no longer has its record: somebody should look at the host itself before any verb`;
}
