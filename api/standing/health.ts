/** Whether every part works: the store as it answers now, the others as the watchdog last saw them. */
import type { Store } from '../../store/port.ts';
import type { WatchdogStanding } from '../../activities/watchdog/watchdog.ts';
import type { Finding, WatchTopic } from '../../domain/watchdog/condition.ts';
import type { Health, PartHealth } from '../http/engine.ts';

/** Findings that a part of the whole is down; the others are about runs and lanes. */
const PARTS: Partial<Record<WatchTopic, string>> = {
  'worker-unseen': 'worker',
  'poller-unseen': 'poller',
  'temporal-unreachable': 'temporal',
  'disk-full': 'disk',
};

export function isOfPart(finding: Finding): boolean {
  return PARTS[finding.topic] !== undefined;
}

export function createHealth(store: Store, watchdog: () => WatchdogStanding): () => Promise<Health> {
  return async () => {
    const parts = [await storeHealth(store), ...watchedParts(watchdog())];
    return { ok: parts.every((part) => part.ok), parts };
  };
}

function storeHealth(store: Store): Promise<PartHealth> {
  return store.events.last().then(
    () => ({ name: 'store', ok: true, detail: 'answers' }),
    (error: unknown) => ({ name: 'store', ok: false, detail: `cannot be read: ${String(error)}` }),
  );
}

function watchedParts({ failure, lookedAt, findings, ping }: WatchdogStanding): PartHealth[] {
  // A process without a watchdog, or one that has not looked yet, says nothing of what only it can see.
  if (failure === null && lookedAt === null) return [];
  const own: PartHealth =
    failure === null
      ? { name: 'watchdog', ok: true, detail: 'looks' }
      : { name: 'watchdog', ok: false, detail: `cannot look: ${failure}` };
  return [
    own,
    ...Object.entries(PARTS).map(([topic, name]): PartHealth => {
      const [worst] = findings.filter((one) => one.topic === topic);
      return worst === undefined
        ? { name, ok: true, detail: 'was seen' }
        : { name, ok: false, detail: `${worst.text}. What to do: ${worst.remedy}` };
    }),
    ...(ping === null ? [] : [{ name: 'ping', ok: ping.ok, detail: ping.detail }]),
  ];
}
