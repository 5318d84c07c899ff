import type { EscalationRow, Store } from '../../store/port.ts';
import type { PerformEffect } from '../effects/perform.ts';
import type { Notifier } from './port.ts';

export interface DeliverDeps {
  readonly store: { readonly escalations: Pick<Store['escalations'], 'delivered'> };
  readonly perform: PerformEffect;
  readonly notifier: Notifier;
  readonly publicUrl: string;
  readonly now: () => number;
}

/**
 * The one way from an escalation's row to people, for the run that raised it and for the watchdog that finds it undelivered: under one
 * key, so that who comes second knows whether it was done.
 */
export async function deliverEscalation(deps: DeliverDeps, escalation: EscalationRow): Promise<void> {
  const { key, run } = escalation;
  await deps.perform<'done'>({
    key: `notify/${key.replace(/^escalation\//, '')}`,
    name: 'notify',
    class: 'at-least-once',
    run,
    act: async () => {
      await deps.notifier.deliver(escalation, `${deps.publicUrl}/${run === null ? '' : `runs/${run}`}`);
      return 'done';
    },
  });
  await deps.store.escalations.delivered(key, deps.now());
}
