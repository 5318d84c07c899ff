/** One test suite of a repo, and what is looked at to find it. */
import type { ReportKind } from '../../domain/contract.ts';

export const LANGUAGES = ['node', 'python', 'go', 'cargo', 'maven'] as const;
export type Language = (typeof LANGUAGES)[number];

/** Without a name and a `when`, which depend on what else the repo holds. */
export interface Suite {
  readonly language: Language;
  /** Folder in the repo, `.` for the root. */
  readonly dir: string;
  readonly setup: string | null;
  readonly test: string;
  readonly report: ReportKind;
  readonly globs: readonly string[];
  /** Proves in the build stage that what was pushed can be built; run in `dir`, after setup. */
  readonly build: string;
  /** Files from `dir` that could make tests lie. */
  readonly protect: readonly string[];
  /** What a person must know, in whole sentences. */
  readonly notes: readonly string[];
}

/** What the commands of a suite can count on. */
export interface Tools {
  readonly pytest: boolean;
  readonly pnpm: boolean;
  /** What writes a report of Rust's tests: cargo-nextest, libtest with its unstable option, or nothing. */
  readonly cargo: 'nextest' | 'nightly' | 'stable';
}

/** The part of a repo that is one language's: files are relative to `dir`. */
export interface Folder {
  readonly dir: string;
  readonly files: readonly string[];
  read(file: string): string | null;
  /** The nearest folder that holds one of these, from this one up to the root; null when none does. */
  nearest(names: readonly string[]): { readonly dir: string; readonly name: string } | null;
  /** The texts of the file of this name, in this folder and in those above it, nearest first. */
  up(name: string): readonly { readonly dir: string; readonly text: string }[];
}

export interface Tree {
  readonly files: readonly string[];
  read(path: string): string | null;
}

export type FoundSuite =
  /** `insteadOf` is said where the suites of folders below run all that this one would run. */
  { readonly suite: Suite; readonly insteadOf?: string } | { readonly note: string };
