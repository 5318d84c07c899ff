/** Locks as a git leaves them that was killed: planted when a life has ended, so nothing that is at work holds them. */
import { existsSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { repoLayout, runLayout } from '../../activities/git/layout.ts';
import type { Seeded } from '../../playground/seeded.ts';
import { REPO, type Table } from './table.ts';

/** Of both clones, below the git directory. */
const OF_CLONES = [
  'refs/remotes/origin/main.lock',
  'packed-refs.lock',
  'HEAD.lock',
  'index.lock',
  'config.lock',
] as const;
/** Of the clean clone, by the run's id. */
const OF_RUN = ['refs/lamplighter', 'refs/lamplighter-incoming'] as const;
/** Of the session's own git, which only a lost command leaves. */
const OF_SESSION = ['index.lock', 'HEAD.lock'] as const;
const AT_ONCE = 2;

/** Answers with what was planted, such as `clean.git/packed-refs.lock`. A folder that is not there yet had no git at work in it. */
export function plantLocks(
  { config }: Pick<Table, 'config'>,
  seeded: Seeded,
  { run, inCommand }: { readonly run: string | null; readonly inCommand: boolean },
): string[] {
  const { clean, checkout } = repoLayout(config.dataDir, REPO.key);
  const places = [
    ...OF_CLONES.flatMap((lock) => [
      { what: `clean.git/${lock}`, file: join(clean, lock) },
      { what: `checkout.git/${lock}`, file: join(checkout, lock) },
    ]),
    ...(run === null
      ? []
      : OF_RUN.map((ref) => ({ what: `clean.git/${ref}/RUN.lock`, file: join(clean, ref, `${run}.lock`) }))),
    ...(run === null || !inCommand
      ? []
      : OF_SESSION.map((lock) => ({
          what: `session/${lock}`,
          file: join(runLayout(config.dataDir, run).git, lock),
        }))),
  ].filter(({ file }) => existsSync(dirname(file)) && !existsSync(file));
  const planted: string[] = [];
  for (let left = Math.min(AT_ONCE, places.length); left > 0; left -= 1) {
    const [place] = places.splice(seeded.between(0, places.length - 1), 1);
    if (place === undefined) break;
    writeFileSync(place.file, '');
    planted.push(place.what);
  }
  return planted;
}
