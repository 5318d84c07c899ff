/**
 * What libtest prints with `--format json`, which cargo-nextest's `libtest-json` shares, and what `cargo --message-format json`
 * prints of the build beside it. libtest names no binary: tests of one name in two of them are told apart by their order.
 */
import { withOrdinals, type TestId, type TestOutcome } from '../../domain/gates/outcome.ts';
import {
  boundedDetail,
  brokenLine,
  eventOf,
  MAX_TESTS,
  textOf,
  unreadable,
  type JsonEvent,
  type ReadReport,
} from './report-parts.ts';

const KIND = 'cargo';

type CargoEvent = JsonEvent;

interface Found {
  readonly ids: Omit<TestId, 'ordinal'>[];
  readonly outcomes: Omit<TestOutcome, 'id'>[];
}

/** One test binary's run: what it announced, and what came of it. */
interface Suite {
  readonly open: Set<string>;
  readonly announced: number;
  passed: number;
  failed: number;
  ended: number;
}

export function readCargoJson(text: string): ReadReport {
  const found: Found = { ids: [], outcomes: [] };
  const errors = new Map<string, string>();
  let suite: Suite | null = null;
  let seen = false;
  let number = 0;
  /** The line of the open binary's run that was passed over and that its counts have not vouched for yet. */
  let doubtful: string | null = null;
  for (const line of text.split('\n')) {
    number += 1;
    const event = eventIn(line);
    if (event === null) {
      if (line.startsWith('{')) doubtful ??= brokenLine(number);
      if (doubtful !== null && suite === null) return unreadable(KIND, doubtful);
      continue;
    }
    takeOfBuild(event, errors);
    const type = textOf(event, 'type');
    const said = textOf(event, 'event');
    if (type === 'suite' && said === 'started') {
      if (doubtful !== null) return unreadable(KIND, doubtful);
      close(suite, found);
      suite = { open: new Set(), announced: numberOf(event, 'test_count') ?? 0, passed: 0, failed: 0, ended: 0 };
      seen = true;
    } else if (type === 'suite' && (said === 'ok' || said === 'failed')) {
      const why =
        suite === null ? 'a binary ends that never began' : (whyDoubted(suite, event) ?? uncounted(event, doubtful));
      if (why !== null) return unreadable(KIND, why);
      suite = null;
      doubtful = null;
    } else if (type === 'test') {
      if (suite === null) return unreadable(KIND, 'a test stands outside the run of any binary');
      takeOfTest(suite, event, said, found);
    }
  }
  if (doubtful !== null) return unreadable(KIND, doubtful);
  close(suite, found);
  for (const [target, detail] of errors) add(found, target, failure('load', detail));
  if (!seen && errors.size === 0) return unreadable(KIND, 'no binary ran its tests and nothing failed to compile');
  if (found.ids.length > MAX_TESTS) return unreadable(KIND, `it holds more than ${MAX_TESTS} tests`);
  return { ok: true, outcomes: withOrdinals(found.outcomes, found.ids) };
}

/**
 * libtest keeps what a test prints, but not what its child processes print: that stands between the events, and on their
 * lines. An event ends its line and holds no other, so its beginning is the last there is.
 */
function eventIn(line: string): CargoEvent | null {
  const whole = line.startsWith('{') ? eventOf(line) : null;
  if (whole !== null) return whole;
  const start = Math.max(...BEGINNINGS.map((beginning) => line.lastIndexOf(beginning)));
  return start <= 0 ? null : eventOf(line.slice(start));
}

const BEGINNINGS = ['{ "type": ', '{"type":'];

function takeOfTest(suite: Suite, event: CargoEvent, said: string, found: Found): void {
  const name = textOf(event, 'name');
  if (said === 'started') suite.open.add(name);
  if (said !== 'ok' && said !== 'failed' && said !== 'ignored') return;
  suite.open.delete(name);
  suite.ended += 1;
  if (said === 'ignored') return add(found, name, { outcome: 'skipped', failure: null, detail: '' });
  if (said === 'ok') {
    suite.passed += 1;
    return add(found, name, { outcome: 'passed', failure: null, detail: '' });
  }
  suite.failed += 1;
  const detail = ['message', 'reason', 'stdout'].map((part) => textOf(event, part)).filter((part) => part !== '');
  add(found, name, failure('test', detail.join('\n')));
}

/** A test can print lines that look like these, or spoil them; it cannot make the binary count them. */
function whyDoubted(suite: Suite, event: CargoEvent): string | null {
  for (const kind of ['passed', 'failed'] as const) {
    const counted = numberOf(event, kind);
    if (counted !== null && counted !== suite[kind])
      return `a binary counts ${counted} tests that ${kind} and it shows ${suite[kind]}: something else wrote into it`;
  }
  return null;
}

/** Without counts nothing vouches for a line that was passed over. */
function uncounted(event: CargoEvent, doubtful: string | null): string | null {
  const counts = numberOf(event, 'passed') !== null && numberOf(event, 'failed') !== null;
  return counts ? null : doubtful;
}

/** A binary that died: of its abort, or because a test ended the process. */
function close(suite: Suite | null, found: Found): void {
  if (suite === null) return;
  for (const name of suite.open) add(found, name, failure('test', 'it began and did not end'));
  const silent = suite.announced - suite.ended - suite.open.size;
  if (silent > 0 || suite.open.size === 0)
    add(found, 'a test binary', failure('test', `it ended before its end, with ${silent} of its tests not run`));
}

/** By target, what the compiler calls errors. */
function takeOfBuild(event: CargoEvent, errors: Map<string, string>): void {
  const reason = textOf(event, 'reason');
  if (reason === 'build-finished' && event['success'] === false && errors.size === 0)
    errors.set('the build', 'cargo says that the build failed');
  const message = objectOf(event, 'message');
  if (reason !== 'compiler-message' || textOf(message, 'level') !== 'error') return;
  const target = textOf(objectOf(event, 'target'), 'name');
  const rendered = textOf(message, 'rendered') || textOf(message, 'message');
  errors.set(target, boundedDetail(`${errors.get(target) ?? ''}${rendered}`));
}

function add(found: Found, said: string, outcome: Omit<TestOutcome, 'id'>): void {
  // nextest: `crate::binary$module::test`. A doc test is named by its line, which every edit above it moves.
  const [, suite = '', rest = said] = /^([^$]*)\$(.*)$/s.exec(said) ?? [];
  found.ids.push({ suite, file: '', class: '', name: rest.replace(/ \(line \d+\)$/, '') });
  found.outcomes.push(outcome);
}

function failure(kind: 'load' | 'test', detail: string): Omit<TestOutcome, 'id'> {
  return { outcome: 'failed', failure: kind, detail: boundedDetail(detail) };
}

function objectOf(event: CargoEvent, name: string): CargoEvent {
  const value = Object.hasOwn(event, name) ? event[name] : undefined;
  return typeof value === 'object' && value !== null ? (value as CargoEvent) : {};
}

function numberOf(event: CargoEvent, name: string): number | null {
  const value = Object.hasOwn(event, name) ? event[name] : undefined;
  return typeof value === 'number' ? value : null;
}
