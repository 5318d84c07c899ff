/**
 * What a run has left in the world, in a form in which two runs of one story can be compared: a run that died many times must have
 * left what an undisturbed one leaves. More of anything is a duplicate, less is something lost.
 */
import { OURSELVES } from '../../activities/tracker/local/writes.ts';
import type { RunRow } from '../../store/port.ts';
import type { Table } from './table.ts';
import { runSubject } from '../../domain/unit.ts';

/** Of what was done, not of what there is: counted only where the ports are watched. */
export const ACTED = 'acted: ';

/** How often each thing is there. */
export type World = Readonly<Record<string, number>>;

export async function worldOf(table: Table, run: RunRow): Promise<World> {
  const counts: Record<string, number> = {};
  const count = (what: string): void => {
    counts[what] = (counts[what] ?? 0) + 1;
  };
  const { store, tracker } = table;
  // One line an update of main; the first is the table's own.
  for (const line of table.git('reflog', 'show', '--format=%gs', 'main').split('\n').slice(0, -1))
    count(`update of main: ${line}`);
  for (const subject of table.git('log', '--format=%s', 'main').split('\n')) count(`commit: ${subject}`);
  const issue = await tracker.read(run.issue);
  for (const event of issue?.labelEvents ?? [])
    if (event.by?.login === OURSELVES) count(`label: ${event.action} ${event.label}`);
  if (issue?.state === 'closed') count('closed');
  for (const comment of await tracker.comments(run.issue)) {
    const [marker = ''] = comment.text.split('\n');
    count(`comment: ${marker.replaceAll(run.id, 'run')}`);
  }
  for (const { name, key, class: kind, done, repeated } of await store.effects.list(runSubject(run.id))) {
    if (!done) count(`unsettled effect: ${name}`);
    if (kind === 'provable' && repeated) count(`repeated effect: ${key}`);
    // How often a text was brought up to date depends on where a death fell.
    if (kind === 'provable' && name !== 'phases-edit') count(`effect: ${name}`);
  }
  for (const { cause, stage } of await store.runs.transitions(run.id)) count(`transition: ${cause} to ${stage}`);
  for (const { topic } of await store.escalations.list({ run: run.id })) count(`escalation: ${topic}`);
  return counts;
}

export interface Difference {
  /** `what × how many more`. */
  readonly duplicates: readonly string[];
  /** What is missing, unsettled, or came about in another way. */
  readonly others: readonly string[];
}

/** Not in the world outside: more of it is no duplicate, but not as it should be either. */
const OURS = /^(?:transition|unsettled effect):/;

export function compare(found: World, expected: World): Difference {
  const duplicates: string[] = [];
  const others: string[] = [];
  for (const what of new Set([...Object.keys(found), ...Object.keys(expected)])) {
    const more = (found[what] ?? 0) - (expected[what] ?? 0);
    if (more > 0) (OURS.test(what) ? others : duplicates).push(`${what} × ${more}`);
    if (more < 0) others.push(`${what} × ${more}`);
  }
  return { duplicates, others };
}

/** Commits by their subject, comments by their marker, and provable effects: each is there once, however the run went. */
const ONCE = /^(?:commit|comment|closed)/;

export function doubledIn(world: World): string[] {
  return Object.entries(world).flatMap(([what, count]) =>
    what.startsWith('repeated effect: ') || (ONCE.test(what) && count > 1) ? [`${what} × ${count}`] : [],
  );
}

export function unsettledIn(world: World): string[] {
  return Object.entries(world).flatMap(([what, count]) =>
    what.startsWith('unsettled effect: ') ? [`${what} × ${count}`] : [],
  );
}
