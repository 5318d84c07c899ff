/** The moves that every stage shares: going on, staying, opening a session, calling a person, freezing, ending. */
import { LABELS } from '../issue.ts';
import type { Outcome } from '../outcome.ts';
import type { Brief, Progress, RunEffect, RunState } from '../stage.ts';

export interface Transition {
  readonly state: RunState;
  readonly effects: readonly RunEffect[];
}

export function go(state: RunState, effects: readonly RunEffect[] = []): Transition {
  return { state, effects };
}

export function stay(state: RunState): Transition {
  return { state, effects: [] };
}

export function openSession(progress: Progress, brief: Brief, effects: readonly RunEffect[] = []): Transition {
  return go({ stage: 'implement', progress: { ...progress, openings: progress.openings + 1 }, brief }, effects);
}

/** Main is red without us: the slot goes to others, and a person is called once for it. A trial's person looks on, so it ends. */
export function waitForMain(state: RunState, reason: string, told: boolean): Transition {
  if (state.progress.trial) return end(state, 'needs-human', `main is red without this change: ${reason}`);
  const effects: RunEffect[] = [{ do: 'release-slot' }];
  if (!told) {
    const decision = `make main green again: ${reason}`;
    effects.push({ do: 'escalate', severity: 'high', topic: 'base-red', decision });
    effects.push({ do: 'comment', topic: 'base-red' });
  }
  return go(state, effects);
}

/** Before anything of ours is on main a person is called and the run ends; after that the broken state is frozen for them. */
export function callPerson(state: RunState, reason: string, at: number): Transition {
  if (state.stage === 'frozen') return stay(state);
  const { pushed } = state.progress;
  return pushed === null ? end(state, 'needs-human', reason) : freeze(state.progress, pushed, reason, at);
}

export function freeze(progress: Progress, sha: string, reason: string, at: number): Transition {
  const held: Progress = { ...progress, pause: null };
  return go({ stage: 'frozen', progress: held, sha, since: at, reason, proving: null }, [
    { do: 'release-slot' },
    // The page first: it must not wait for a tracker that is down.
    { do: 'escalate', severity: 'high', topic: 'frozen', decision: 'unfreeze by retry, resolved or abandon' },
    { do: 'label', add: [LABELS.human], remove: [LABELS.inProgress] },
    { do: 'comment', topic: 'frozen' },
  ]);
}

export function end(state: RunState, outcome: Outcome, reason: string): Transition {
  const ended: RunState = { stage: 'ended', progress: { ...state.progress, pause: null }, outcome, reason };
  return go(ended, [{ do: 'release-slot' }, ...lastWords(outcome)]);
}

const CLEAR: RunEffect = { do: 'label', add: [], remove: [LABELS.inProgress, LABELS.ready] };
const CALL: RunEffect = { do: 'label', add: [LABELS.human], remove: [LABELS.inProgress, LABELS.ready] };

function lastWords(outcome: Outcome): readonly RunEffect[] {
  switch (outcome) {
    case 'shipped':
      return [
        { do: 'label', add: [], remove: [LABELS.inProgress, LABELS.ready, LABELS.human] },
        { do: 'close' },
        { do: 'escalate', severity: 'low', topic: 'shipped', decision: 'none' },
      ];
    case 'needs-human':
      return [
        called('needs-human', 'read what was tried, then label again or do it by hand'),
        CALL,
        { do: 'comment', topic: 'needs-human' },
      ];
    case 'rejected':
      return [
        called('rejected', 'make the issue buildable, then label it again'),
        CALL,
        { do: 'comment', topic: 'rejected' },
      ];
    case 'cancelled':
      return [CLEAR, { do: 'comment', topic: 'ended' }];
    case 'abandoned':
    case 'superseded':
      return [CALL, { do: 'comment', topic: 'ended' }];
    case 'tried':
      return [];
  }
}

function called(topic: string, decision: string): RunEffect {
  return { do: 'escalate', severity: 'high', topic, decision };
}
