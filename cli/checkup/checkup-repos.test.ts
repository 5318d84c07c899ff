import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { NO_DEPLOY } from '../../config/defaults.ts';
import { localIssues } from '../../config/trackers/local.ts';
import { checkRepos } from './checkup-repos.ts';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'lamplighter-checkup-'));
  const git = (...args: string[]): string => execFileSync('git', args, { cwd: dir, stdio: 'pipe', encoding: 'utf8' });
  git('init', '-q', '--bare', '-b', 'main', 'empty.git');
  git('init', '-q', '-b', 'main', 'full.git');
  const who = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.invalid'];
  git('-C', 'full.git', ...who, 'commit', '-q', '--allow-empty', '-m', 'First');
  git('-C', 'full.git', ...who, 'commit', '-q', '--allow-empty', '-m', 'Second');
  git('clone', '-q', '--bare', '--depth=1', `file://${join(dir, 'full.git')}`, 'shallow.git');
  git('init', '-q', '-b', 'main', '--object-format=sha256', 'long-ids.git');
  git('-C', 'long-ids.git', ...who, 'commit', '-q', '--allow-empty', '-m', 'First');
  mkdirSync(join(dir, 'issues'));
});
afterAll(() => rmSync(dir, { recursive: true }));

it.each([
  ['a remote with its main branch', 'full.git', 'issues', true, /^main is at [0-9a-f]{10}$/],
  ['a remote without the branch', 'empty.git', 'issues', false, /empty\.git has no branch main$/],
  [
    'a remote that is not there',
    'gone.git',
    'issues',
    false,
    /gone\.git cannot be read: .*does not appear to be a git/,
  ],
  ['a folder of issues that is not there', 'full.git', 'none', false, /folder of its issues is not there: .*none$/],
  ['a shallow remote', 'shallow.git', 'issues', false, /shallow\.git cannot be worked with: it is a shallow clone/],
  ['a remote of SHA-256', 'long-ids.git', 'issues', false, /long-ids\.git cannot be worked with: .*SHA-256 ids/],
] as const)('doctor tells %s', async (_case, remote, issues, ok, detail) => {
  const repo = {
    key: 'r',
    name: 'acme/shop',
    remote: join(dir, remote),
    branch: 'main',
    pushEnv: {},
    tracker: localIssues(join(dir, issues)),
    deploy: NO_DEPLOY,
  } as const;
  const [finding] = await checkRepos([repo], process.env);
  expect(finding).toMatchObject({ name: 'repo acme/shop', ok, detail: expect.stringMatching(detail) as string });
  expect(finding?.remedy === null).toBe(ok);
});
