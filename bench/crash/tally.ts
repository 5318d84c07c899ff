/** What the crash runner has seen so far, and the document that it prints. Several runs of it on one commit add up. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { absent } from '../../activities/git/absent.ts';

/** One kind of death, as it adds up. */
export interface Share {
  readonly runs: number;
  readonly deaths: number;
  readonly duplicates: readonly string[];
  /** Runs that did not come to their outcome, or came to it in another way than an undisturbed one. */
  readonly unresolved: readonly string[];
  /** Acts that nobody took, and pushes past a person who held the run. */
  readonly actsLost: readonly string[];
  /** What a person took from main and came back, or put there and is gone. */
  readonly undone: readonly string[];
  readonly turnsLostMax: number;
  readonly recoveryMs: readonly number[];
  /** What was done beside the deaths: acts whose poke was lost, changes of main, locks that were left. */
  readonly faults: Readonly<Record<string, number>>;
  /** Deaths by the place where they fell. */
  readonly points: Readonly<Record<string, number>>;
}

export interface Tally {
  readonly area: string;
  /** With `+changes` where the work tree holds others. */
  readonly commit: string;
  readonly seconds: number;
  /** By the kind of death, such as `inProcess`. */
  readonly shares: Readonly<Record<string, Share>>;
}

export const NOTHING: Share = {
  runs: 0,
  deaths: 0,
  duplicates: [],
  unresolved: [],
  actsLost: [],
  undone: [],
  turnsLostMax: 0,
  recoveryMs: [],
  faults: {},
  points: {},
};

export function added(a: Share, b: Share): Share {
  return {
    runs: a.runs + b.runs,
    deaths: a.deaths + b.deaths,
    duplicates: [...a.duplicates, ...b.duplicates],
    unresolved: [...a.unresolved, ...b.unresolved],
    actsLost: [...a.actsLost, ...b.actsLost],
    undone: [...a.undone, ...b.undone],
    turnsLostMax: Math.max(a.turnsLostMax, b.turnsLostMax),
    recoveryMs: [...a.recoveryMs, ...b.recoveryMs],
    faults: summed(a.faults, b.faults),
    points: summed(a.points, b.points),
  };
}

type Counts = Readonly<Record<string, number>>;

function summed(a: Counts, b: Counts): Counts {
  const sums: Record<string, number> = { ...a };
  for (const [what, count] of Object.entries(b)) sums[what] = (sums[what] ?? 0) + count;
  return sums;
}

export function countsOf(names: readonly string[]): Counts {
  return names.reduce((counts, name) => summed(counts, { [name]: 1 }), {});
}

export function findingsIn({ duplicates, unresolved, actsLost, undone }: Share): string[] {
  return [...duplicates, ...unresolved, ...actsLost, ...undone];
}

/** What an earlier run of the area on this commit has come to; null where there was none. Work trees with changes never add up. */
export function readTally(file: string, area: string, commit: string): Tally | null {
  try {
    const kept = JSON.parse(readFileSync(file, 'utf8')) as Tally;
    return kept.area === area && kept.commit === commit && !commit.endsWith('+changes') ? kept : null;
  } catch (error) {
    return absent(error);
  }
}

export function keepTally(file: string, tally: Tally): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify(tally));
}

export interface Percentiles {
  readonly p50: number | null;
  readonly p95: number | null;
}

export interface CrashDocument {
  readonly area: string;
  readonly commit: string;
  readonly seed: number;
  /** Busy processes that it made beside what it told last. */
  readonly load: number;
  readonly minutes: number;
  /** Of all kinds. */
  readonly deaths: number;
  /** Those of them that were SIGKILLs of real processes. */
  readonly sigkills: number;
  readonly duplicates: number;
  readonly turnsLostMax: number;
  readonly unresolved: number;
  readonly actsLost: number;
  readonly undone: number;
  /** From a SIGKILL until the record of the run or the op moved again. */
  readonly recoveryMs: Percentiles;
  readonly kinds: Readonly<Record<string, KindDocument>>;
  /** Places where somebody ought to die, and nobody has yet. */
  readonly missed: readonly string[];
  /** What was doubled, lost, undone or not resolved, in words. */
  readonly findings: readonly string[];
}

interface KindDocument {
  readonly runs: number;
  readonly deaths: number;
  readonly sigkills: number;
  readonly recoveryMs: Percentiles;
  readonly faults: Counts;
  readonly points: Counts;
}

/** What only an area knows of its shares. */
export interface AreaOfTally {
  /** How many of a share's deaths were SIGKILLs. */
  readonly sigkillsOf: (kind: string, share: Share) => number;
  readonly missed: (shares: Tally['shares']) => readonly string[];
}

export function documentOf(
  tally: Tally,
  { seed, load }: Pick<CrashDocument, 'seed' | 'load'>,
  { sigkillsOf, missed }: AreaOfTally,
): CrashDocument {
  const { area, commit, seconds, shares } = tally;
  const kinds = Object.entries(shares);
  const all = kinds.reduce((sum, [, share]) => added(sum, share), NOTHING);
  const killed = kinds.filter(([kind, share]) => sigkillsOf(kind, share) > 0);
  return {
    area,
    commit,
    seed,
    load,
    minutes: Math.round(seconds / 6) / 10,
    deaths: all.deaths,
    sigkills: killed.reduce((sum, [kind, share]) => sum + sigkillsOf(kind, share), 0),
    duplicates: all.duplicates.length,
    turnsLostMax: all.turnsLostMax,
    unresolved: all.unresolved.length,
    actsLost: all.actsLost.length,
    undone: all.undone.length,
    recoveryMs: percentiles(killed.flatMap(([, share]) => share.recoveryMs)),
    kinds: Object.fromEntries(kinds.map(([kind, share]) => [kind, kindOf(share, sigkillsOf(kind, share))])),
    missed: missed(shares),
    findings: findingsIn(all),
  };
}

function kindOf({ runs, deaths, recoveryMs, faults, points }: Share, sigkills: number): KindDocument {
  return {
    runs,
    deaths,
    sigkills,
    recoveryMs: percentiles(recoveryMs),
    faults: sorted(faults),
    points: sorted(points),
  };
}

function sorted(counts: Counts): Counts {
  return Object.fromEntries(Object.entries(counts).sort(([a], [b]) => a.localeCompare(b)));
}

export function percentiles(given: readonly number[]): Percentiles {
  const sorted = given.toSorted((a, b) => a - b);
  const at = (share: number): number | null => {
    const value = sorted[Math.ceil(share * sorted.length) - 1];
    return value === undefined ? null : Math.round(value);
  };
  return { p50: at(0.5), p95: at(0.95) };
}
