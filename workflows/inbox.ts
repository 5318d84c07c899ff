/** What reaches a run from outside: pokes that say "look at the acts", and the signals of Temporal's own tools. */
import { setHandler, uuid4 } from '@temporalio/workflow';
import type { RunInput } from '../domain/run.ts';
import { control } from './calls.ts';
import { escalate, poke, unfreeze } from './messages.ts';
import type { ControlActivities, OutsideSignal } from './ports.ts';

export interface Inbox {
  /** There may be acts that nobody has looked at: somebody poked, or what the run did says so. */
  poked: boolean;
  readonly signals: { readonly id: string; readonly signal: OutsideSignal }[];
}

export type TakenAct = NonNullable<Awaited<ReturnType<ControlActivities['takeAct']>>>;

export function openInbox(): Inbox {
  const inbox: Inbox = { poked: false, signals: [] };
  setHandler(poke, () => {
    inbox.poked = true;
  });
  setHandler(escalate, (note) => {
    inbox.signals.push({ id: uuid4(), signal: { kind: 'escalate', note: note ?? '' } });
    inbox.poked = true;
  });
  setHandler(unfreeze, (given) => {
    inbox.signals.push({
      id: uuid4(),
      signal: { kind: 'unfreeze', way: given?.way ?? '', note: given?.note ?? '' },
    });
    inbox.poked = true;
  });
  return inbox;
}

export async function takeAct(input: RunInput, inbox: Inbox): Promise<TakenAct | null> {
  for (let sent = inbox.signals.shift(); sent !== undefined; sent = inbox.signals.shift()) {
    await control(`Record the signal ${sent.signal.kind}`).recordSignal({
      runId: input.runId,
      id: sent.id,
      signal: sent.signal,
    });
  }
  return control('Read what people asked for').takeAct({ runId: input.runId });
}
