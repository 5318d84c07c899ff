/** Reports of test runners, read as hostile input: whatever stands in one, the answer is outcomes or a typed refusal, never a crash. */
import type { ReportKind } from '../../domain/contract.ts';
import type { TestOutcome } from '../../domain/gates/outcome.ts';
import { readJunit } from './junit.ts';
import { readTap } from './tap.ts';

export type ReadReport =
  | { readonly ok: true; readonly outcomes: readonly TestOutcome[] }
  | { readonly ok: false; readonly why: 'missing' | 'unreadable' | 'unsupported'; readonly reason: string };

export interface RawReport {
  readonly kind: ReportKind;
  /** The report's text; null when there was none. */
  readonly text: string | null;
  readonly code: number;
  readonly check: string;
  /** Absolute folders, as the runner saw them, that are cut from the front of paths: the check's folder first. */
  readonly roots: readonly string[];
}

export function readReport(raw: RawReport): ReadReport {
  if (raw.kind === 'exit-code') return { ok: true, outcomes: [exitCodeOutcome(raw)] };
  if (raw.kind === 'go-json' || raw.kind === 'cargo-json') {
    return {
      ok: false,
      why: 'unsupported',
      reason: `reports of kind ${raw.kind} cannot be read yet: have check ${raw.check} write junit or tap`,
    };
  }
  if (raw.text === null || raw.text.trim() === '') {
    return {
      ok: false,
      why: 'missing',
      reason: `check ${raw.check} left no ${raw.kind} report at $LAMPLIGHTER_REPORT`,
    };
  }
  return raw.kind === 'junit' ? readJunit(raw.text, raw.roots) : readTap(raw.text, raw.roots);
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

/** Cuts the first root that `path` starts with. */
export function relativeTo(roots: readonly string[], path: string): string {
  const plain = path.replace(/^file:\/\//, '');
  const root = roots.find((one) => plain.startsWith(`${one}/`));
  return (root === undefined ? plain : plain.slice(root.length + 1)).replace(/^\.\//, '');
}

/** Node's runner reports a file as if it were a test when it holds none, or when it does not load. */
export function isFileLevel(file: string, name: string): boolean {
  return file !== '' && (file === name || file.endsWith(`/${name}`));
}

const DETAIL_CHARS = 2_000;

export function boundedDetail(text: string): string {
  const plain = text.replace(/\0/g, '').trim();
  return plain.length > DETAIL_CHARS ? `${plain.slice(0, DETAIL_CHARS)} …` : plain;
}
