/** The hollow base: production files of the change as the base has them, with empty shells of the names that the change adds. */
import { posix } from 'node:path';
import { hollowGoPackage, type ChangedGoFile } from '../../domain/gates/hollow-go.ts';
import { hollowText } from '../../domain/gates/hollow.ts';
import type { RepoGit } from '../git/port.ts';
import type { Verification } from './verification.ts';
import { touchedPaths } from './paths.ts';

/** Texts by path; empty where no language of the change has shells. */
export async function hollowFiles(
  { base, head, files }: Verification,
  tests: readonly string[],
  git: Pick<RepoGit, 'readFile'>,
): Promise<ReadonlyMap<string, string>> {
  const written = new Map<string, string>();
  const packages = new Map<string, ChangedGoFile[]>();
  for (const path of new Set(files.flatMap(touchedPaths))) {
    if (tests.includes(path)) continue;
    const after = await git.readFile(head, path);
    const before = await git.readFile(base, path);
    if (path.endsWith('.go')) {
      if (path.endsWith('_test.go')) continue;
      const dir = posix.dirname(path);
      packages.set(dir, [...(packages.get(dir) ?? []), { path, before, after }]);
    } else if (after !== null) {
      const text = hollowText({ path, before, after });
      if (text !== null) written.set(path, text);
    }
  }
  for (const changed of packages.values()) for (const [path, text] of hollowGoPackage(changed)) written.set(path, text);
  return written;
}
