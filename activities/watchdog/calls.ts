/** How a finding becomes a call for a person, and how people learn that it is over: a row, which the post delivers, where one can be written. */
import { findingInWords, type Called, type Finding } from '../../domain/watchdog/condition.ts';
import type { EscalationRow, Store } from '../../store/port.ts';
import type { Notifier } from '../notify/port.ts';
import { subjectAbout } from '../../domain/unit.ts';

export interface CallsDeps {
  readonly store: Pick<Store, 'events' | 'escalations'>;
  readonly notifier: Notifier;
  readonly publicUrl: string;
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
}

export function createCalls(deps: CallsDeps): Calls {
  const { store } = deps;
  const owed = new Map<string, EscalationRow>();

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
        await store.escalations.raise(row);
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
      await store.events.append({
        at,
        subject: subjectAbout({ run, repo }),
        kind: 'escalation.settled',
        data: { key: escalation, topic, since },
      });
      deps.say(`${topic} is over${run === null ? '' : ` for run ${run}`} (${escalation})`);
    },
  };
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
