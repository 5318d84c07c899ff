/** What event streams with `?changes` carry: the parts of a view that an event has changed, so that nobody asks for the whole again. */
import { z } from 'zod';
import { event } from './event.ts';
import type { Frozen } from './frozen.ts';
import { overview } from './operations.ts';
import { runSummary, runView } from './run.ts';
import { session } from './transcript.ts';

const {
  run,
  transitions,
  evidence,
  acts,
  escalations,
  effects,
  spend,
  moves,
  fixForward,
  approval,
  holds,
  killSwitch,
  links,
} = runView.shape;

export const runChange = z
  .object({
    run: run.exactOptional(),
    transitions: transitions.exactOptional(),
    evidence: evidence.exactOptional(),
    acts: acts.exactOptional(),
    escalations: escalations.exactOptional(),
    effects: effects.exactOptional(),
    spend: spend.exactOptional(),
    moves: moves.exactOptional(),
    fixForward: fixForward.exactOptional(),
    approval: approval.exactOptional(),
    holds: holds.exactOptional(),
    killSwitch: killSwitch.exactOptional(),
    links: links.exactOptional(),
    session: session.exactOptional(),
  })
  .meta({
    id: 'RunChange',
    description:
      'Parts stand for those that were known. Of transitions, evidence, acts, escalations and effects there is what is new or other, by seq, id or key; of the session its inputs, turns and results likewise.',
  });
export type RunChange = Frozen<z.infer<typeof runChange>>;

export const overviewChange = z
  .object({
    run: runSummary.exactOptional(),
    status: overview.omit({ runs: true, openRuns: true }).exactOptional(),
  })
  .meta({ id: 'OverviewChange' });
export type OverviewChange = Frozen<z.infer<typeof overviewChange>>;

const changed = event.omit({ data: true });
export const runChanged = changed.extend({ change: runChange }).meta({ id: 'RunChanged' });
export const overviewChanged = changed.extend({ change: overviewChange }).meta({ id: 'OverviewChanged' });
