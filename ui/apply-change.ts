/** A view and what an event has changed in it, as the event streams tell it: the view as a fresh look would show it. */
import type { Overview, OverviewChange, RunChange, RunView, SessionView, TranscriptView } from '../api/views/view.ts';

export function applyToRun(view: RunView, { session: _session, ...change }: RunChange): RunView {
  const { transitions, evidence, acts, escalations, effects } = view;
  return {
    ...view,
    ...change,
    transitions: merged(transitions, change.transitions, (one) => one.seq),
    evidence: merged(evidence, change.evidence, (one) => one.id),
    acts: merged(acts, change.acts, (one) => one.id),
    escalations: merged(escalations, change.escalations, (one) => one.key),
    effects: merged(effects, change.effects, (one) => one.key),
  };
}

export function applyToTranscript({ sessions }: TranscriptView, { session: part }: RunChange): TranscriptView {
  if (part === undefined) return { sessions };
  const known = sessions.find((one) => one.id === part.id);
  const whole: SessionView = {
    ...part,
    inputs: merged(known?.inputs ?? [], part.inputs, (one) => one.key),
    turns: merged(known?.turns ?? [], part.turns, (one) => one.turn),
    results: merged(known?.results ?? [], part.results, (one) => `${one.turn}/${one.toolUseId}`),
  };
  return { sessions: merged(sessions, [whole], (one) => one.id) };
}

/** Newest first, as they were listed. */
export function applyToOverview(overview: Overview, { run, status }: OverviewChange): Overview {
  const runs =
    run === undefined ? overview.runs : merged(overview.runs.toReversed(), [run], (one) => one.id).toReversed();
  return { ...overview, ...status, runs };
}

/** In place of the one with the same key, else at the end. */
function merged<T>(known: readonly T[], fresh: readonly T[] | undefined, keyOf: (one: T) => string | number): T[] {
  const all = new Map(known.map((one) => [keyOf(one), one]));
  for (const one of fresh ?? []) all.set(keyOf(one), one);
  return [...all.values()];
}
