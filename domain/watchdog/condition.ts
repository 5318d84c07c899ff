/**
 * What the watchdog can notice, as data (invariant 10): something that holds now, since when, and how long it may last before a person
 * is called. A known wait and a silence are the same in this: both have a deadline.
 */

/** How long each may last. Milliseconds. */
export interface WatchLimits {
  /** Of what should show itself all the time: a worker, the poller, Temporal, the watchdog's own look. */
  readonly unseenMs: number;
  /** Beyond what a stage may take by its own bounds without a word. */
  readonly marginMs: number;
  /** An act that nobody has taken. */
  readonly actMs: number;
  readonly slotMs: number;
  readonly baseRedMs: number;
  readonly pauseMs: number;
  readonly approvalMs: number;
  readonly frozenMs: number;
  readonly killSwitchMs: number;
  readonly capMs: number;
  /** Work that waits in a free lane, or a tracker that can't be read. */
  readonly queueMs: number;
  /** Less is a full disk. */
  readonly diskFreeBytes: number;
}

export type WatchTopic =
  | 'run-silent'
  | 'vanished'
  | 'overdue'
  | 'base-red'
  | 'paused'
  | 'approval'
  | 'frozen'
  | 'no-slot'
  | 'act-unread'
  | 'kill-switch'
  | 'cap-reached'
  | 'lane-idle'
  | 'tracker-unreadable'
  | 'workflow-stuck'
  | 'worker-unseen'
  | 'poller-unseen'
  | 'temporal-unreachable'
  | 'disk-full';

export interface Condition {
  /** What it is and of what: while it lasts, it is one. */
  readonly key: string;
  readonly topic: WatchTopic;
  /** Epoch milliseconds; null where nothing recorded the beginning: from the first look that saw it. */
  readonly since: number | null;
  readonly limitMs: number;
  /** While nobody was watching it could not have shown itself: its time begins with the watch. */
  readonly needsWatch: boolean;
  /** Said again each time the limit has passed once more: only a person can end it. */
  readonly reminds: boolean;
  readonly run: string | null;
  readonly repo: string | null;
  /** What happened, and to what. */
  readonly text: string;
  readonly why: string;
  /** What to do. */
  readonly remedy: string;
  /** Where others call for the same by this key: one call is enough. */
  readonly escalation?: string;
}

/** A condition past its limit. */
export interface Finding extends Condition {
  readonly since: number;
  /** Of its escalation: another one for each occurrence and reminder, the same at each look. */
  readonly escalation: string;
}

/** What is kept from one look to the next, and over a restart of the process. */
export interface WatchMemory {
  readonly lookedAt: number;
  /** Begins anew when nobody looked for a while, as on a machine that was off. */
  readonly watchedSince: number;
  readonly temporalSeenAt: number | null;
  /** When a condition was first seen, by its key. */
  readonly since: Readonly<Record<string, number>>;
  /** When a run was last seen held by something known, by its id: its silence is counted from there. */
  readonly held: Readonly<Record<string, number>>;
  /** Findings that a person was called for and that last, by key. */
  readonly called: Readonly<Record<string, Called>>;
}

export interface Called {
  readonly escalation: string;
  readonly topic: WatchTopic;
  readonly since: number;
  readonly run: string | null;
  readonly repo: string | null;
}

/** Null while its time is not up. */
export function findingOf(condition: Condition, memory: WatchMemory, now: number): Finding | null {
  const since = condition.since ?? memory.since[condition.key] ?? now;
  const from = condition.needsWatch ? Math.max(since, memory.watchedSince) : since;
  const { limitMs } = condition;
  if (now - from < limitMs) return null;
  const reminder = condition.reminds ? Math.max(0, Math.floor((now - from) / Math.max(1, limitMs)) - 1) : 0;
  const own = `watchdog/${condition.key}/${since}${reminder === 0 ? '' : `/${reminder}`}`;
  return { ...condition, since, escalation: condition.escalation ?? own };
}

/** What a person is told in one line. */
export function findingInWords({ text, why, remedy }: Pick<Finding, 'text' | 'why' | 'remedy'>): string {
  return `${text}: ${why}. What to do: ${remedy}`;
}
