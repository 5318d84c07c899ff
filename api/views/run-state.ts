/** Where a run stands, and what it remembers: one shape a stage. */
import { z } from 'zod';
import { OUTCOMES } from '../../domain/outcome.ts';
import { at, count, grants, maybeAt, maybeText, text } from './common.ts';

const said = { by: text, note: text };
const red = z.object({ sha: text, stage: text, reason: text });

const brief = z
  .discriminatedUnion('kind', [
    z.object({ kind: z.literal('implement') }),
    z.object({ kind: z.literal('gates-refused'), findings: z.array(text) }),
    z.object({ kind: z.literal('conflict'), main: text, files: z.array(text) }),
    z.object({ kind: z.literal('deploy-red'), red, main: maybeText }),
    z.object({ kind: z.literal('retry'), ...said, main: maybeText }),
    z.object({ kind: z.literal('rejected'), ...said }),
  ])
  .meta({ id: 'Brief', description: 'What opens the session.' });

const progress = z
  .object({
    base: maybeText,
    pushed: maybeText,
    onto: maybeText,
    openings: count,
    rounds: count,
    races: count,
    fixes: count,
    firstRedAt: maybeAt,
    red: red.nullable(),
    sessionMs: count,
    granted: grants,
    ask: z.boolean(),
    trial: z.boolean(),
    pause: z.object({ ...said, since: at }).nullable(),
  })
  .meta({ id: 'Progress' });

export const outcome = z.enum(OUTCOMES).meta({ id: 'Outcome' });

export const runState = z
  .discriminatedUnion('stage', [
    z.object({ stage: z.literal('triage'), progress }),
    z.object({ stage: z.literal('prepare'), progress, redBase: maybeText, waiting: z.boolean() }),
    z.object({ stage: z.literal('implement'), progress, brief }),
    z.object({ stage: z.literal('verify'), progress, head: text, redBase: maybeText }),
    z.object({ stage: z.literal('awaiting-approval'), progress, head: text, since: at }),
    z.object({ stage: z.literal('push'), progress, head: text, mergeWith: maybeText }),
    z.object({ stage: z.literal('watch'), progress, sha: text }),
    z.object({
      stage: z.literal('fix'),
      progress,
      sha: text,
      brief: brief.nullable(),
      redMain: maybeText,
      told: z.boolean(),
      asked: z.object(said).nullable(),
    }),
    z.object({
      stage: z.literal('frozen'),
      progress,
      sha: text,
      since: at,
      reason: text,
      proving: z.object({ ...said, reverted: z.boolean() }).nullable(),
    }),
    z.object({ stage: z.literal('ended'), progress, outcome, reason: text }),
  ])
  .meta({ id: 'RunState' });

export const stage = z
  .enum(['triage', 'prepare', 'implement', 'verify', 'awaiting-approval', 'push', 'watch', 'fix', 'frozen', 'ended'])
  .meta({ id: 'Stage' });
