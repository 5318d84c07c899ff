import { z } from 'zod';
import { at, count, maybeText, text } from './common.ts';
import type { Frozen } from './frozen.ts';
import { runSummary } from './run.ts';

const actor = z.object({
  login: text,
  kind: z.enum(['user', 'bot', 'unknown']),
  permission: z.enum(['admin', 'write', 'read', 'none', 'unknown']),
});

export const labelEvent = z.object({
  id: text,
  label: text,
  action: z.enum(['added', 'removed']),
  by: actor.nullable(),
  at,
});

const pickUp = z
  .object({
    asked: z.boolean().meta({ description: 'Open and labelled: somebody wants it picked up.' }),
    run: maybeText.meta({ description: 'The run that is at work on it.' }),
    refusals: z
      .array(z.object({ why: text, text, remedy: text }))
      .meta({ description: 'Every reason why not; empty: the next look at the tracker picks it up.' }),
  })
  .meta({ id: 'PickUp' });
export type PickUpView = Frozen<z.infer<typeof pickUp>>;

export const issue = z
  .object({
    number: count,
    title: text,
    body: text,
    state: z.enum(['open', 'closed']),
    labels: z.array(text),
    labelEvents: z.array(labelEvent),
    blockedBy: z.array(count),
    url: text,
    repo: text,
    repoName: text,
    pickUp,
  })
  .meta({ id: 'Issue' });
export type IssueView = Frozen<z.infer<typeof issue>>;

export const issueList = z.object({
  issues: z.array(issue),
  unreadable: z.array(text).meta({ description: 'What of the trackers cannot be read.' }),
});
export const oneIssue = z.object({ issue, runs: z.array(runSummary) });
export const addedIssue = z.object({ issue });

export const trial = z
  .object({
    id: text,
    run: text.meta({ description: 'The run that it becomes, when its lane is free.' }),
    repoName: text,
    issue: count,
    title: text,
    behind: maybeText.meta({ description: 'The run that holds the lane now.' }),
  })
  .meta({ id: 'Trial' });
export type TrialView = Frozen<z.infer<typeof trial>>;
