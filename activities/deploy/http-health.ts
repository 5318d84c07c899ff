/**
 * Health: the service itself must say that it is our sha, as many times in a row as the operator asks. Any other answer
 * starts the count anew, so an old process behind a new label, or one that flaps, never gets there. The count outlives
 * the worker.
 */
import { probeHealth, type Sighting } from './health-probe.ts';
import type { Redact } from './output.ts';
import type { WatcherParts } from './watcher-parts.ts';
import type { StageWatcher } from './port.ts';
import { headOf } from '../../domain/text.ts';

interface Count {
  readonly inARow: number;
  readonly probes: number;
}

export function createHealthWatcher({ target, redact }: WatcherParts): StageWatcher | null {
  const { health: probe } = target;
  if (probe === null) return null;
  return {
    stage: 'health',
    isDeclared: () => true,

    async observe({ sha, seen, signal }) {
      const before = (seen ?? { inARow: 0, probes: 0 }) as Count;
      const sighting = await probeHealth(probe, signal);
      const ours = sighting.kind === 'version' && sighting.version === sha;
      const count: Count = { inARow: ours ? before.inARow + 1 : 0, probes: before.probes + 1 };
      if (count.inARow >= probe.times)
        return {
          verdict: 'green',
          reason: `${probe.url} answered version ${sha.slice(0, 10)} ${probe.times} times in a row`,
          body: { url: probe.url, version: sha, times: probe.times, probes: count.probes },
        };
      const reason = ours
        ? `${probe.url} answers our version, ${count.inARow} of ${probe.times} times in a row`
        : `${probe.url} ${await inWords(sighting, sha, redact)}`;
      return { verdict: 'pending', reason, againMs: probe.everySeconds * 1_000, seen: count };
    },
  };
}

async function inWords(seen: Sighting, sha: string, redact: Redact): Promise<string> {
  if (seen.kind === 'failure') return seen.what;
  return `answers version ${headOf(await redact(seen.version), 100)}, not ${sha}`;
}
