import { describe, expect, it } from 'vitest';
import { foldTests, type GateBodies, type TestTable } from './test-table.ts';

type Said = 'passed' | 'failed' | 'skipped';

const outcome = (name: string, what: Said): object => ({
  id: { suite: '', file: 'lib.test.mjs', class: '', name, ordinal: 1 },
  outcome: what,
  failure: what === 'failed' ? 'test' : null,
  detail: what === 'failed' ? `${name} expected 6` : '',
});
const outcomes = (given: Readonly<Record<string, Said>>): object[] =>
  Object.entries(given).map(([name, what]) => outcome(name, what));
const reported = (given: Readonly<Record<string, Said>>): object => ({
  kind: 'reported',
  outcomes: outcomes(given),
  code: 0,
  log: 'printed',
  ms: 5,
});
const text = (name: string): string => `lib.test.mjs › ${name}`;

interface Given {
  readonly base: Readonly<Record<string, Said>>;
  readonly red: Readonly<Record<string, Said>>;
  readonly regression: Readonly<Record<string, Said>>;
  readonly green: Readonly<Record<string, Said>>;
  readonly proofs?: readonly string[];
  readonly flaky?: readonly string[];
  readonly excused?: readonly string[];
}

function bodiesOf({ base, red, regression, green, proofs = [], flaky = [], excused = [] }: Given): GateBodies {
  return {
    base: {
      judged: { verdict: 'green' },
      checks: [{ name: 'unit', outcomes: outcomes(base), flaky: flaky.map(text), log: '', runs: 2 }],
    },
    red: { gate: 'red', checks: [{ name: 'unit', kind: 'assertion-red', red: proofs.map(text), run: reported(red) }] },
    regression: {
      gate: 'regression',
      excused: excused.map((name) => ({ id: text(name), reason: 'the issue asks for it' })),
      checks: [{ check: 'unit', ...reported(regression) }],
    },
    green: { gate: 'green', checks: [{ check: 'unit', ...reported(green) }] },
  };
}

function fold(given: Given): TestTable {
  const table = foldTests(bodiesOf(given));
  if (table === null) throw new Error('the bodies were not understood');
  return table;
}

const SHIPS: Given = {
  base: { adds: 'passed', old: 'passed' },
  red: { adds: 'passed', old: 'passed', multiplies: 'failed' },
  regression: { adds: 'passed', old: 'passed' },
  green: { adds: 'passed', old: 'passed', multiplies: 'passed' },
  proofs: ['multiplies'],
};

