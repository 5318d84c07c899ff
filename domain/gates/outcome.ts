/** One test's result as a report tells it, and whether a whole report may be believed. */
import { stableName } from './test-name.ts';

/**
 * Stable for one test over runs and shas: paths are relative to the check's folder, what differs in every run is taken out
 * of the names, and tests of one name are told apart by `ordinal`, from 1.
 */
export interface TestId {
  readonly suite: string;
  readonly file: string;
  readonly class: string;
  readonly name: string;
  readonly ordinal: number;
}

export interface TestOutcome {
  readonly id: TestId;
  readonly outcome: 'passed' | 'failed' | 'skipped';
  /** A `load` failure is of a file or package that could not be loaded, not of a test in it. Null unless failed. */
  readonly failure: 'test' | 'load' | null;
  /** What the report says of a failure, bounded; empty otherwise. */
  readonly detail: string;
}

/** One text for one id, which people and agents copy. */
export function testIdText(id: TestId): string {
  // Runners repeat themselves: node says class = suite, vitest says suite = class = file.
  const parts = [id.file, id.suite, id.class, id.name].filter(
    (part, at, all) => part !== '' && all.indexOf(part) === at,
  );
  return parts.join(' › ') + (id.ordinal > 1 ? ` #${id.ordinal}` : '');
}

/** Makes ids stable, and numbers repeated ones in the order of the report. Every reader ends here. */
export function withOrdinals(
  outcomes: readonly Omit<TestOutcome, 'id'>[],
  ids: readonly Omit<TestId, 'ordinal'>[],
): TestOutcome[] {
  const seen = new Map<string, number>();
  return outcomes.flatMap((outcome, at) => {
    const said = ids[at];
    if (said === undefined) return [];
    const { suite, file, class: of, name } = said;
    const id = { suite: stableName(suite), file: stableName(file), class: stableName(of), name: stableName(name) };
    const key = testIdText({ ...id, ordinal: 1 });
    const ordinal = (seen.get(key) ?? 0) + 1;
    seen.set(key, ordinal);
    return [{ ...outcome, id: { ...id, ordinal } }];
  });
}

export interface Judged {
  readonly outcomes: readonly TestOutcome[];
  readonly code: number;
}

/**
 * Why a report is not believed: it must agree with the exit code and hold enough tests. Empty when it may be. A report
 * without failures beside a failing exit code is as much a lie as failures beside exit code 0.
 */
export function disagreements(run: Judged, minimum: number): string[] {
  const failed = run.outcomes.filter((one) => one.outcome === 'failed').length;
  const ran = run.outcomes.filter((one) => one.outcome !== 'skipped').length;
  const found: string[] = [];
  if (failed > 0 && run.code === 0) {
    found.push(
      `the report shows ${failed} failed, but the test command exited with 0: let the command's exit code tell the truth`,
    );
  }
  if (failed === 0 && run.code !== 0) {
    found.push(
      `the report shows no failure, but the test command exited with ${run.code}: find what failed outside the tests`,
    );
  }
  if (ran < minimum) {
    found.push(
      `the report shows ${ran} tests that ran, and the contract asks for at least ${minimum}: run the whole suite`,
    );
  }
  return found;
}

/** Two or more runs of one sha: ids that had two outcomes are flaky, listed and not judged. An id that is missing from one run is too. */
export function flakyIds(runs: readonly (readonly TestOutcome[])[]): string[] {
  const seen = new Map<string, Set<string>>();
  for (const run of runs) {
    for (const one of run) {
      const text = testIdText(one.id);
      seen.set(text, (seen.get(text) ?? new Set()).add(one.outcome));
    }
  }
  const missing = (text: string): boolean => !runs.every((run) => run.some((one) => testIdText(one.id) === text));
  const loads = new Set(
    runs
      .flat()
      .filter((one) => one.failure === 'load')
      .map((one) => testIdText(one.id)),
  );
  return [...seen]
    .filter(([text, outcomes]) => !loads.has(text) && (outcomes.size > 1 || missing(text)))
    .map(([text]) => text);
}
