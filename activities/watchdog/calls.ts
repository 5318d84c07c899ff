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
  /**
   * Told without the store where that can't be written, or could not a moment ago; its row is owed then. Never rejects.
   * False: nobody was reached and no row says so; it is to be raised again.
   */
  raise(finding: Finding, at: number, isStoreIll: boolean): Promise<boolean>;
  /** The rows of what people heard already. Rejects while the store can't be written. */
  writeOwed(at: number): Promise<void>;
  settle(called: Called, at: number): Promise<void>;
  /** Everything that was raised by whomever and reached nobody. */
  deliverLeft(at: number): Promise<void>;
}

export function createCalls(deps: CallsDeps): Calls {
  const { store } = deps;
  const owed = new Map<string, EscalationRow>();

  /** Stays undelivered when it fails, and is tried again at each look. */
  async function deliver(row: EscalationRow): Promise<void> {
    try {
      await deliverEscalation(deps, row);
    } catch (error) {
      deps.say(`escalation ${row.key} could not be delivered, and is tried again: ${messageOf(error)}`);
    }
  }

  /** Without the store: who holds its lock may be just what a person is called for. */
  async function tell(row: EscalationRow): Promise<boolean> {
    try {
      await deps.notifier.deliver(row, `${deps.publicUrl}/${row.run === null ? '' : `runs/${row.run}`}`);
      owed.set(row.key, row);
      return true;
    } catch (error) {
      deps.say(`${row.decision} (and nobody could be told: ${messageOf(error)})`);
      return false;
    }
  }

  return {
    async raise(finding, at, isStoreIll) {
      const { escalation: key, run, repo, topic } = finding;
      const decision = findingInWords(finding);
      const row: EscalationRow = { key, run, repo, severity: 'high', topic, decision, at, deliveredAt: null };
      if (isStoreIll) return tell(row);
      try {
        const { raised } = await store.escalations.raise(row);
        // A row that was there has been delivered, or is found among those that were left.
        if (raised) await deliver(row);
        return true;
      } catch (error) {
        deps.say(`escalation ${key} could not be recorded: ${messageOf(error)}`);
        return tell(row);
      }
    },

    async writeOwed(at) {
      for (const row of owed.values()) {
        await store.escalations.raise(row);
        await store.escalations.delivered(row.key, at);
        owed.delete(row.key);
      }
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