describe('tests side by side', () => {
  it('a red that was kept over a merge, and not run again, still says which tests prove the change', () => {
    const bodies = bodiesOf(SHIPS);
    const kept = {
      gate: 'red',
      kept: { evidence: 'e', base: 'b' },
      checks: [{ name: 'unit', kind: 'assertion-red', red: [text('multiplies')] }],
    };
    const table = foldTests({ ...bodies, red: kept });
    expect(table?.groups.proofs.rows).toMatchObject([
      { id: text('multiplies'), cells: { base: 'absent', red: null, green: 'passed' }, isProof: true },
    ]);
    expect([table?.totals.proofs, table?.totals.wrong]).toEqual([1, 0]);
  });

  it('a new test is absent on the base, red without the change, green with it, and is said to prove it', () => {
    const { groups, totals, counts } = fold(SHIPS);
    expect(groups.proofs.rows).toEqual([
      {
        id: text('multiplies'),
        check: 'unit',
        cells: { base: 'absent', red: 'failed', regression: 'absent', green: 'passed' },
        isNew: true,
        isProof: true,
        isFlaky: false,
        isWrong: false,
        excuse: null,
        details: [{ column: 'red', text: 'multiplies expected 6' }],
      },
    ]);
    expect(groups.same.rows.map((row) => row.id)).toEqual([text('adds'), text('old')]);
    expect([groups.wrong.rows, groups.other.rows]).toEqual([[], []]);
    expect(totals).toEqual({ ids: 3, fresh: 1, proofs: 1, wrong: 0 });
    expect(counts.red).toEqual({ passed: 2, failed: 1, skipped: 0 });
  });

  it('each test is in one group: wrong on the change, red without it, otherwise different, the same; failing ones first', () => {
    const { groups, totals } = fold({
      ...SHIPS,
      base: { ...SHIPS.base, lost: 'passed', skipped: 'passed', late: 'skipped' },
      regression: { ...SHIPS.regression, old: 'failed', skipped: 'passed' },
      green: { ...SHIPS.green, skipped: 'skipped', late: 'passed' },
    });
    const names = (group: keyof typeof groups) => groups[group].rows.map((row) => row.id.split(' › ')[1]);
    expect(names('wrong')[0]).toBe('old');
    expect(new Set(names('wrong'))).toEqual(new Set(['lost', 'old', 'skipped']));
    expect([names('proofs'), names('other'), names('same')]).toEqual([['multiplies'], ['late'], ['adds']]);
    expect(totals.wrong).toBe(3);
  });

  it('a test that the agent changed on purpose carries its reason and is not wrong; one that still fails is', () => {
    const { groups } = fold({
      ...SHIPS,
      regression: { adds: 'failed', old: 'failed' },
      green: { ...SHIPS.green, old: 'failed' },
      excused: ['adds', 'old'],
    });
    expect(groups.other.rows).toMatchObject([{ id: text('adds'), isWrong: false, excuse: 'the issue asks for it' }]);
    expect(groups.wrong.rows).toMatchObject([{ id: text('old'), isWrong: true }]);
  });

  it('a flaky test is listed as such, and never wrong', () => {
    const { groups } = fold({ ...SHIPS, green: { ...SHIPS.green, old: 'failed' }, flaky: ['old'] });
    expect(groups.other.rows).toMatchObject([{ id: text('old'), isFlaky: true, isWrong: false }]);
  });

  it('a gate that was not reached has no counts, and its cells say nothing', () => {
    const table = foldTests({ ...bodiesOf(SHIPS), regression: null, green: null });
    expect(table?.counts).toMatchObject({ regression: null, green: null });
    expect(table?.groups.proofs.rows[0]?.cells).toEqual({
      base: 'absent',
      red: 'failed',
      regression: null,
      green: null,
    });
  });

  it('a run that could not be judged says why, and its cells say nothing', () => {
    const green = {
      checks: [{ check: 'unit', kind: 'unjudged', why: 'hung', reason: 'it hangs', log: 'so far', ms: 1 }],
    };
    const table = foldTests({ ...bodiesOf(SHIPS), green });
    expect(table?.runs.find((one) => one.column === 'green')).toEqual({
      column: 'green',
      check: 'unit',
      problem: 'it hangs',
      log: 'so far',
    });
    expect(table?.groups.proofs.rows[0]?.cells.green).toBeNull();
  });

  it('a test that did not load on the base shows the run with empty functions, and says so', () => {
    const bodies = bodiesOf(SHIPS);
    const red = {
      checks: [
        {
          name: 'unit',
          kind: 'build-red',
          red: [text('multiplies')],
          run: reported({ adds: 'passed' }),
          hollow: { files: ['lib.mjs'], run: reported({ adds: 'passed', old: 'passed', multiplies: 'failed' }) },
        },
      ],
    };
    const table = foldTests({ ...bodies, red });
    expect(table).toMatchObject({ isHollow: true, counts: { red: { passed: 2, failed: 1 } } });
    expect(table?.groups.proofs.rows).toMatchObject([
      { id: text('multiplies'), cells: { red: 'failed' }, isProof: true },
    ]);
  });

  it('tests of one id in two checks are two rows', () => {
    const bodies = bodiesOf(SHIPS);
    const other = { check: 'other', ...reported({ adds: 'failed' }) };
    const green = { checks: [{ check: 'unit', ...reported(SHIPS.green) }, other] };
    const table = foldTests({ ...bodies, green });
    const rows = [...(table?.groups.wrong.rows ?? []), ...(table?.groups.same.rows ?? [])].filter(
      (row) => row.id === text('adds'),
    );
    expect(rows.map((row) => [row.check, row.cells.green, row.cells.base])).toEqual([
      ['other', 'failed', null],
      ['unit', 'passed', 'passed'],
    ]);
  });

  it.each([
    ['another shape', { ...bodiesOf(SHIPS), green: { checks: 'none' } }],
    ['a list', { ...bodiesOf(SHIPS), base: [] }],
    ['JSON that could not be read', { ...bodiesOf(SHIPS), red: undefined }],
  ])('a body of %s folds to nothing', (_what, bodies) => {
    expect(foldTests(bodies)).toBeNull();
  });

  it('of 5,000 tests a bounded part is laid out, the failing ones among it, and the rest is counted', () => {
    const many = Object.fromEntries(Array.from({ length: 5_000 }, (_, at) => [`test ${at}`, 'passed' as const]));
    const broken = Object.fromEntries(Array.from({ length: 1_000 }, (_, at) => [`test ${at}`, 'failed' as const]));
    const { groups, totals } = fold({
      ...SHIPS,
      base: many,
      red: { ...many, multiplies: 'failed' },
      regression: { ...many, 'test 4999': 'failed' },
      green: { ...many, ...broken, multiplies: 'passed' },
    });
    expect(totals).toMatchObject({ ids: 5_001, wrong: 1_001 });
    expect([groups.wrong.rows.length, groups.wrong.leftOut]).toEqual([150, 851]);
    expect([groups.same.rows.length, groups.same.leftOut]).toEqual([150, 3_849]);
    expect(groups.proofs.rows.map((row) => row.id)).toEqual([text('multiplies')]);
  });
});
