import { Parser, type FinalResults, type Result } from 'tap-parser';
import { withOrdinals, type TestId, type TestOutcome } from '../../domain/gates/outcome.ts';
import { boundedDetail, isFileLevel, MAX_TESTS, relativeTo, unreadable, type ReadReport } from './report-parts.ts';

/** Deeper nesting costs the parser a level of recursion for each. */
const MAX_INDENT = 120;

interface Found {
  readonly ids: Omit<TestId, 'ordinal'>[];
  readonly outcomes: Omit<TestOutcome, 'id'>[];
}

/** Leaves of nested subtests; a parent counts only when it failed though none of its own did (a hook). */
export function readTap(text: string, roots: readonly string[]): ReadReport {
  if (!/^\s*(?:not )?ok\b/m.test(text) && !/^\s*1\.\.\d+/m.test(text))
    return unreadable('TAP', 'it has no test point and no plan');
  if (new RegExp(`^ {${MAX_INDENT},}(?:not )?ok\\b`, 'm').test(text))
    return unreadable('TAP', 'its subtests are nested too deeply');
  const found: Found = { ids: [], outcomes: [] };
  const end: { results: FinalResults | null } = { results: null };
  try {
    const parser = new Parser((results) => {
      end.results = results;
    });
    collect(parser, [], roots, found);
    parser.end(text);
  } catch (error) {
    return unreadable('TAP', error instanceof Error ? error.message : String(error));
  }
  const cut = end.results === null ? 'it does not end' : whyCut(end.results);
  if (cut !== null) return unreadable('TAP', cut);
  if (found.ids.length > MAX_TESTS) return unreadable('TAP', `it holds more than ${MAX_TESTS} tests`);
  return { ok: true, outcomes: withOrdinals(found.outcomes, found.ids) };
}

function whyCut(results: FinalResults): string | null {
  if (results.bailout !== false) return `the runner bailed out: ${String(results.bailout)}`;
  const { start, end, skipAll } = results.plan;
  if (skipAll) return null;
  if (start === null || end === null) return 'it has no plan, so it may have been cut off';
  const planned = end - start + 1;
  return planned === results.count
    ? null
    : `its plan says ${planned} tests and it shows ${results.count}: it was cut off, or something else wrote into it`;
}

function collect(parser: Parser, path: readonly string[], roots: readonly string[], found: Found): void {
  // Set between a subtest's end and the test point that closes it.
  let closing: { readonly failedBefore: number } | null = null;
  parser.on('child', (child: Parser) => {
    closing = { failedBefore: failures(found) };
    collect(child, [...path, child.name], roots, found);
  });
  parser.on('assert', (result: Result) => {
    const closed = closing;
    closing = null;
    if (closed === null || (isBad(result) && failures(found) === closed.failedBefore)) add(result, path, roots, found);
  });
}

function add(result: Result, path: readonly string[], roots: readonly string[], found: Found): void {
  const diagnosis: unknown = result.diag;
  const file = relativeTo(roots, field(diagnosis, 'location').replace(/:\d+:\d+$/, ''));
  const name = relativeTo(roots, result.name);
  const crashed = hasField(diagnosis, 'exitCode') && isFileLevel(file, name);
  // Node writes one test point for a file that holds no test: not a test, and known only by its name.
  if (!isBad(result) && path.length === 0 && /^\S+\.[cm]?[jt]sx?$/.test(name)) return;
  // The place is part of failing points only, so it can't be part of the id.
  found.ids.push({ suite: path.join(' > '), file: '', class: '', name });
  if (result.skip !== false || result.todo !== false)
    found.outcomes.push({ outcome: 'skipped', failure: null, detail: '' });
  else if (result.ok) found.outcomes.push({ outcome: 'passed', failure: null, detail: '' });
  else {
    const detail = boundedDetail(
      [field(diagnosis, 'error') || field(diagnosis, 'message'), field(diagnosis, 'stack')].join('\n'),
    );
    found.outcomes.push({ outcome: 'failed', failure: crashed ? 'load' : 'test', detail });
  }
}

function isBad(result: Result): boolean {
  return !result.ok && result.skip === false && result.todo === false;
}

function failures(found: Found): number {
  return found.outcomes.filter((one) => one.outcome === 'failed').length;
}

function hasField(value: unknown, name: string): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && name in value;
}

function field(value: unknown, name: string): string {
  if (!hasField(value, name)) return '';
  const found = value[name];
  return typeof found === 'string' ? found : '';
}
