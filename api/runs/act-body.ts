/** The body of `POST /api/runs/:id/acts`: each kind with what belongs to it, and nothing that does not. */
import { z } from 'zod';
import { PLAIN_ACTS, UNFREEZE_WAYS, type RequestedAct } from '../../domain/act.ts';
import type { Grants } from '../../domain/bounds.ts';
import { microUsd } from '../../domain/money.ts';
import { line } from '../http/parse.ts';

const NOTE = 8_000;
const MOST_USD = 10_000;
const MOST = 10_000;

const shared = {
  /** Chosen by the caller, so that a repeat of the call is not a second act. */
  id: z
    .string()
    .regex(/^[\w.:-]{1,100}$/, 'must be 1 to 100 letters, digits or . : _ -')
    .optional(),
  note: line(NOTE),
};

const count = z.number().int().min(0).max(MOST).optional();
const grants = z.strictObject({
  usd: z.number().min(0).max(MOST_USD).optional(),
  turns: count,
  /** Of session time. */
  minutes: z.number().min(0).max(MOST).optional(),
  /** Gate refusals that may go back to the session. */
  rounds: count,
  /** Fix-forward attempts. */
  fixes: count,
});
export type GrantsBody = z.infer<typeof grants>;

const plain = PLAIN_ACTS.map((kind) => z.strictObject({ kind: z.literal(kind), ...shared }));
const unfreeze = z
  .strictObject({
    kind: z.literal('unfreeze'),
    way: z.enum(UNFREEZE_WAYS, `unfreeze needs one of ${UNFREEZE_WAYS.join(', ')}`),
    reverted: z.boolean().optional(),
    grants: grants.optional(),
    ...shared,
  })
  .refine((act) => act.way === 'resolved' || act.reverted === undefined, {
    path: ['reverted'],
    message: 'reverted goes with resolved only',
  })
  .refine((act) => act.way === 'retry' || act.grants === undefined, {
    path: ['grants'],
    message: 'grants go with retry only',
  });

export const actBody = z.discriminatedUnion('kind', [
  unfreeze,
  z.strictObject({
    kind: z.literal('approve'),
    sha: z.string().regex(/^[0-9a-f]{40,64}$/, 'must be the whole sha that waits for approval'),
    ...shared,
  }),
  z.strictObject({ kind: z.literal('grant'), grants, ...shared }),
  ...plain,
]);
export type ActBody = z.infer<typeof actBody>;

export function requestedAct(body: ActBody): RequestedAct {
  switch (body.kind) {
    case 'unfreeze':
      if (body.way === 'retry') return { kind: body.kind, way: body.way, grants: grantsOf(body.grants ?? {}) };
      if (body.way === 'abandon') return { kind: body.kind, way: body.way };
      return { kind: body.kind, way: body.way, reverted: body.reverted ?? false };
    case 'approve':
      return { kind: body.kind, sha: body.sha };
    case 'grant':
      return { kind: body.kind, grants: grantsOf(body.grants) };
    default:
      return { kind: body.kind };
  }
}

function grantsOf({ usd, turns, minutes, rounds, fixes }: GrantsBody): Grants {
  return {
    microUsd: microUsd(usd ?? 0),
    turns: turns ?? 0,
    sessionMs: Math.round((minutes ?? 0) * 60_000),
    rounds: rounds ?? 0,
    fixes: fixes ?? 0,
  };
}
