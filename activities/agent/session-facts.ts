/** Small facts of a session that are no part of what the model reads, each with one owner: the call or run it names. */
import type { SessionEnd } from '../../domain/session-end.ts';
import type { Control } from '../../store/port.ts';

export interface CallKey {
  readonly sessionId: string;
  readonly turn: number;
  readonly toolUseId: string;
}

type Facts = Pick<Control, 'fact' | 'setFact'>;

/** Written before the call's result, so that a result that ended the session is never seen without its end. */
export async function setEnd(facts: Facts, call: CallKey, end: SessionEnd, at: number): Promise<void> {
  await facts.setFact(`end/${nameOf(call)}`, end, at);
}

export async function endOf(facts: Facts, call: CallKey): Promise<SessionEnd | null> {
  return facts.fact(`end/${nameOf(call)}`);
}

/** Written before an unsafe call acts: without it nobody could tell a call that never ran from one that was lost. */
export async function setBegun(facts: Facts, call: CallKey, at: number): Promise<void> {
  await facts.setFact(`begun/${nameOf(call)}`, true, at);
}

export async function hasBegun(facts: Facts, call: CallKey): Promise<boolean> {
  return (await facts.fact(`begun/${nameOf(call)}`)) === true;
}

function nameOf({ sessionId, turn, toolUseId }: CallKey): string {
  return `${sessionId}/${turn}/${toolUseId}`;
}
