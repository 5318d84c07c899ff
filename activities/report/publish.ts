import { createHash } from 'node:crypto';
import type { Usage } from '../../domain/money.ts';
import type { RunRow, Store } from '../../store/port.ts';
import type { PerformEffect } from '../effects/perform.ts';
import { phasesMarker, renderPhases } from './phase-comment.ts';
import type { RepoTracker } from '../tracker/issue-reader.ts';
import { isPushUnknown } from './run-effects.ts';
import { runSubject } from '../../domain/unit.ts';

export interface PublishDeps {
  readonly store: Store;
  readonly perform: PerformEffect;
  readonly publicUrl: string;
}

/** Brings the run's phase comment up to date, in place; writes only when its text changed. An issue that is gone has no comment. */
export async function publishPhases(deps: PublishDeps, run: RunRow, tracker: RepoTracker): Promise<void> {
  if ((await tracker.issues.glance(run.issue)) === null) return;
  const marker = phasesMarker(run.id);
  const text = renderPhases(await factsOf(deps, run));
  const find = (): ReturnType<RepoTracker['writes']['findComment']> => tracker.writes.findComment(run.issue, marker);
  // Once only: a comment that a person removed is not written again. Asked each time, because a death right after the
  // comment was written leaves its effect without a result, and only this settles it.
  await deps.perform<string>({
    key: `phases/${run.id}`,
    name: 'phases',
    class: 'provable',
    unit: runSubject(run.id),
    lookup: async () => (await find())?.id ?? null,
    act: async () => (await tracker.writes.addComment(run.issue, marker, text)).id,
  });
  const found = await find();
  if (found === null) return;
  const edit = (key: string): Promise<true> =>
    deps.perform<true>({
      key,
      name: EDIT,
      class: 'provable',
      unit: runSubject(run.id),
      lookup: async () => ((await find())?.body === text ? true : null),
      act: async () => {
        await tracker.writes.editComment(run.issue, found.id, marker, text);
        return true;
      },
    });
  const digest = createHash('sha256').update(text).digest('hex').slice(0, 16);
  if (found.body !== text) await edit(`phases/${run.id}/${run.seq}/${digest}`);
  // What a death cut off, whatever it was about to write: the comment stands as it should now, and that settles it.
  for (const cut of await deps.store.effects.list(runSubject(run.id)))
    if (cut.name === EDIT && !cut.done) await edit(cut.key);
}

const EDIT = 'phases-edit';

async function factsOf({ store, publicUrl }: PublishDeps, run: RunRow): Promise<Parameters<typeof renderPhases>[0]> {
  const evidence = await store.evidence.list(runSubject(run.id));
  // Only the receipt shows these, and transcripts are long.
  const ended = run.state.stage === 'ended';
  return {
    run,
    evidence,
    publicUrl,
    turns: ended ? await store.sessions.countTurns(runSubject(run.id)) : 0,
    usage: ended ? await usageOf(store, run.id) : NO_USAGE,
    microUsd: ended ? await store.ledger.spentBy(runSubject(run.id)) : 0,
    pushUnknown: ended && (await isPushUnknown(store.effects, run.id)),
  };
}

const NO_USAGE: Usage = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 };

async function usageOf(store: Store, run: string): Promise<Usage> {
  let sum = NO_USAGE;
  for (const session of await store.sessions.ofUnit(runSubject(run))) {
    for (const { usage } of (await store.sessions.transcript(session)).turns) {
      sum = {
        input: sum.input + usage.input,
        output: sum.output + usage.output,
        cacheRead: sum.cacheRead + usage.cacheRead,
        cacheWrite: sum.cacheWrite + usage.cacheWrite,
      };
    }
  }
  return sum;
}
