/** The whole: is it well, what waits, what it may spend, who may call. */
import { z } from 'zod';
import { CAP_WINDOWS } from '../../domain/caps.ts';
import { at, count, killSwitch, maybeAt, maybeText, microUsd, notice, part, principal, text } from './common.ts';
import type { Frozen } from './frozen.ts';
import { labelEvent } from './issue.ts';
import { runSummary } from './run.ts';

export const alive = z.object({ ok: z.literal(true) });
export const health = z.object({ ok: z.boolean(), parts: z.array(part) }).meta({ id: 'Health' });

export const killSwitchAnswer = z.object({ killSwitch });

export const status = z
  .object({
    version: text,
    node: text,
    now: at,
    killSwitch,
    allow: z.array(text).meta({ description: 'Names of the repos that may be dispatched.' }),
    repos: z.array(z.object({ key: text, name: text, allowed: z.boolean() })),
    model: z.object({ provider: text, name: text }),
    openRuns: z.array(runSummary),
    queued: count,
    notices: z.array(notice),
    holds: z.array(notice).meta({ description: 'Those of the notices that are reached caps.' }),
    links: z.object({ temporal: maybeText, commandPlace: text }),
    ok: z.boolean(),
    parts: z.array(part),
  })
  .meta({ id: 'Status' });
export type StatusView = Frozen<z.infer<typeof status>>;

/** The status, and what an open list of runs shows. */
export const overview = status
  .extend({ runs: z.array(runSummary).meta({ description: 'The newest 200.' }) })
  .meta({ id: 'Overview' });
export type Overview = Frozen<z.infer<typeof overview>>;

export const queue = z
  .object({
    queue: z.array(z.object({ repo: text, issue: count, title: text, priority: count, release: labelEvent })),
  })
  .meta({ id: 'Queue' });

const raise = z.object({ id: text, microUsd, by: text, note: text, at });

export const cap = z
  .object({
    key: text,
    window: z.enum(CAP_WINDOWS),
    repo: maybeText.meta({ description: 'Null: all repos together.' }),
    repoName: maybeText,
    endsAt: at,
    capMicroUsd: microUsd,
    raisedMicroUsd: microUsd,
    spentMicroUsd: microUsd,
    leftMicroUsd: microUsd,
    reached: z.boolean(),
    raises: z.array(raise),
  })
  .meta({ id: 'Cap', description: 'One cap in the window that is now.' });
export type CapView = Frozen<z.infer<typeof cap>>;

export const caps = z.object({ now: at, caps: z.array(cap) });
export type CapsView = Frozen<z.infer<typeof caps>>;

export const raised = z.object({
  raise: raise.extend({ cap: text, by: principal }),
  cap,
});

export const polling = z.object({ polling: z.literal(true) });
export const recovered = z.object({ runs: z.array(text), lanes: z.array(text) });

export const token = z
  .object({
    id: text,
    name: text,
    scopes: z.array(text),
    by: text.meta({ description: 'Who made it.' }),
    createdAt: at,
    expiresAt: maybeAt,
    lastUsedAt: maybeAt.meta({ description: 'To the minute.' }),
    revokedAt: maybeAt,
  })
  .meta({ id: 'Token', description: 'Of a token everything but what it is known by.' });
export type TokenView = Frozen<z.infer<typeof token>>;

export const tokenList = z.object({ tokens: z.array(token) });
export const oneToken = z.object({ token });
export const newToken = z.object({
  token,
  secret: text.meta({ description: 'The text to be sent as bearer token; shown this once.' }),
});
