import type { EscalationRow } from '../../store/port.ts';

/** Delivers an escalation to people. At-least-once: a missed page is worse than a doubled one. */
export interface Notifier {
  deliver(escalation: EscalationRow, link: string | null): Promise<void>;
}
