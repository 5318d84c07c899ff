/** What holds capacity, spends money, owns sessions and evidence and is the subject of events: a run, a job, a breakglass session. */
import type { MicroUsd } from './money.ts';

export const UNIT_KINDS = ['run', 'job', 'breakglass'] as const;
export type UnitKind = (typeof UNIT_KINDS)[number];

/** Names one unit among all kinds, in rows and as the subject of its events. */
export type Subject = `${UnitKind}/${string}`;

export interface Unit {
  readonly kind: UnitKind;
  /** Also the name of its session, its worktree and its keys. */
  readonly id: string;
  readonly subject: Subject;
  /** Null where it has no checkout. */
  readonly repo: { readonly key: string; readonly name: string } | null;
  readonly budgets: Budgets;
}

/** As they hold now, with what people have granted. */
export interface Budgets {
  readonly money: Budget;
  /** Model turns over the unit's whole life. */
  readonly turns: number;
  /** Milliseconds of session time over the unit's whole life. */
  readonly sessionMs: number;
}

/** Money that several units may share, as the runs of one issue do (invariant 7). */
export interface Budget {
  readonly name: string;
  /** As people read of it, such as `the issue's budget`. */
  readonly words: string;
  readonly microUsd: MicroUsd;
}

export function subjectOf(kind: UnitKind, id: string): Subject {
  return `${kind}/${id}`;
}

export function runSubject(id: string): Subject {
  return subjectOf('run', id);
}

export function isRunSubject(value: unknown): value is Subject {
  return typeof value === 'string' && value.startsWith('run/');
}

export function unitNamed(subject: Subject): Pick<Unit, 'kind' | 'id'> {
  const at = subject.indexOf('/');
  const kind = UNIT_KINDS.find((one) => one === subject.slice(0, at));
  if (kind === undefined) throw new Error(`${subject} names no unit: it begins with one of ${UNIT_KINDS.join(', ')}`);
  return { kind, id: subject.slice(at + 1) };
}

/** All runs of one issue spend from it. */
export function issueBudget(repo: string, issue: number): string {
  return `issue/${repo}/${issue}`;
}

/** Of events about one run, else about one repo, else about the whole. */
export function subjectAbout({ run, repo }: { readonly run: string | null; readonly repo: string | null }): string {
  if (run !== null) return runSubject(run);
  return repo === null ? 'system' : `repo/${repo}`;
}
