/** The rules of red, regression and green over what the reports say. Pure; findings are sentences for the agent. */
import { testIdText, type TestOutcome } from './outcome.ts';
import { stableName } from './test-name.ts';
import { headOf } from '../text.ts';

export interface ChangedTest {
  readonly id: string;
  readonly reason: string;
}

export interface RedInput {
  readonly check: string;
  /** What the base's own tests say on the base. */
  readonly base: readonly TestOutcome[];
  /** What the change's tests say on the base. */
  readonly overlaid: readonly TestOutcome[];
  readonly flaky: ReadonlySet<string>;
}

export interface RedJudgement {
  readonly kind: 'assertion-red' | 'build-red' | 'not-red';
  /** The ids that prove it: they must pass on the change. */
  readonly ids: readonly string[];
  readonly findings: readonly string[];
}

/** Red is a test that fails without the change for want of it: a failing id that is new, or that passed on the base. */
export function judgeRed({ check, base, overlaid, flaky }: RedInput): RedJudgement {
  const failedBefore = new Set(base.filter((one) => one.outcome === 'failed').map((one) => testIdText(one.id)));
  const failing = overlaid.filter(
    (one) => one.outcome === 'failed' && !flaky.has(testIdText(one.id)) && !failedBefore.has(testIdText(one.id)),
  );
  const asserted = failing.filter((one) => one.failure === 'test');
  const ids = asserted.filter((one) => !isSnapshotFailure(one)).map((one) => testIdText(one.id));
  if (ids.length > 0) return { kind: 'assertion-red', ids, findings: [] };
  const loads = failing.filter((one) => one.failure === 'load');
  if (loads.length > 0)
    return {
      kind: 'build-red',
      ids: [],
      findings: loads.map((one) => buildRedFinding(check, testIdText(one.id), one.detail)),
    };
  if (asserted.length > 0)
    return {
      kind: 'not-red',
      ids: [],
      findings: [
        `Check ${check}: only comparisons with snapshots fail on the base, and a snapshot says what came out, not what should. Add a test with an assertion of its own that fails there.`,
      ],
    };
  return {
    kind: 'not-red',
    ids: [],
    findings: [
      `Check ${check}: the tests pass without the change, so they prove nothing: on the base with your test files no new or changed test fails. Add a test that fails on the base because the behaviour of the issue is missing, and passes with your change.`,
    ],
  };
}

/**
 * A test that could not load on the base, run on the base with empty shells of what the change adds: a new id must fail
 * there by an assertion. Weaker than a failure of the base itself, because what a shell does is this module's guess.
 */
export function judgeHollow({ check, base, overlaid, flaky }: RedInput, loads: readonly string[]): RedJudgement {
  const known = new Set(base.map((one) => testIdText(one.id)));
  const fresh = overlaid.filter((one) => !known.has(testIdText(one.id)) && !flaky.has(testIdText(one.id)));
  const ids = fresh.filter((one) => one.failure === 'test' && !isSnapshotFailure(one)).map((one) => testIdText(one.id));
  if (ids.length > 0) return { kind: 'build-red', ids, findings: [] };
  const hollow = fresh.some((one) => one.outcome === 'passed');
  const only =
    fresh.length > 0 ? undefined : overlaid.find((one) => one.failure === 'test' && known.has(testIdText(one.id)));
  if (only !== undefined)
    return {
      kind: 'not-red',
      ids: [],
      findings: [
        `Check ${check}: your tests do not load on the base, and with empty functions in place of what is new only tests that the base has by the same name fail, such as "${testIdText(only.id)}", so nothing says what is new. Give the test of the new behaviour a name of its own.`,
      ],
    };
  if (!hollow) return { kind: 'build-red', ids: [], findings: loads };
  return {
    kind: 'not-red',
    ids: [],
    findings: [
      `Check ${check}: your tests do not load on the base, and with empty functions in place of what they import they pass, so they assert nothing of what the change does. Assert its results: a test must fail when the function does nothing.`,
    ],
  };
}

