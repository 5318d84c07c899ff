/**
 * Whole issues, put together from what a tracker answers to one question each. Whatever was read is asked for again with its cursor, and
 * taken from memory where the tracker says that nothing has changed; a process that starts anew reads all anew.
 */
import { LRUCache } from 'lru-cache';
import { blockersOf, type Issue } from '../../domain/issue.ts';
import type { Allowance, Blocker, Cursor, ListedIssue, Reading, TrackerReads, TrackerWrites } from './port.ts';

export interface IssueReader {
  /** Open issues that carry the ready label, and what can't be read, in words for a person. */
  ready(): Promise<{ readonly issues: readonly Issue[]; readonly unreadable: readonly string[] }>;
  read(number: number): Promise<Issue | null>;
  /** Cheaper: without who labelled it and what blocks it. */
  glance(number: number): Promise<ListedIssue | null>;
  /** How those stand that block the issue, by the tracker's own word or by a line of its body. */
  blockers(issue: Issue): Promise<ReadonlyMap<number, Blocker['state']>>;
  /** As the tracker said at its last answer; null where it sets no limit. */
  left(): Allowance | null;
}

/** Of one repo, for those who both read and write. */
export interface RepoTracker {
  readonly issues: IssueReader;
  readonly writes: TrackerWrites;
}

/** Readings of one tracker that are kept: some hundred issues, three each. */
const KEPT = 1_000;

interface Kept {
  readonly value: unknown;
  readonly cursor: Cursor;
}

export function createIssueReader(reads: TrackerReads): IssueReader {
  const kept = new LRUCache<string, Kept>({ max: KEPT });
  let left: Allowance | null = null;

  async function ask<T>(what: string, question: (since: Cursor | null) => Promise<Reading<T>>): Promise<T> {
    const before = kept.get(what);
    const answer = await question(before?.cursor ?? null);
    ({ left } = answer);
    if (answer.kind === 'unchanged') {
      if (before === undefined) throw new Error(`the tracker says that ${what} is unchanged, which was never read`);
      // What is kept under this name came from this question.
      return before.value as T;
    }
    if (answer.cursor === null) kept.delete(what);
    else kept.set(what, { value: answer.value, cursor: answer.cursor });
    return answer.value;
  }

  const glance = (number: number): Promise<ListedIssue | null> =>
    ask(`issue ${number}`, (since) => reads.issue(number, since));
  const ownBlockers = (number: number): Promise<readonly Blocker[]> =>
    ask(`the blockers of ${number}`, (since) => reads.blockers(number, since));

  async function whole(issue: ListedIssue): Promise<Issue> {
    const { number } = issue;
    const labelEvents = await ask(`the labels of ${number}`, (since) => reads.labelEvents(number, since));
    const blockedBy = (await ownBlockers(number)).map((one) => one.number);
    return { ...issue, labelEvents, blockedBy };
  }

  return {
    async ready() {
      const { issues, unreadable } = await ask('the ready issues', (since) => reads.readyIssues(since));
      const read: Issue[] = [];
      for (const one of issues) read.push(await whole(one));
      return { issues: read, unreadable };
    },
    async read(number) {
      const issue = await glance(number);
      return issue === null ? null : whole(issue);
    },
    glance,
    async blockers(issue) {
      const numbers = blockersOf(issue);
      if (numbers.length === 0) return new Map();
      const own = new Map((await orNone(ownBlockers(issue.number))).map(({ number, state }) => [number, state]));
      const states = new Map<number, Blocker['state']>();
      for (const number of numbers) states.set(number, own.get(number) ?? (await stateOf(glance(number))));
      return states;
    },
    left: () => left,
  };
}

async function orNone(reading: Promise<readonly Blocker[]>): Promise<readonly Blocker[]> {
  try {
    return await reading;
  } catch {
    return [];
  }
}

/** A blocker that can't be read goes on blocking what it blocks, and nothing else. */
async function stateOf(reading: Promise<ListedIssue | null>): Promise<Blocker['state']> {
  try {
    return (await reading)?.state ?? 'unknown';
  } catch {
    return 'unknown';
  }
}
