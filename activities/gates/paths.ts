/** Which check a path belongs to, and which paths nobody may touch. Paths and globs are relative to the repo's root, or to a check's folder where said. */
import picomatch from 'picomatch';
import type { Check, Contract } from '../../domain/contract.ts';
import { ALWAYS_PROTECTED } from '../../domain/gates/guard.ts';
import type { ChangedFile } from '../git/port.ts';

export type PathRule = (path: string) => boolean;

/** Case is ignored for protection: on some file systems another case is the same file. */
export function protectedRule(contract: Contract): PathRule {
  const all = [...ALWAYS_PROTECTED, ...contract.protected];
  return picomatch(all, { dot: true, nocase: true });
}

/** What runners write down and compare with later: a change that may rewrite it may bless any behaviour. */
const SNAPSHOTS = ['**/__snapshots__/**', '**/__image_snapshots__/**', '**/*.snap', '**/*.snapshot', '**/*.ambr'];
export const isSnapshot: PathRule = picomatch(SNAPSHOTS, { dot: true });

/** Tests and fixtures of one check; snapshots belong to them whether the contract's globs say so or not. */
export function testRule(check: Check): PathRule {
  if (check.globs.length === 0) return () => false;
  const matches = picomatch([...check.globs, ...SNAPSHOTS], { dot: true });
  const dir = check.dir.replace(/^\.\/?|\/$/g, '');
  if (dir === '') return (path) => matches(path);
  return (path) => path.startsWith(`${dir}/`) && matches(path.slice(dir.length + 1));
}

export function anyTestRule(contract: Contract): PathRule {
  const rules = contract.checks.map(testRule);
  return (path) => rules.some((rule) => rule(path));
}

/** Both names of a rename. */
export function touchedPaths(file: ChangedFile): string[] {
  return file.from === null ? [file.path] : [file.path, file.from];
}

/** Checks whose `when` matches what changed, and those marked `always`; all of them where there is none, because some proof there must be. */
export function checksFor(contract: Contract, files: readonly ChangedFile[]): readonly Check[] {
  const paths = files.flatMap(touchedPaths);
  const due = contract.checks.filter((check) => {
    if (check.always || check.when.length === 0) return true;
    const matches = picomatch([...check.when], { dot: true });
    return paths.some((path) => matches(path));
  });
  return due.length > 0 ? due : contract.checks;
}
