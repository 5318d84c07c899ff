/** How a finding reaches people, and how they learn that it is over: the escalations' rows first, then the notifier. */
import { findingInWords, type Called, type Finding } from '../../domain/watchdog/condition.ts';
import type { EscalationRow, Store } from '../../store/port.ts';
import { deliverEscalation, type DeliverDeps } from '../notify/deliver.ts';

export interface CallsDeps extends Omit<DeliverDeps, 'store'> {
  readonly store: Pick<Store, 'events' | 'escalations'>;
  /** How old an undelivered escalation is that whoever raised it has left to us. */
  readonly leftMs: number;
  /** One line for the log of the process. */
  readonly say: (line: string) => void;
}

export interface Calls {
  raise(finding: Finding, at: number): Promise<void>;
  settle(called: Called, at: number): Promise<void>;
  /** Everything that was raised by whomever and reached nobody. */
  deliverLeft(at: number): Promise<void>;
}

export function createCalls(deps: CallsDeps): Calls {
  const { store } = deps;

  /** Stays undelivered when it fails, and is tried again at each look. */
  async function deliver(row: EscalationRow): Promise<void> {
    try {
      await deliverEscalation(deps, row);
    } catch (error) {
      deps.say(`escalation ${row.key} could not be delivered, and is tried again: ${messageOf(error)}`);
    }
  }

  return {
    async raise(finding, at) {
      const { escalation: key, run, repo, topic } = finding;
      const row = { key, run, repo, severity: 'high', topic, decision: findingInWords(finding), at } as const;
      const { raised } = await store.escalations.raise(row);
      // A row that was there has been delivered, or is found among those that were left.
      if (raised) await deliver({ ...row, deliveredAt: null });
    },

    async settle({ escalation, topic, since, run, repo }, at) {
      const subject = run === null ? (repo === null ? 'system' : `repo/${repo}`) : `run/${run}`;
      await store.events.append({
        at,
        subject,
        kind: 'escalation.settled',
        data: { key: escalation, topic, since },
      });
      deps.say(`${topic} is over${run === null ? '' : ` for run ${run}`} (${escalation})`);
    },

    async deliverLeft(at) {
      const undelivered = await store.escalations.list({ undelivered: true });
      for (const row of undelivered.filter((one) => at - one.at >= deps.leftMs)) await deliver(row);
    },
  };
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
