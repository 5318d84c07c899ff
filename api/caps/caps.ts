/** Caps on money: where each stands, what a reached one holds, and the one way past it, which is a person's recorded raise. */
import { randomUUID } from 'node:crypto';
import type { Request } from 'express';
import { z } from 'zod';
import {
  CAP_WINDOWS,
  capEndsAt,
  capLimit,
  capsAt,
  capsOfAll,
  holdInWords,
  isReached,
  type Cap,
  type CapStanding,
} from '../../domain/caps.ts';
import { microUsd } from '../../domain/money.ts';
import type { CapRaise } from '../../store/port.ts';
import type { ApiDeps } from '../http/deps.ts';
import { commandPlace } from '../http/command-place.ts';
import { ApiError } from '../http/errors.ts';
import { principalOf } from '../http/mount.ts';
import { lookNow } from '../http/look-now.ts';
import { line, parseBody } from '../http/parse.ts';
import { withoutSecrets } from '../http/notes-without-secrets.ts';
import { repoOf } from '../repos/repos.ts';
import type { CapsView, CapView, NoticeView } from '../views/view.ts';

export function showCaps(deps: ApiDeps) {
  return async () => ({ value: await viewCaps(deps) });
}

export async function viewCaps(deps: ApiDeps): Promise<CapsView> {
  const standings = await deps.store.ledger.standing(capsNow(deps));
  return { now: deps.now(), caps: await Promise.all(standings.map((one) => viewCap(deps, one))) };
}

/** What the reached caps hold: of one repo, by its key, or of all. */
export async function readHolds(deps: ApiDeps, repo?: string): Promise<NoticeView[]> {
  const caps = repo === undefined ? capsNow(deps) : capsAt(deps.config.caps, repo, deps.now());
  const place = commandPlace(deps.config.dataDir);
  return (await deps.store.ledger.standing(caps)).filter(isReached).map((standing) => {
    const { text, remedy } = holdInWords(standing, nameOf(deps, standing.cap.repo));
    return { text, remedy: `${remedy}${place}` };
  });
}

export const raiseBody = z.strictObject({
  /** Chosen by the caller, so that a repeat of the call is not a second raise. */
  id: z
    .string()
    .regex(/^[\w.:-]{1,100}$/, 'must be 1 to 100 letters, digits or . : _ -')
    .optional(),
  window: z.enum(CAP_WINDOWS),
  /** By name or key; without it the cap of all repos together. */
  repo: line(200).optional(),
  usd: z.number().min(0.000001, 'must be more than 0').max(1_000_000),
  note: line(1_000),
});

export function raiseCap(deps: ApiDeps) {
  return async (req: Request) => {
    const { id = randomUUID(), window, repo, usd, ...body } = parseBody(raiseBody, req);
    const note = await withoutSecrets(deps, body.note);
    const cap = capOf(deps, window, repo ?? null);
    const earlier = (await deps.store.ledger.raises(cap.key)).some((one) => one.id === id);
    const wanted = { id, microUsd: microUsd(usd), note, by: principalOf(req), at: deps.now() };
    const raise = await deps.store.ledger.raiseCap(cap, wanted);
    requireSameRaise(raise, { ...wanted, cap: cap.key });
    await lookNow(deps);
    const [standing] = await deps.store.ledger.standing([cap]);
    if (standing === undefined) throw new Error(`the cap ${cap.key} has no standing`);
    return { status: earlier ? 200 : 201, value: { raise, cap: await viewCap(deps, standing) } };
  };
}

function capOf(deps: ApiDeps, window: Cap['window'], given: string | null): Cap {
  const key = given === null ? null : repoOf(deps, given).key;
  const cap = capsAt(deps.config.caps, key, deps.now()).find((one) => one.window === window && one.repo === key);
  if (cap === undefined) throw new Error(`there is no cap of the ${window} for ${key ?? 'all repos'}`);
  return cap;
}

function requireSameRaise(stands: CapRaise, wanted: CapRaise): void {
  if (stands.cap === wanted.cap && stands.microUsd === wanted.microUsd && stands.note === wanted.note) return;
  throw new ApiError(409, {
    code: 'id-used',
    message: `the id ${stands.id} was used for another raise`,
    field: 'id',
    remedy: 'choose a new id, or leave it out',
  });
}

/** The total ones first, then those of each enrolled repo. */
function capsNow({ config, now }: ApiDeps): Cap[] {
  return capsOfAll(
    config.caps,
    config.repos.map((repo) => repo.key),
    now(),
  );
}

async function viewCap(deps: ApiDeps, standing: CapStanding): Promise<CapView> {
  const { cap, raised, spent } = standing;
  const raises = await deps.store.ledger.raises(cap.key);
  return {
    key: cap.key,
    window: cap.window,
    repo: cap.repo,
    repoName: nameOf(deps, cap.repo),
    endsAt: capEndsAt(cap),
    capMicroUsd: cap.microUsd,
    raisedMicroUsd: raised,
    spentMicroUsd: spent,
    leftMicroUsd: Math.max(0, capLimit(standing) - spent),
    reached: isReached(standing),
    raises: raises.map(({ id, microUsd: micro, by, note, at }) => ({ id, microUsd: micro, by: by.name, note, at })),
  };
}

function nameOf({ config }: ApiDeps, repo: string | null): string | null {
  return repo === null ? null : (config.repos.find((one) => one.key === repo)?.name ?? repo);
}
