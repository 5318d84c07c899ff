import type { EscalationRow, Store } from '../../store/port.ts';
import { inTime } from '../effects/in-time.ts';
import type { PerformEffect } from '../effects/perform.ts';
import type { Notifier } from './port.ts';
import { runSubject } from '../../domain/unit.ts';

export interface DeliverDeps {
  readonly store: { readonly escalations: Pick<Store['escalations'], 'delivered'> };
  readonly perform: PerformEffect;
  readonly notifier: Notifier;
  readonly publicUrl: string;
  readonly now: () => number;
  /** After which a channel that has not answered has failed; default 30 s. */
  readonly patienceMs?: number;
}

const PATIENCE_MS = 30_000;

/** The one way from an escalation's row to people. At-least-once: repeated, and marked so, where its outcome is not known. */
export async function deliverEscalation(deps: DeliverDeps, escalation: EscalationRow): Promise<void> {
  const { key, run } = escalation;
  await deps.perform<'done'>({
    key: `notify/${key.replace(/^escalation\//, '')}`,
    name: 'notify',
    class: 'at-least-once',
    unit: run === null ? null : runSubject(run),
    act: async () => {
      const patience = deps.patienceMs ?? PATIENCE_MS;
      await inTime(
        deps.notifier.deliver(escalation, `${deps.publicUrl}/${run === null ? '' : `runs/${run}`}`),
        patience,
        `the channel has not answered after ${patience / 1000} s`,
      );
      return 'done';
    },
  });
  await deps.store.escalations.delivered(key, deps.now());
}
