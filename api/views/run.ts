/** One run, folded for people: what it is, what happened, what proves it, what a person can do. */
import { z } from 'zod';
import { PLAIN_ACTS } from '../../domain/act.ts';
import { EVIDENCE_KINDS } from '../../store/port.ts';
import { at, count, grants, killSwitch, maybeAt, maybeText, microUsd, notice, principal, text } from './common.ts';
import type { Frozen } from './frozen.ts';
import { outcome, runState, stage } from './run-state.ts';

export const runSummary = z
  .object({
    id: text,
    repo: text,
    repoName: text,
    issue: count,
    title: text,
    group: z
      .enum(['needs-you', 'running', 'done'])
      .meta({ description: 'A person has to do something, Lamplighter is at work, or it is over.' }),
    stage,
    outcome: outcome.nullable(),
    reason: maybeText.meta({
      description: 'Why it is frozen, how it ended, what it waits for, or why it does not get on; null while it works.',
    }),
    trouble: maybeText.meta({
      description:
        'Why it does not get on just now, though it is tried again by itself; it is the reason too where there is no other.',
    }),
    sha: maybeText.meta({ description: 'The newest sha of ours: on main, or on its way there.' }),
    createdAt: at,
    updatedAt: at,
    endedAt: maybeAt,
  })
  .meta({ id: 'RunSummary' });
export type RunSummary = Frozen<z.infer<typeof runSummary>>;
export type RunGroup = RunSummary['group'];

export const transition = z
  .object({
    seq: count,
    stage,
    state: runState,
    cause: text.meta({ description: 'The kind of event that caused it; `created` for seq 0.' }),
    at,
  })
  .meta({ id: 'Transition' });

const verdict = z.enum(['green', 'red', 'pending', 'unknown']).nullable();

export const evidence = z
  .object({
    id: text,
    key: text,
    run: text,
    kind: z.enum(EVIDENCE_KINDS),
    sha: maybeText,
    verdict,
    summary: text,
    mediaType: text,
    digest: text.meta({ description: 'sha-256 of the redacted blob, hex.' }),
    bytes: count,
    at,
  })
  .meta({ id: 'Evidence' });
export type EvidenceView = Frozen<z.infer<typeof evidence>>;

const requested = z
  .union([
    z.object({ kind: z.enum(PLAIN_ACTS) }),
    z.object({ kind: z.literal('approve'), sha: text }),
    z.object({ kind: z.literal('grant'), grants }),
    z.object({ kind: z.literal('unfreeze'), way: z.literal('resolved'), reverted: z.boolean() }),
    z.object({ kind: z.literal('unfreeze'), way: z.literal('abandon') }),
    z.object({ kind: z.literal('unfreeze'), way: z.literal('retry'), grants }),
  ])
  .meta({ id: 'RequestedAct' });

export const act = z
  .object({
    seq: count,
    id: text,
    run: text,
    data: requested,
    by: principal,
    note: text,
    at,
    takenAt: maybeAt,
    words: text.meta({ description: 'What was asked for, such as `unfreeze: retry, granting $5.00`.' }),
  })
  .meta({ id: 'Act' });

export const escalation = z
  .object({
    key: text,
    run: maybeText,
    repo: maybeText,
    severity: z.enum(['low', 'high']),
    topic: text,
    decision: text,
    at,
    deliveredAt: maybeAt,
  })
  .meta({ id: 'Escalation', description: 'A call for a person.' });

export const effect = z
  .object({
    key: text,
    name: text,
    class: z.enum(['provable', 'keyed', 'at-least-once']),
    attempts: count,
    done: z.boolean(),
    repeated: z.boolean(),
  })
  .meta({ id: 'Effect' });

export const move = z
  .object({
    name: z.enum(['approve', 'reject', 'resume', 'retry', 'resolved', 'resolved, reverted', 'abandon']),
    what: text,
    command: text.meta({ description: 'To be copied as it is.' }),
  })
  .meta({ id: 'Move', description: 'What a person can do where a run stands still.' });
export type MoveView = Frozen<z.infer<typeof move>>;

const push = z.object({
  sha: text,
  by: text.meta({ description: '`first push`, `fix-forward attempt 1`, `retry by ada`.' }),
  at,
  verdict: z
    .enum(['green', 'red'])
    .nullable()
    .meta({ description: 'Null while it is watched, and where it was never judged.' }),
  red: z
    .object({ stage: text, reason: text, evidence: maybeText, log: text.meta({ description: 'What matters of it.' }) })
    .nullable(),
});
export type PushView = Frozen<z.infer<typeof push>>;

export const fixForward = z
  .object({
    made: count,
    allowed: count,
    until: maybeAt.meta({ description: 'Until when an attempt may start; null when no clock runs.' }),
    pushes: z.array(push).meta({ description: 'Oldest first.' }),
  })
  .meta({ id: 'FixForward' });
export type FixForwardView = Frozen<z.infer<typeof fixForward>>;

const bounds = z.object({
  verifyRounds: count,
  turns: count,
  sessionMs: count,
  issueMicroUsd: microUsd,
  races: count,
  fixAttempts: count,
  fixMs: count,
  watchMs: count,
});

export const runView = z
  .object({
    run: runSummary.extend({
      release: text,
      seq: count,
      state: runState,
      plan: z.object({ acceptanceCriteria: z.array(text), testPlan: text, risks: z.array(text) }).nullable(),
      bounds: bounds.meta({ description: 'With what people granted.' }),
    }),
    transitions: z.array(transition),
    evidence: z.array(evidence),
    acts: z.array(act),
    escalations: z.array(escalation).meta({ description: 'Oldest first.' }),
    effects: z.array(effect),
    spend: z.object({ runMicroUsd: microUsd, issueMicroUsd: microUsd, capMicroUsd: microUsd, turns: count }),
    moves: z.array(move).meta({ description: 'Empty where nobody is waited for.' }),
    fixForward: fixForward.nullable().meta({ description: 'Null while nothing of it was red once deployed.' }),
    approval: z
      .object({
        head: text,
        since: at,
        diff: z.object({ evidence: text, text, whole: z.boolean() }).nullable(),
      })
      .nullable()
      .meta({ description: "What waits for a person's approval, beginning of its diff included." }),
    holds: z
      .array(notice)
      .meta({ description: 'Reached caps that bind the run, while it is where the model is called.' }),
    killSwitch,
    links: z.object({
      page: text,
      temporal: maybeText,
      commandPlace: text.meta({ description: "What the CLI's commands need at their end to find this api." }),
    }),
  })
  .meta({ id: 'Run' });
export type RunView = Frozen<z.infer<typeof runView>>;

export const runList = z.object({ runs: z.array(runSummary) });
export const givenAct = z.object({ act: act.omit({ words: true }), poked: z.boolean() });
export const escalationList = z.object({ escalations: z.array(escalation) });
