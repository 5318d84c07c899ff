/** In front of every channel: no secret of the configuration goes to people's phones and logs, whoever wrote the words. */
import type { Redaction } from '../evidence/redact.ts';
import type { Notifier } from './port.ts';

export function redactingNotifier(notifier: Notifier, redaction: Redaction): Notifier {
  return {
    deliver: (escalation, link) => notifier.deliver(redaction.value(escalation), redaction.value(link)),
  };
}
