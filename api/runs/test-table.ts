/**
 * Red and green side by side: what each test did on the base and on the change, by its id, folded out of the evidence of one
 * verification. Pure. What the pages show of it is bounded here, because a suite may have thousands of tests.
 */
import { z } from 'zod';
import { testIdText } from '../../domain/gates/outcome.ts';
import { headOf } from '../../domain/text.ts';

export const TEST_COLUMNS = ['base', 'red', 'regression', 'green'] as const;
export type TestColumn = (typeof TEST_COLUMNS)[number];

/** `absent`: the check ran, and no test has this id there. Null: the check did not run, or nobody knows what it said. */
export type TestStanding = 'passed' | 'failed' | 'skipped' | 'absent' | null;

export interface TestRow {
  readonly id: string;
  readonly check: string;
  readonly cells: Readonly<Record<TestColumn, TestStanding>>;
  /** No test of the base has this id. */
  readonly isNew: boolean;
  /** Failed without the change, as a new or changed test must. */
  readonly isProof: boolean;
  /** Had two outcomes on the base: listed, not judged. */
  readonly isFlaky: boolean;
  /** Does not pass on the change although it should. */
  readonly isWrong: boolean;
  /** Why the agent changed it, where it said so. */
  readonly excuse: string | null;
  readonly details: readonly { readonly column: TestColumn; readonly text: string }[];
}

export interface TestRun {
  readonly column: TestColumn;
  readonly check: string;
  /** Why there is nothing to judge; null where there is a report. */
  readonly problem: string | null;
  readonly log: string;
}

export interface TestTable {
  /** Null: this gate was not reached, or its evidence is not there. */
  readonly counts: Readonly<Record<TestColumn, { passed: number; failed: number; skipped: number } | null>>;
  readonly runs: readonly TestRun[];
  /** Some tests ran on the base with empty functions in place of what the change adds. */
  readonly isHollow: boolean;
  readonly totals: { readonly ids: number; readonly fresh: number; readonly proofs: number; readonly wrong: number };
  /** In this order; each test is in the first that it belongs to. */
  readonly groups: Readonly<Record<TestGroup, TestRows>>;
}

/** Wrong on the change; red without it; otherwise not the same wherever it ran; the same. */
export const TEST_GROUPS = ['wrong', 'proofs', 'other', 'same'] as const;
export type TestGroup = (typeof TEST_GROUPS)[number];

export interface TestRows {
  readonly rows: readonly TestRow[];
  /** How many more there are. */
  readonly leftOut: number;
}

/** Of each group: a thousand failures leave room for what proves the change. */
const MOST = 150;
const DETAIL_CHARACTERS = 1_500;

const outcome = z.object({
  id: z.object({ suite: z.string(), file: z.string(), class: z.string(), name: z.string(), ordinal: z.number() }),
  outcome: z.enum(['passed', 'failed', 'skipped']),
  detail: z.string().default(''),
});
const run = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('reported'), outcomes: z.array(outcome), log: z.string().default('') }),
  z.object({ kind: z.literal('unjudged'), reason: z.string(), log: z.string().default('') }),
]);
type Run = z.infer<typeof run>;

const bodies = {
  base: z.object({
    checks: z.array(
      z.object({
        name: z.string(),
        outcomes: z.array(outcome),
        flaky: z.array(z.string()),
        log: z.string().default(''),
      }),
    ),
  }),
  red: z.object({
    checks: z
      .array(
        z.object({
          name: z.string(),
          red: z.array(z.string()),
          // A red that was kept over a merge was not run again.
          run: run.optional(),
          hollow: z.object({ run }).optional(),
        }),
      )
      .default([]),
  }),
  later: z.object({
    excused: z.array(z.object({ id: z.string(), reason: z.string() })).default([]),
    checks: z.array(z.intersection(z.object({ check: z.string() }), run)).default([]),
  }),
};

/** The evidence of one verification, as JSON; null where there is none. */
export type GateBodies = Readonly<Record<TestColumn, unknown>>;

/** What the four bodies say, check by check. */
interface Read {
  readonly runs: Readonly<Record<TestColumn, ReadonlyMap<string, Run> | null>>;
  readonly hollow: ReadonlyMap<string, Run>;
  readonly flaky: ReadonlySet<string>;
  readonly proofs: ReadonlySet<string>;
  readonly excuses: ReadonlyMap<string, string>;
}

/** Null when a body is not of a shape that this release knows: it is then shown as it is. */
export function foldTests(given: GateBodies): TestTable | null {
  const read = readBodies(given);
  if (read === null) return null;
  const found = collect(read);
  const rows = [...found.values()].map((one) => rowOf(one, read));
  return {
    counts: byColumn((column) => countsOf(read, column)),
    runs: TEST_COLUMNS.flatMap((column) => runsOf(read, column)),
    isHollow: read.hollow.size > 0,
    totals: {
      ids: rows.length,
      fresh: rows.filter((row) => row.isNew).length,
      proofs: rows.filter((row) => row.isProof).length,
      wrong: rows.filter((row) => row.isWrong).length,
    },
    groups: {
      wrong: bounded(rows, 'wrong'),
      proofs: bounded(rows, 'proofs'),
      other: bounded(rows, 'other'),
      same: bounded(rows, 'same'),
    },
  };
}

