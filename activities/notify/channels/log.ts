/** Escalations as lines of the log: for a machine whose operator reads it, and as the last resort of any other. */
import { destination, pino, type DestinationStream } from 'pino';
import type { Notifier } from '../port.ts';

/** Writes one JSON line to stderr for each delivery; `stream` is for tests. */
export function createLogNotifier(deps: { readonly stream?: DestinationStream } = {}): Notifier {
  // Synchronous: a process that dies right after must not take the page with it.
  const log = pino({ base: null }, deps.stream ?? destination({ fd: 2, sync: true }));
  return {
    async deliver(escalation, link) {
      const { key, run, repo, topic, decision } = escalation;
      const line = { escalation: key, run, repo, topic, decision, link };
      if (escalation.severity === 'high') log.error(line, 'a person is needed');
      else log.info(line, 'for your information');
    },
  };
}
