import { describe, expect, it } from 'vitest';
import type { GateEvidence } from '../api/runs/gate-evidence.ts';
import type { TestRow } from '../api/runs/test-table.ts';
import { evidencePage } from './evidence.ts';

const HOSTILE = `"><script>alert(1)</script><img src=x onerror='alert(2)'>\u202e`;

function row(over: Partial<TestRow> = {}): TestRow {
  return {
    id: 'lib.test.mjs › multiplies',
    check: 'unit',
    cells: { base: 'absent', red: 'failed', regression: 'absent', green: 'passed' },
    isNew: true,
    isProof: true,
    isFlaky: false,
    isWrong: false,
    excuse: null,
    details: [],
    ...over,
  };
}

const NONE = { rows: [], leftOut: 0 };
function groupsOf(given: Partial<GateEvidence['table']['groups']>): GateEvidence['table']['groups'] {
  return { wrong: NONE, proofs: NONE, other: NONE, same: NONE, ...given };
}

function gateOf(over: Partial<GateEvidence['table']> = {}, findings: string[] = []): GateEvidence {
  return {
    table: {
      counts: { base: null, red: { passed: 1, failed: 2, skipped: 3 }, regression: null, green: null },
      runs: [],
      isHollow: false,
      totals: { ids: 1, fresh: 1, proofs: 1, wrong: 0 },
      groups: groupsOf({ proofs: { rows: [row()], leftOut: 0 } }),
      ...over,
    },
    evidence: { base: 'e-base', red: 'e-red', regression: null, green: null },
    findings,
  };
}

function pageOf(gate: GateEvidence): string {
  return evidencePage({
    evidence: {
      id: 'e-red',
      key: 'k',
      run: 'run-1',
      kind: 'red',
      sha: 'a'.repeat(40),
      verdict: 'green',
      summary: '1 test fails on the base, as it should',
      mediaType: 'application/json',
      digest: 'd',
      bytes: 1,
      at: 0,
    },
    text: '{"outcomes": "the raw JSON"}',
    clippedFrom: null,
    gate,
    now: 1_000,
  });
}

const wordsOf = (page: string): string => page.replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ');

describe('the page of a gate', () => {
  it('shows each test with what it did in the four runs, instead of the JSON, which is one link away', () => {
    const page = pageOf(gateOf());
    expect(wordsOf(page)).toContain('lib.test.mjs › multiplies new · proves the change absent failed absent passed');
    expect(wordsOf(page)).toContain('1 passed 2 failed 3 skipped');
    expect(page).not.toContain('the raw JSON');
    expect(page).toContain('href="/api/evidence/e-red"');
    expect(page).toContain('href="/evidence/e-base"');
  });

  it('where every test did the same, it says so', () => {
    const groups = groupsOf({ same: { rows: [row()], leftOut: 0 } });
    expect(wordsOf(pageOf(gateOf({ groups })))).toContain('Every test did the same wherever it ran.');
  });

  it('a gate that did not run says so', () => {
    expect(wordsOf(pageOf(gateOf()))).toMatch(/green The change with its own tests. not run/);
  });

  it('folds what a failure says, and what is the same everywhere, and says how many are left out', () => {
    const details = [{ column: 'red', text: 'expected 6, got 5' } as const];
    const page = pageOf(
      gateOf({
        groups: groupsOf({
          proofs: { rows: [row({ details })], leftOut: 751 },
          same: { rows: [row({ id: 'same one' })], leftOut: 3_749 },
        }),
      }),
    );
    expect(page).toMatch(/<details>\s*<summary><span class="test-id">[^<]*multiplies/);
    expect(page).toMatch(/<details class="card fold tests-same" data-key="same">/);
    expect(wordsOf(page)).toContain('751 more are left out here');
    expect(wordsOf(page)).toContain('The same wherever it ran 3750');
  });

  it('says which tests are wrong, flaky, changed on purpose, and of which check where there are several', () => {
    const runs = ['unit', 'web'].map((check) => ({ column: 'green' as const, check, problem: 'it hangs', log: 'out' }));
    const page = wordsOf(
      pageOf(
        gateOf({
          runs,
          groups: groupsOf({
            wrong: { rows: [row({ isWrong: true, isFlaky: true, excuse: 'renamed', isNew: false })], leftOut: 0 },
          }),
        }),
      ),
    );
    expect(page).toContain('proves the change · flaky, not judged · changed on purpose: renamed · check unit');
    expect(page).toContain('Wrong on the change 1');
    expect(page).toContain('check web, not judged it hangs out');
  });

  it('every word of hostile tests is text, and nothing is inline (invariant 9)', () => {
    const page = pageOf(
      gateOf(
        {
          runs: [{ column: 'base', check: HOSTILE, problem: HOSTILE, log: HOSTILE }],
          groups: groupsOf({
            other: {
              rows: [
                row({ id: HOSTILE, check: HOSTILE, excuse: HOSTILE, details: [{ column: 'red', text: HOSTILE }] }),
              ],
              leftOut: 0,
            },
          }),
        },
        [HOSTILE],
      ),
    );
    expect(page.match(/<script/g)).toHaveLength(1);
    expect(page).not.toMatch(/<img (?!src="\/assets)/);
    expect(page).not.toContain('\u202e');
    expect(page).not.toMatch(/<[^>]+\s(?:on\w+|style)="/);
    expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
  });
});
