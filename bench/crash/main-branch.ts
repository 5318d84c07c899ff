/** What a person does to main with a forced push, and what must not come back after it. */
import type { MainChange } from './step.ts';
import type { Table } from './table.ts';

/** What a person commits that is to be taken back: main must hold it before the run begins. */
export const SECRET = { subject: 'A leaked secret', files: { 'secret.txt': 'hunter2\n' } } as const;

const OURS = '^Lamplighter-Run: ';

export function changeMain(table: Table, change: MainChange): void {
  table.git('update-ref', 'refs/heads/main', targetOf(table, change));
}

function targetOf(table: Table, change: MainChange): string {
  switch (change) {
    case 'rewound':
      return table.git('rev-parse', `${table.git('log', '--format=%H', '-1', `--grep=^${SECRET.subject}$`, 'main')}~`);
    case 'rolled back':
      return table.git('log', '--format=%H', '-1', '--first-parent', '--invert-grep', `--grep=${OURS}`, 'main');
    case 'replaced':
      return table.git(
        '-c',
        'user.name=Ada',
        '-c',
        'user.email=ada@example.invalid',
        'commit-tree',
        'main^{tree}',
        '-m',
        'Anew',
      );
  }
}

export function takenBackBy(table: Table, before: string, after: string): string[] {
  return table.git('rev-list', before, `^${after}`).split('\n').filter(Boolean);
}

/** In words: commits that were taken back and are on main, or that a person put there and are not. */
export function undoneOnMain(
  table: Table,
  change: { readonly takenBack: readonly string[]; readonly main: string },
): string[] {
  const onMain = new Set(table.git('rev-list', 'main').split('\n'));
  const back = change.takenBack
    .filter((sha) => onMain.has(sha))
    .map((sha) => `${sha} was taken back, and is on main again`);
  return onMain.has(change.main) ? back : [...back, `${change.main}, where a person put main, is not on it any more`];
}
