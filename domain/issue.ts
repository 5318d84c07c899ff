/** What a tracker knows of one person or program. `unknown` is never trusted. */
export interface Actor {
  readonly login: string;
  readonly kind: 'user' | 'bot' | 'unknown';
  readonly permission: 'admin' | 'write' | 'read' | 'none' | 'unknown';
}

/** One application or removal of a label. `id` is the tracker's own event id: for the ready label it names the release. */
export interface LabelEvent {
  readonly id: string;
  readonly label: string;
  readonly action: 'added' | 'removed';
  readonly by: Actor | null;
  /** Epoch milliseconds. */
  readonly at: number;
}

export interface Issue {
  readonly number: number;
  readonly title: string;
  readonly body: string;
  readonly state: 'open' | 'closed';
  readonly labels: readonly string[];
  /** Oldest first; may be the label events of every label. */
  readonly labelEvents: readonly LabelEvent[];
  /** Numbers the tracker itself knows as blockers; the body's "Blocked by #N" is united with them by `blockersOf`. */
  readonly blockedBy: readonly number[];
  /** Where a person reads the issue. */
  readonly url: string;
}

export const LABELS = {
  ready: 'ready-for-agent',
  inProgress: 'agent-in-progress',
  human: 'ready-for-human',
} as const;

const BLOCKED_BY = /^[\s>*-]*blocked by:?\s+((?:#\d+(?:\s*(?:,|and)\s*)?)+)/gim;

/** Every blocker of an issue: the tracker's own list united with lines "Blocked by #1, #2 and #3" of the body. */
export function blockersOf(issue: Pick<Issue, 'body' | 'blockedBy'>): number[] {
  const found = new Set(issue.blockedBy);
  for (const line of issue.body.matchAll(BLOCKED_BY)) {
    for (const number of (line[1] ?? '').matchAll(/#(\d+)/g)) found.add(Number(number[1]));
  }
  return [...found].toSorted((a, b) => a - b);
}

/** `priority:<n>`, lowest first; no label or one that is not a whole number sorts last. */
export function priorityOf(labels: readonly string[]): number {
  const values = labels.flatMap((label) => /^priority:(\d{1,9})$/.exec(label)?.slice(1) ?? []).map(Number);
  return values.length === 0 ? Number.MAX_SAFE_INTEGER : Math.min(...values);
}

export interface Queued {
  readonly issue: number;
  readonly priority: number;
}

/** The order of a lane's queue: priority, then issue number. */
export function byPriority(a: Queued, b: Queued): number {
  return a.priority - b.priority || a.issue - b.issue;
}
