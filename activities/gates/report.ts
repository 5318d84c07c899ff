/** Reports of test runners, read as hostile input: whatever stands in one, the answer is outcomes or a typed refusal, never a crash. */
import type { ReportKind } from '../../domain/contract.ts';
import type { TestOutcome } from '../../domain/gates/outcome.ts';
import { readCargoJson } from './cargo-json.ts';
import { readGoJson } from './go-json.ts';
import { readJunit } from './junit.ts';
import type { ReadReport } from './report-parts.ts';
import { readTap } from './tap.ts';

export interface RawReport {
  readonly kind: ReportKind;
  /** The report's text; null when there was none. */
  readonly text: string | null;
  readonly code: number;
  readonly check: string;
  /** Absolute folders, as the runner saw them, that are cut from the front of paths: the check's folder first. */
  readonly roots: readonly string[];
}

const READERS: Readonly<
  Record<Exclude<ReportKind, 'exit-code'>, (text: string, roots: readonly string[]) => ReadReport>
> = { junit: readJunit, tap: readTap, 'go-json': readGoJson, 'cargo-json': readCargoJson };

export function readReport(raw: RawReport): ReadReport {
  if (raw.kind === 'exit-code') return { ok: true, outcomes: [exitCodeOutcome(raw)] };
  if (raw.text === null || raw.text.trim() === '') {
    return {
      ok: false,
      why: 'missing',
      reason: `check ${raw.check} left no ${raw.kind} report at $LAMPLIGHTER_REPORT`,
    };
  }
  return READERS[raw.kind](raw.text, raw.roots);
}

/** Weak: one outcome stands for the whole check. */
function exitCodeOutcome({ code, check }: RawReport): TestOutcome {
  return {
    id: { suite: '', file: '', class: '', name: `exit code of ${check}`, ordinal: 1 },
    outcome: code === 0 ? 'passed' : 'failed',
    failure: code === 0 ? null : 'test',
    detail: code === 0 ? '' : `the command exited with ${code}`,
  };
}
