import { describe, expect, it } from 'vitest';
import { FRESH } from '../stage.ts';
import { HOUR, LIMITS, MINUTE, NOW, progress, watched, WELL } from './rig.ts';
import { findingInWords, type WatchMemory } from './condition.ts';
import { freshMemory, judge, type Judgement } from './judge.ts';
import type { Observation } from './observation.ts';

describe('a call', () => {
  const frozen = watched({
    stage: 'frozen',
    progress: progress({ pushed: 's' }),
    sha: 's',
    since: NOW,
    reason: 'red',
    proving: null,
  });
  const silent = watched(FRESH);
  const look = (seen: Partial<Observation>, memory: WatchMemory, now: number): Judgement =>
    judge(
      { ...WELL, workers: [{ name: 'one', at: now, stopped: false }], poller: { at: now, everyMs: 30_000 }, ...seen },
      LIMITS,
      memory,
      now,
    );
  const watching = (now: number): WatchMemory => ({ ...freshMemory(now - MINUTE), watchedSince: NOW });

  it('is made once, however often one looks, and says what, why and what to do', () => {
    const first = look({ runs: [silent] }, watching(NOW + HOUR), NOW + HOUR);
    const again = look({ runs: [silent] }, first.memory, NOW + HOUR + MINUTE);
    expect([first.calls.length, again.calls.length, again.findings.length]).toEqual([1, 0, 1]);
    expect(findingInWords(first.calls[0]!)).toBe(
      'run r (acme/shop#7) has shown nothing in triage since 2026-11-28T12:00:00.000Z: what it does there (triage) may take 40 minutes at most, and it holds its lane. ' +
        'What to do: read it in Temporal Web; `lamplighter recover` if its workflow is gone, else `lamplighter cancel r --note "why"`',
    );
  });

  it('is the same one for a process that has forgotten, so the store keeps it from being made twice', () => {
    const first = look({ runs: [silent] }, watching(NOW + HOUR), NOW + HOUR);
    const forgotten = look({ runs: [silent] }, watching(NOW + 2 * HOUR), NOW + 2 * HOUR);
    expect(forgotten.calls.map((one) => one.escalation)).toEqual(first.calls.map((one) => one.escalation));
  });

  it('is over when the condition is, once, and made anew when it comes back', () => {
    const first = look({ runs: [silent] }, watching(NOW + HOUR), NOW + HOUR);
    const moved = watched(FRESH, { progressAt: NOW + HOUR });
    const over = look({ runs: [moved] }, first.memory, NOW + HOUR + MINUTE);
    expect(over.over).toMatchObject([{ topic: 'run-silent', run: 'r', escalation: first.calls[0]?.escalation }]);
    expect(look({ runs: [moved] }, over.memory, NOW + HOUR + 2 * MINUTE).over).toEqual([]);
    const back = look({ runs: [moved] }, { ...over.memory, lookedAt: NOW + 3 * HOUR }, NOW + 3 * HOUR);
    expect(back.calls).toHaveLength(1);
    expect(back.calls[0]?.escalation).not.toBe(first.calls[0]?.escalation);
  });

  it('for what only a person can end is made again each time the limit has passed once more', () => {
    const calls = [23, 24, 25, 47, 48, 72].map((hours) => {
      const now = NOW + hours * HOUR;
      return look({ runs: [frozen] }, watching(now), now).calls.map((one) => one.escalation);
    });
    const key = `watchdog/frozen/r/${NOW}`;
    expect(calls).toEqual([[], [key], [key], [key], [`${key}/1`], [`${key}/2`]]);
  });
});