/** As the runners say it that keep snapshots: what came out differs from what was written down, which says nothing of what should. */
function isSnapshotFailure({ detail }: TestOutcome): boolean {
  return /internal\/test_runner\/snapshot|Snapshot `[^`]*` mismatched|\)\.toMatch(?:Inline)?Snapshot|\[- snapshot\]/.test(
    detail,
  );
}

export function buildRedFinding(check: string, what: string, detail: string): string {
  return `Check ${check}: on the base, ${what} does not load, so no test in it ran and none of its assertions was seen to fail. Let each test load what is new lazily (import inside the test body, or through the module that exists already) and fail by an assertion about its behaviour; in a compiled language keep the names, fields and signatures that are there, and add what is new beside them. ${firstLines(detail)}`.trim();
}

export interface RegressionJudgement {
  readonly findings: readonly string[];
  /** Ids that no longer pass and were listed with a reason: shown, not refused. */
  readonly excused: readonly ChangedTest[];
}

/** What passed on the base must pass on the change, but for ids listed with a reason and flaky ones. A test that is gone counts as not passing. */
export function judgeRegression(input: {
  readonly check: string;
  readonly base: readonly TestOutcome[];
  readonly after: readonly TestOutcome[];
  readonly flaky: ReadonlySet<string>;
  readonly changedTests: readonly ChangedTest[];
  /** Who lifted the need to list what differs; null where it holds. */
  readonly waivedBy: string | null;
}): RegressionJudgement {
  const after = new Map(input.after.map((one) => [testIdText(one.id), one]));
  const passed = input.base.filter((one) => one.outcome === 'passed' && !input.flaky.has(testIdText(one.id)));
  const findings: string[] = [];
  const excused: ChangedTest[] = [];
  for (const { id } of passed) {
    const text = testIdText(id);
    const now = after.get(text);
    if (now?.outcome === 'passed') continue;
    const reason = isExcused(text, passed, input.changedTests)?.reason ?? waivedReason(input.waivedBy);
    if (reason !== null) {
      excused.push({ id: text, reason });
      continue;
    }
    findings.push(
      `Check ${input.check}: the base's own test "${text}" passes on the base and ${wordFor(now)} on your change. Keep that behaviour; only if the acceptance criteria call for the difference, list this id in changedTests with the reason. ${firstLines(now?.detail ?? '')}`.trim(),
    );
  }
  return { findings, excused };
}

/**
 * A test of the base that is gone from the change, or skipped there, proves nothing any more: its removal needs a reason as
 * well. No waiver lets a test be skipped, because a skipped one looks as if it were there.
 */
export function judgeKept(input: {
  readonly check: string;
  readonly base: readonly TestOutcome[];
  readonly outcomes: readonly TestOutcome[];
  readonly flaky: ReadonlySet<string>;
  readonly changedTests: readonly ChangedTest[];
  readonly waivedBy: string | null;
}): RegressionJudgement {
  const now = new Map(input.outcomes.map((one) => [testIdText(one.id), one.outcome]));
  const passed = input.base.filter((one) => one.outcome === 'passed' && !input.flaky.has(testIdText(one.id)));
  const findings: string[] = [];
  const excused: ChangedTest[] = [];
  for (const { id } of passed) {
    const text = testIdText(id);
    const outcome = now.get(text);
    if (outcome === 'passed' || outcome === 'failed') continue;
    const waived = outcome === undefined ? waivedReason(input.waivedBy) : null;
    const reason = isExcused(text, passed, input.changedTests)?.reason ?? waived;
    if (reason !== null) {
      excused.push({ id: text, reason });
      continue;
    }
    findings.push(
      `Check ${input.check}: the test "${text}" passes on the base and is ${outcome === undefined ? 'gone from' : 'skipped on'} your change. Put it back; only if the acceptance criteria call for its removal or renaming, list this id in changedTests with the reason.`,
    );
  }
  return { findings, excused };
}

function waivedReason(by: string | null): string | null {
  return by === null ? null : `not listed: waived by ${by}`;
}

function isExcused(
  text: string,
  all: readonly TestOutcome[],
  changedTests: readonly ChangedTest[],
): ChangedTest | undefined {
  return changedTests.find((one) => one.reason.trim() !== '' && names(one.id, text, all));
}

/** An agent may give the whole id, or a test's bare name where only one test of the base has it. */
function names(given: string, text: string, all: readonly TestOutcome[]): boolean {
  // As a runner prints it, or as a finding says it.
  const wanted = stableName(given.trim());
  if (wanted === text) return true;
  const same = all.filter((one) => one.id.name === wanted);
  return same.length === 1 && same[0] !== undefined && testIdText(same[0].id) === text;
}

function wordFor(now: TestOutcome | undefined): string {
  if (now === undefined) return 'is gone';
  return now.outcome === 'skipped' ? 'is skipped' : 'fails';
}

/** Everything passes on the change, and what was red on the base is among what passed. */
export function judgeGreen(input: {
  readonly check: string;
  readonly outcomes: readonly TestOutcome[];
  readonly flaky: ReadonlySet<string>;
  readonly red: readonly string[];
}): string[] {
  const failed = input.outcomes.filter((one) => one.outcome === 'failed' && !input.flaky.has(testIdText(one.id)));
  const passed = new Set(input.outcomes.filter((one) => one.outcome === 'passed').map((one) => testIdText(one.id)));
  const failing = new Set(failed.map((one) => testIdText(one.id)));
  return [
    ...failed.map((one) =>
      `Check ${input.check}: "${testIdText(one.id)}" fails on your change. ${firstLines(one.detail)}`.trim(),
    ),
    ...input.red
      .filter((id) => !passed.has(id) && !failing.has(id))
      .map(
        (id) =>
          `Check ${input.check}: "${id}" failed on the base as it should, but does not pass on your change: it is skipped or gone.`,
      ),
  ];
}

function firstLines(detail: string): string {
  const lines = headOf(detail.trim().split('\n').slice(0, 6).join('\n'), 400);
  return lines === '' ? '' : `It says: ${lines}`;
}
