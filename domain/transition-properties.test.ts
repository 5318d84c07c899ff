/** What holds for any order of events: runs meet events late, twice and out of turn. */
import { describe, expect, it } from 'vitest';
import { DEFAULT_BOUNDS } from './run.ts';
import { FRESH, workOf, type RunEvent, type RunState } from './stage.ts';
import { next } from './transition.ts';

const STAGES = ['triage', 'prepare', 'implement', 'verify', 'push', 'watch', 'fix', 'frozen', 'ended'];
const OUTCOMES = ['shipped', 'needs-human', 'abandoned', 'cancelled', 'rejected', 'superseded'];
const SEQUENCES = 4_000;
const LENGTH = 60;

/** mulberry32: the same seed gives the same events on every machine. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Endings are rare, so that sequences get far; every kind of event comes up. */
function eventFrom(roll: () => number): RunEvent {
  const sha = `sha-${Math.floor(roll() * 5)}`;
  const common: RunEvent[] = [
    { kind: 'accepted', plan: { acceptanceCriteria: [], testPlan: '', risks: [] } },
    { kind: 'prepared', base: sha },
    { kind: 'base-red', sha, reason: 'r' },
    { kind: 'head-moved' },
    { kind: 'submitted', head: sha },
    { kind: 'proven' },
    { kind: 'refused', findings: roll() < 0.5 ? [] : ['f'] },
    { kind: 'pushed', sha },
    { kind: 'raced', main: sha },
    { kind: 'merged', head: sha, base: sha },
    { kind: 'conflicts', main: sha, files: [] },
    { kind: 'red', stage: 'build', reason: 'r' },
    { kind: 'retry', by: 'ada', note: 'n' },
    { kind: 'resolved', resolution: { by: 'ada', note: 'n', reverted: roll() < 0.5 } },
    { kind: 'head-not-proven', reason: 'r' },
  ];
  const rare: RunEvent[] = [
    { kind: 'rejected', reason: 'r' },
    { kind: 'not-eligible', reason: 'r' },
    { kind: 'gave-up', reason: 'r' },
    { kind: 'exhausted', bound: 'turns' },
    { kind: 'green' },
    { kind: 'failed', reason: 'r' },
    { kind: 'withdrawn', reason: 'r' },
    { kind: 'cancel', by: 'ada', note: 'n' },
    { kind: 'escalate', by: 'ada', note: 'n' },
    { kind: 'abandon', by: 'ada', note: 'n' },
    { kind: 'head-proven', sha },
  ];
  const from = roll() < 0.03 ? rare : common;
  const event = from[Math.floor(roll() * from.length)];
  if (event === undefined) throw new Error('the roll was out of range');
  return event;
}

describe('any sequence of events from a fresh run', () => {
  const reached = new Set<string>();

  for (const fixAttempts of [0, 3]) {
    it(`keeps every promise (fix attempts: ${fixAttempts})`, () => {
      const bounds = { ...DEFAULT_BOUNDS, fixAttempts, verifyRounds: 3 };
      const broken: string[] = [];
      for (let seed = 1; seed <= SEQUENCES; seed += 1) {
        const roll = random(seed);
        let state: RunState = FRESH;
        let refusals = 0;
        for (let index = 0; index < LENGTH; index += 1) {
          const event = eventFrom(roll);
          const before = state;
          const moved = next(before, event, bounds, index * 120_000);
          state = moved.state;
          const holds = (promise: string, kept: boolean): void => {
            if (!kept) broken.push(`${promise}: seed ${seed}, event ${index} (${event.kind}) in ${before.stage}`);
          };

          holds('a known stage', STAGES.includes(state.stage));
          if (state.stage === 'ended') holds('a known outcome', OUTCOMES.includes(state.outcome));
          if (before.progress.pushed !== null) holds('pushed stays pushed', state.progress.pushed !== null);
          if (before.stage === 'ended')
            holds('an ended run never moves', state === before && moved.effects.length === 0);
          if (state === before) holds('no effect without a move', moved.effects.length === 0);
          if (state.stage === 'frozen') holds('only a pushed change freezes', state.progress.pushed !== null);
          if (state.stage === 'ended' && state.outcome === 'needs-human')
            holds('needs-human is before the push', state.progress.pushed === null);
          holds('sessions are counted up', state.progress.openings >= before.progress.openings);
          holds('fix attempts are bounded', state.progress.fixes <= fixAttempts);
          const work = workOf(state, bounds);
          if (work?.do === 'verify') holds('a head is judged against a base', work.base !== '');
          holds('every open run has work', (work === null) === (state.stage === 'ended'));

          if (event.kind === 'retry' && before.stage === 'frozen') refusals = 0;
          if (before.stage === 'verify' && event.kind === 'refused' && state.stage === 'implement') refusals += 1;
          holds('gate refusals are bounded (invariant 7)', refusals <= bounds.verifyRounds);
          reached.add(state.stage === 'ended' ? state.outcome : state.stage);
        }
      }
      expect(broken.slice(0, 5)).toEqual([]);
    });
  }

  it('the sequences went everywhere, so that the promises mean something', () => {
    expect([...reached].toSorted()).toEqual([...STAGES.filter((stage) => stage !== 'ended'), ...OUTCOMES].toSorted());
  });
});
