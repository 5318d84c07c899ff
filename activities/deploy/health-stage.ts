/**
 * Health: the service itself must say that it is our sha, as many times in a row as the operator asks. Any other answer
 * starts the count anew, so an old process behind a new label, or one that flaps, never gets there. The count lives in
 * this process: after a crash it starts anew, which can only make green later.
 */
import type { HealthProbe } from '../../domain/contract.ts';
import type { StageVerdict } from '../../domain/verdict.ts';
import { probeHealth, type Sighting } from './health-probe.ts';
import type { Redact } from './output.ts';
import { pause } from './pause.ts';
import type { WatchContext } from './port.ts';
import type { StageRecord, StageUnit } from './stage-record.ts';
import { headOf } from '../../domain/text.ts';

interface Count {
  inARow: number;
  probes: number;
  askedAt: number;
}

export interface HealthStageDeps {
  readonly probe: HealthProbe;
  readonly record: StageRecord;
  readonly redact: Redact;
  readonly now: () => number;
}

export function createHealthStage({
  probe,
  record,
  redact,
  now,
}: HealthStageDeps): (context: WatchContext) => Promise<StageVerdict> {
  const counts = new Map<string, Count>();

  return async function observeHealth(context) {
    const key = unitKey(context);
    const count = counts.get(key) ?? { inARow: 0, probes: 0, askedAt: 0 };
    counts.set(key, count);
    await pause(count.askedAt + probe.everySeconds * 1_000 - now(), context.signal);

    count.askedAt = now();
    const seen = await probeHealth(probe, context.signal);
    count.probes += 1;
    const ours = seen.kind === 'version' && seen.version === context.sha;
    count.inARow = ours ? count.inARow + 1 : 0;
    if (count.inARow < probe.times) {
      const reason = ours
        ? `${probe.url} answers our version, ${count.inARow} of ${probe.times} times in a row`
        : `${probe.url} ${await inWords(seen, context.sha, redact)}`;
      return { stage: 'health', verdict: 'pending', reason, evidence: [] };
    }
    counts.delete(key);
    return record.keep(context, {
      stage: 'health',
      verdict: 'green',
      reason: `${probe.url} answered version ${context.sha.slice(0, 10)} ${probe.times} times in a row`,
      body: { url: probe.url, version: context.sha, times: probe.times, probes: count.probes },
    });
  };
}

async function inWords(seen: Sighting, sha: string, redact: Redact): Promise<string> {
  if (seen.kind === 'failure') return seen.what;
  return `answers version ${headOf(await redact(seen.version), 100)}, not ${sha}`;
}

function unitKey({ run, sha, look }: StageUnit): string {
  return JSON.stringify([run, sha, look]);
}
