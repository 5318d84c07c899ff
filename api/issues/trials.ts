/** A trial: a run with all gates, without a push and without a word on the issue. Accepted is a row first; the lane takes it up. */
import { randomUUID } from 'node:crypto';
import type { Request } from 'express';
import { z } from 'zod';
import { runIdOf } from '../../activities/dispatch/run-id.ts';
import { trialRelease } from '../../domain/run.ts';
import type { TrialRow } from '../../store/port.ts';
import type { ApiDeps } from '../http/deps.ts';
import { commandPlace } from '../http/command-place.ts';
import { ApiError } from '../http/errors.ts';
import { principalOf } from '../http/mount.ts';
import { readKillSwitch } from '../standing/kill-switch.ts';
import { lookNow } from '../http/look-now.ts';
import { line, parseBody } from '../http/parse.ts';
import { killSwitchRemedy } from './pick-up.ts';
import { bookOf, issueOf, onlyRepo, repoOf } from '../repos/repos.ts';
import type { Reply } from '../http/route.ts';
import type { TrialView } from '../views/view.ts';

export const newTrial = z.strictObject({
  /** Chosen by the caller, so that a repeat of the call is not a second trial. */
  id: z
    .string()
    .regex(/^[\w.:-]{1,100}$/, 'must be 1 to 100 letters, digits or . : _ -')
    .optional(),
  repo: line(200).optional(),
  issue: z.int().min(1).max(999_999_999),
});

export function askTrial(deps: ApiDeps) {
  return async (req: Request): Promise<Reply<TrialView>> => {
    const body = parseBody(newTrial, req);
    const { store, config } = deps;
    const repo = repoOf(deps, body.repo ?? onlyRepo(deps));
    const { number, title, state } = await issueOf(bookOf(deps, repo), repo, String(body.issue));
    if (state === 'closed') {
      throw new ApiError(409, {
        code: 'refused',
        message: `issue #${number} is closed`,
        remedy: 'open it again first',
      });
    }
    if ((await readKillSwitch(store.control, config.dataDir)).on) {
      throw new ApiError(409, {
        code: 'refused',
        message: 'the kill switch is on, and a trial spends money',
        remedy: killSwitchRemedy(commandPlace(config.dataDir)),
      });
    }
    const id = body.id ?? randomUUID();
    const [ahead] = await store.runs.list({ repo: repo.key, open: true, limit: 1 });
    const wanted = { id, repo: repo.key, issue: number, title, by: principalOf(req), at: deps.now() };
    requireSameTrial(await store.trials.ask(wanted), wanted);
    await lookNow(deps);
    const run = runIdOf(repo, number, trialRelease(id));
    const value = {
      id,
      run,
      repoName: repo.name,
      issue: number,
      title,
      behind: ahead === undefined || ahead.id === run ? null : ahead.id,
    };
    return { value };
  };
}

function requireSameTrial(stands: TrialRow, wanted: TrialRow): void {
  if (stands.repo === wanted.repo && stands.issue === wanted.issue) return;
  throw new ApiError(409, {
    code: 'id-used',
    message: `the id ${stands.id} was used for a trial of another issue`,
    field: 'id',
    remedy: 'choose a new id, or leave it out',
  });
}