function readBodies({ base, red, regression, green }: GateBodies): Read | null {
  const read = {
    base: bodies.base.nullable().safeParse(base),
    red: bodies.red.nullable().safeParse(red),
    regression: bodies.later.nullable().safeParse(regression),
    green: bodies.later.nullable().safeParse(green),
  };
  if (!read.base.success || !read.red.success || !read.regression.success || !read.green.success) return null;
  const proven = read.base.data?.checks ?? [];
  const judged = read.red.data?.checks ?? [];
  const later = (checks: readonly ({ readonly check: string } & Run)[] | undefined) =>
    checks === undefined ? null : new Map(checks.map((one) => [one.check, one]));
  return {
    runs: {
      base:
        read.base.data === null
          ? null
          : new Map(proven.map(({ name, outcomes, log }) => [name, { kind: 'reported' as const, outcomes, log }])),
      red:
        read.red.data === null
          ? null
          : new Map(judged.flatMap((one) => (one.run === undefined ? [] : [[one.name, one.run] as const]))),
      regression: later(read.regression.data?.checks),
      green: later(read.green.data?.checks),
    },
    hollow: new Map(judged.flatMap(({ name, hollow }) => (hollow === undefined ? [] : [[name, hollow.run] as const]))),
    flaky: new Set(proven.flatMap(({ name, flaky }) => flaky.map((id) => keyOf(name, id)))),
    proofs: new Set(judged.flatMap(({ name, red: ids }) => ids.map((id) => keyOf(name, id)))),
    excuses: new Map((read.regression.data?.excused ?? []).map(({ id, reason }) => [id, reason])),
  };
}

interface Found {
  readonly check: string;
  readonly id: string;
  readonly seen: Map<TestColumn, { readonly outcome: 'passed' | 'failed' | 'skipped'; readonly detail: string }>;
}

/** Every id that any run knows, in the order of the reports, the newest state of the code first. */
function collect(read: Read): ReadonlyMap<string, Found> {
  const found = new Map<string, Found>();
  const add = (column: TestColumn, check: string, one: Run | undefined): void => {
    if (one?.kind !== 'reported') return;
    for (const { id: parts, outcome: what, detail } of one.outcomes) {
      const id = testIdText(parts);
      const key = keyOf(check, id);
      const known = found.get(key) ?? { check, id, seen: new Map() };
      known.seen.set(column, { outcome: what, detail });
      found.set(key, known);
    }
  };
  for (const column of TEST_COLUMNS.toReversed()) {
    for (const [check, one] of read.runs[column] ?? []) add(column, check, one);
  }
  // A test that did not load on the base was run once more, with empty functions: that run is the one that counts.
  for (const [check, one] of read.hollow) add('red', check, one);
  return found;
}

function rowOf({ check, id, seen }: Found, read: Read): TestRow {
  const cells = byColumn((column) => {
    const ran =
      column === 'red' ? (read.hollow.get(check) ?? read.runs.red?.get(check)) : read.runs[column]?.get(check);
    return seen.get(column)?.outcome ?? (ran?.kind === 'reported' ? 'absent' : null);
  });
  const key = keyOf(check, id);
  const isFlaky = read.flaky.has(key);
  const excuse = read.excuses.get(id) ?? null;
  const isLost =
    cells.base === 'passed' && [cells.regression, cells.green].some((cell) => cell === 'absent' || cell === 'skipped');
  const failsLater = cells.regression === 'failed' || cells.green === 'failed';
  return {
    id,
    check,
    cells,
    isNew: cells.base === 'absent',
    isProof: read.proofs.has(key),
    isFlaky,
    isWrong: !isFlaky && (cells.green === 'failed' || (excuse === null && (isLost || failsLater))),
    excuse,
    details: TEST_COLUMNS.flatMap((column) => {
      const text = seen.get(column)?.detail ?? '';
      return text === '' ? [] : [{ column, text: headOf(text, DETAIL_CHARACTERS) }];
    }),
  };
}

function groupOf({ cells, isWrong, isProof, isFlaky }: TestRow): TestGroup {
  if (isWrong) return 'wrong';
  if (isProof) return 'proofs';
  const known = TEST_COLUMNS.map((column) => cells[column]).filter((cell) => cell !== null);
  return isFlaky || new Set(known).size > 1 ? 'other' : 'same';
}

/** What fails, before what is gone or skipped. */
function isFailing({ cells }: TestRow): boolean {
  return TEST_COLUMNS.some((column) => cells[column] === 'failed');
}

function countsOf(read: Read, column: TestColumn): { passed: number; failed: number; skipped: number } | null {
  const checks = read.runs[column];
  if (checks === null) return null;
  const runs = [...checks].map(([check, one]) => (column === 'red' ? (read.hollow.get(check) ?? one) : one));
  const outcomes = runs.flatMap((one) => (one.kind === 'reported' ? one.outcomes : []));
  const count = (what: string): number => outcomes.filter((one) => one.outcome === what).length;
  return { passed: count('passed'), failed: count('failed'), skipped: count('skipped') };
}

function runsOf(read: Read, column: TestColumn): TestRun[] {
  return [...(read.runs[column] ?? [])].map(([check, one]) => ({
    column,
    check,
    problem: one.kind === 'unjudged' ? one.reason : null,
    log: one.log,
  }));
}

function bounded(all: readonly TestRow[], group: TestGroup): TestRows {
  const rows = all
    .filter((row) => groupOf(row) === group)
    .toSorted((one, other) => Number(isFailing(other)) - Number(isFailing(one)));
  return { rows: rows.slice(0, MOST), leftOut: Math.max(0, rows.length - MOST) };
}

function byColumn<T>(of: (column: TestColumn) => T): Record<TestColumn, T> {
  return { base: of('base'), red: of('red'), regression: of('regression'), green: of('green') };
}

/** Two checks may have tests of one id. */
function keyOf(check: string, id: string): string {
  return JSON.stringify([check, id]);
}
