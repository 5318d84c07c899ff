/**
 * Caps on money over all issues (invariant 7): the most that may be spent in one calendar day or month, in one repo and in total.
 * Days and months are those of UTC, so that every host and every reader agrees when one begins.
 */
import { dollars, type MicroUsd } from './money.ts';

export const CAP_WINDOWS = ['day', 'month'] as const;
export type CapWindow = (typeof CAP_WINDOWS)[number];

export interface WindowCaps {
  readonly dayMicroUsd: MicroUsd;
  readonly monthMicroUsd: MicroUsd;
}

/** What the operator allows. */
export interface Caps {
  readonly total: WindowCaps;
  /** Of each repo that `repos` does not name. */
  readonly anyRepo: WindowCaps;
  /** By the repo's key. */
  readonly repos: Readonly<Record<string, WindowCaps>>;
}

/** One cap in one window: when the window passes, the next one is another cap. */
export interface Cap {
  /** `cap/<day or month>/<total, or the repo's key>/<2026-11-23 or 2026-11>` */
  readonly key: string;
  readonly window: CapWindow;
  /** Null: all repos together. */
  readonly repo: string | null;
  /** Days since 1970-01-01; both count. */
  readonly firstDay: number;
  readonly lastDay: number;
  readonly microUsd: MicroUsd;
}

export interface CapStanding {
  readonly cap: Cap;
  /** What people have added to it by recorded raises. */
  readonly raised: MicroUsd;
  /** Settled in its window, plus every open reserve in full. */
  readonly spent: MicroUsd;
  /** What the newest call that it refused would have reserved; 0: it has refused none. */
  readonly refused: MicroUsd;
}

const DAY_MS = 24 * 60 * 60_000;

/** Money counts on the day on which it was reserved. */
export function dayOf(at: number): number {
  return Math.floor(at / DAY_MS);
}

/** The caps that bind a repo at that time; with null those that bind all. */
export function capsAt(caps: Caps, repo: string | null, at: number): Cap[] {
  const own = repo === null ? [] : windowsAt(caps.repos[repo] ?? caps.anyRepo, repo, at);
  return [...windowsAt(caps.total, null, at), ...own];
}

/** The caps of all repos together, and each repo's own. */
export function capsOfAll(caps: Caps, repos: readonly string[], at: number): Cap[] {
  return [
    ...capsAt(caps, null, at),
    ...repos.flatMap((repo) => capsAt(caps, repo, at).filter((cap) => cap.repo !== null)),
  ];
}

function windowsAt({ dayMicroUsd, monthMicroUsd }: WindowCaps, repo: string | null, at: number): Cap[] {
  const date = new Date(at);
  const iso = date.toISOString();
  const today = dayOf(at);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
  const scope = repo ?? 'total';
  return [
    {
      key: `cap/day/${scope}/${iso.slice(0, 10)}`,
      window: 'day',
      repo,
      firstDay: today,
      lastDay: today,
      microUsd: dayMicroUsd,
    },
    {
      key: `cap/month/${scope}/${iso.slice(0, 7)}`,
      window: 'month',
      repo,
      firstDay: dayOf(Date.UTC(year, month, 1)),
      lastDay: dayOf(Date.UTC(year, month + 1, 1)) - 1,
      microUsd: monthMicroUsd,
    },
  ];
}

/** When the window has passed. */
export function capEndsAt(cap: Cap): number {
  return (cap.lastDay + 1) * DAY_MS;
}

export function capLimit({ cap, raised }: CapStanding): MicroUsd {
  return cap.microUsd + raised;
}

/** Nothing is left, or less than the newest refused call would need. A cap of 0 is reached from the start: it holds everything. */
export function isReached(standing: CapStanding): boolean {
  return standing.spent + Math.max(standing.refused, 1) > capLimit(standing);
}

/** What holds, for how long, and how a person ends it. `repoName` is of the cap's repo. */
export function holdInWords(standing: CapStanding, repoName: string | null): { text: string; remedy: string } {
  const { cap, spent, refused } = standing;
  const ofRepo = repoName === null ? '' : ` for ${repoName}`;
  const next = refused === 0 ? '' : `, and the next call may need ${dollars(refused)}`;
  const lanes = repoName === null ? 'lanes hold' : 'its lane holds';
  const until = `${new Date(capEndsAt(cap)).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
  const scope = repoName === null ? '' : ` --repo ${repoName}`;
  return {
    text: `the ${cap.window}'s cap of ${dollars(capLimit(standing))}${ofRepo} is reached (${dollars(spent)} spent or reserved${next}): ${lanes} until ${until}`,
    remedy: `lamplighter caps raise ${cap.window}${scope} --usd 20 --note "why"`,
  };
}
