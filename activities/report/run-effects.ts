/** The effects that a run's transition owes, each idempotent by (run, transition, index), through the one effect module (invariant 5). */
import type { RunEffect } from '../../domain/stage.ts';
import { trimLog } from '../../domain/log-trim.ts';
import type { EvidenceRow, RunRow, Store } from '../../store/port.ts';
import { logOf } from '../deploy/output.ts';
import type { PerformEffect } from '../effects/perform.ts';
import type { RepoTracker } from '../tracker/issue-reader.ts';
import { commentMarker, renderRunComment } from './run-comment.ts';
import { runSubject } from '../../domain/unit.ts';

export interface RunEffectDeps {
  readonly store: Store;
  readonly perform: PerformEffect;
  readonly publicUrl: string;
  readonly now: () => number;
}

type EffectOf<D extends RunEffect['do']> = Extract<RunEffect, { do: D }>;

interface Owed<E extends RunEffect> {
  readonly run: RunRow;
  readonly effect: E;
  readonly tracker: RepoTracker;
  /** `<run>/<seq>/<index>` */
  readonly id: string;
}

/** What was done, or that the issue is gone from the tracker, where there is nothing left to do it to. */
type Done = 'done' | 'gone';

export async function changeLabels(
  deps: RunEffectDeps,
  { run, effect, tracker, id }: Owed<EffectOf<'label'>>,
): Promise<void> {
  await deps.perform<Done>({
    key: `label/${id}`,
    name: 'label',
    class: 'provable',
    unit: runSubject(run.id),
    lookup: async () => {
      const issue = await tracker.issues.glance(run.issue);
      if (issue === null) return 'gone';
      const holds =
        effect.add.every((label) => issue.labels.includes(label)) &&
        !effect.remove.some((label) => issue.labels.includes(label));
      return holds ? 'done' : null;
    },
    act: async () => {
      await tracker.writes.changeLabels(run.issue, { add: effect.add, remove: effect.remove });
      return 'done';
    },
  });
}

export async function addComment(
  deps: RunEffectDeps,
  { run, effect, tracker, id }: Owed<EffectOf<'comment'>>,
): Promise<void> {
  const marker = commentMarker(run.id, effect.topic, run.seq);
  await deps.perform<Done>({
    key: `comment/${id}`,
    name: 'comment',
    class: 'provable',
    unit: runSubject(run.id),
    lookup: async () => {
      if ((await tracker.issues.glance(run.issue)) === null) return 'gone';
      return (await tracker.writes.findComment(run.issue, marker)) === null ? null : 'done';
    },
    act: async () => {
      const evidence = await deps.store.evidence.list(runSubject(run.id));
      const acts = await deps.store.acts.list(run.id);
      const text = renderRunComment({
        topic: effect.topic,
        run,
        evidence,
        acts,
        redLog: await lastRedLog(deps.store.evidence, run, evidence),
        pushUnknown: await isPushUnknown(deps.store.effects, run.id),
        publicUrl: deps.publicUrl,
      });
      await tracker.writes.addComment(run.issue, marker, text);
      return 'done';
    },
  });
}

const LOG_CHARS = 1_500;

async function lastRedLog(
  store: Pick<Store['evidence'], 'body'>,
  { state }: RunRow,
  evidence: readonly EvidenceRow[],
): Promise<string> {
  const { red } = state.progress;
  const row = evidence.findLast((one) => one.kind === red?.stage && one.sha === red.sha && one.verdict === 'red');
  return row === undefined ? '' : trimLog(logOf(await store.body(row.id)), LOG_CHARS);
}

/** Its intent is written before it, its outcome after: one without the other says nothing of the remote. */
export async function isPushUnknown(effects: Pick<Store['effects'], 'list'>, run: string): Promise<boolean> {
  return (await effects.list(runSubject(run))).some(({ name, done }) => name === 'push' && !done);
}

export async function closeIssue(deps: RunEffectDeps, { run, tracker, id }: Owed<EffectOf<'close'>>): Promise<void> {
  await deps.perform<Done>({
    key: `close/${id}`,
    name: 'close',
    class: 'provable',
    unit: runSubject(run.id),
    lookup: async () => {
      const issue = await tracker.issues.glance(run.issue);
      if (issue === null) return 'gone';
      return issue.state === 'closed' ? 'done' : null;
    },
    act: async () => {
      await tracker.writes.close(run.issue);
      return 'done';
    },
  });
}

/** A row, raised once. The post delivers it; no run waits for a channel. */
export async function callPerson(
  { store, now }: RunEffectDeps,
  { run, effect, id }: Omit<Owed<EffectOf<'escalate'>>, 'tracker'>,
): Promise<void> {
  const { severity, topic, decision } = effect;
  const key = `escalation/${id}`;
  await store.escalations.raise({ key, run: run.id, repo: run.repo, severity, topic, decision, at: now() });
}
