/** What holds for any order of events: runs meet events late, twice and out of turn. */
import { describe, expect, it } from 'vitest';
import { OUTCOMES } from '../outcome.ts';
import { DEFAULT_BOUNDS } from '../bounds.ts';
import { NO_GRANTS, boundsWith } from '../bounds.ts';
import { FRESH, type RunEvent, type RunState } from '../stage.ts';
import { next } from './transition.ts';
import { workOf } from '../work.ts';

const STAGES = [
  'triage',
  'prepare',
  'implement',
  'verify',
  'awaiting-approval',
  'push',
  'watch',
  'fix',
  'frozen',
  'ended',
];
const SEQUENCES = 4_000;
const LENGTH = 120;

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

const said = { by: 'ada', note: 'n' };

/** Endings are rare, so that sequences get far; every kind of event comes up. */
function eventFrom(roll: () => number): RunEvent {
  const sha = `sha-${Math.floor(roll() * 5)}`;
  const common: RunEvent[] = [
    { kind: 'accepted' },
    { kind: 'prepared', base: sha, ask: roll() < 0.5 },
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
    { kind: 'main-ours', main: sha },
    { kind: 'main-ours', main: sha },
    { kind: 'main-red', sha, reason: 'r' },
    { kind: 'approve', sha, ...said },
    { kind: 'reject', ...said },
    { kind: 'pause', ...said },
    { kind: 'resume', ...said },
    { kind: 'grant', grants: { ...NO_GRANTS, rounds: 1 }, ...said },
    { kind: 'retry', grants: NO_GRANTS, ...said },
    { kind: 'resolved', resolution: { by: 'ada', note: 'n', reverted: roll() < 0.5 } },
    { kind: 'head-not-proven', reason: 'r' },
  ];
  const rare: RunEvent[] = [
    { kind: 'rejected', reason: 'r' },
    { kind: 'not-eligible', reason: 'r' },
    { kind: 'gave-up', reason: 'r' },
    { kind: 'exhausted', bound: 'turns' },
    { kind: 'green', proven: ['build', 'deploy', 'health'] },
    { kind: 'failed', reason: 'r' },
    { kind: 'withdrawn', reason: 'r' },
    { kind: 'cancel', by: 'ada', note: 'n' },
    { kind: 'escalate', by: 'ada', note: 'n' },
    { kind: 'abandon', by: 'ada', note: 'n' },
    { kind: 'main-healthy', sha, proven: ['health'] },
    { kind: 'overdue', reason: 'r' },
    { kind: 'head-proven', sha, proven: ['health'] },
  ];
  const from = roll() < 0.03 ? rare : common;
  const event = from[Math.floor(roll() * from.length)];
  if (event === undefined) throw new Error('the roll was out of range');
  return event;
}

describe('any sequence of events from a fresh run', () => {
  const reached = new Set<string>();

  for (const [fixAttempts, trial] of [
    [0, false],
    [3, false],
    [3, true],
  ] as const) {
    it(`keeps every promise (fix attempts: ${fixAttempts}, trial: ${trial})`, () => {
      const bounds = { ...DEFAULT_BOUNDS, fixAttempts, verifyRounds: 3 };
      const broken: string[] = [];
      for (let seed = 1; seed <= SEQUENCES; seed += 1) {
        const roll = random(seed);
        let state: RunState = { ...FRESH, progress: { ...FRESH.progress, trial } };
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
          if (state.progress.pause !== null)
            holds('a paused run works at nothing', workOf(state, bounds)?.do === 'await-resume');
          if (state.stage === 'push' && before.stage !== 'push' && before.progress.ask)
            holds('no push without approval', before.stage === 'awaiting-approval' || before.stage === 'verify');
          if (before.progress.trial) holds('a trial stays one', state.progress.trial);
          if (before.progress.trial && state.stage === 'push') holds('a trial never pushes', false);
          const work = workOf(state, bounds);
          if (work?.do === 'verify') holds('a head is judged against a base', work.base !== '');
          holds('every open run has work', (work === null) === (state.stage === 'ended'));

          if (before.stage === 'verify' && event.kind === 'refused' && state.stage === 'implement') refusals += 1;
          holds(
            'gate refusals are bounded (invariant 7)',
            refusals <= boundsWith(bounds, state.progress.granted).verifyRounds,
          );
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
