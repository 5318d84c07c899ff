/** What `doctor` looks at for each enrolled repo, as its service's user would meet it: the main branch of the remote, the folder of the issues. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { remoteFolder, UNFIT_REMOTES } from '../../config/remote-folder.ts';
import { proxyVariables } from '../../config/egress.ts';
import { trackerWords } from '../../config/trackers.ts';
import type { Config, Egress } from '../../config/types.ts';
import type { Environment, Finding } from './checkup.ts';

const TIMEOUT_MS = 10_000;

type Repo = Config['repos'][number];

/** Not required: a remote that is away for a while keeps only its own repo waiting. */
export async function checkRepos(repos: readonly Repo[], env: Environment, egress?: Egress): Promise<Finding[]> {
  return Promise.all(repos.map((repo) => checkRepo(repo, { ...env, ...proxyVariables(egress) })));
}

async function checkRepo(repo: Repo, env: Environment): Promise<Finding> {
  const about = { name: `repo ${repo.name}`, required: false } as const;
  const head = await headOf(repo, env);
  if (!head.ok) return { ...about, ok: false, ails: true, detail: head.why, remedy: head.remedy };
  for (const submodule of repo.submodules ?? []) {
    const shown = await lsRemote(submodule, ['--heads', '--', submodule], env);
    if (!shown.ok)
      return {
        ...about,
        ok: false,
        detail: `its submodule ${shown.why}`,
        remedy: 'correct submodules, or see to its access',
      };
  }
  const fault = trackerWords(repo.tracker).fault();
  if (fault !== null) return { ...about, ok: false, ails: true, ...fault };
  return { ...about, ok: true, detail: `${repo.branch} is at ${head.sha.slice(0, 10)}`, remedy: null };
}

type Head =
  | { readonly ok: true; readonly sha: string }
  | { readonly ok: false; readonly why: string; readonly remedy: string };

async function headOf({ remote, branch }: Repo, env: Environment): Promise<Head> {
  const shown = await lsRemote(remote, ['--heads', '--', remote, `refs/heads/${branch}`], env);
  if (!shown.ok) return { ...shown, remedy: 'correct remote, or see to its access' };
  const sha = shown.stdout.split('\t')[0] ?? '';
  const unfit = unfitOf(remote, sha);
  if (unfit !== null)
    return { ok: false, why: `${remote} cannot be worked with: ${unfit}`, remedy: 'correct remote, once that is done' };
  if (sha !== '') return { ok: true, sha };
  return { ok: false, why: `${remote} has no branch ${branch}`, remedy: 'push it, or name another as branch' };
}

type Shown = { readonly ok: true; readonly stdout: string } | { readonly ok: false; readonly why: string };

async function lsRemote(remote: string, what: readonly string[], env: Environment): Promise<Shown> {
  const names = ['PATH', 'HOME', 'SSH_AUTH_SOCK', 'http_proxy', 'https_proxy', 'no_proxy'];
  const own = Object.fromEntries(names.map((name) => [name, env[name]]));
  try {
    const { stdout } = await promisify(execFile)('git', ['ls-remote', ...what], {
      timeout: TIMEOUT_MS,
      env: { ...own, LC_ALL: 'C', GIT_TERMINAL_PROMPT: '0' },
    });
    return { ok: true, stdout };
  } catch (error) {
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr).trim().split('\n')[0] : '';
    const why = said === undefined || said === '' ? `no answer within ${TIMEOUT_MS / 1000} s` : said;
    return { ok: false, why: `${remote} cannot be read: ${why}` };
  }
}

function unfitOf(remote: string, sha: string): string | null {
  if (sha.length === 64) return UNFIT_REMOTES.sha256;
  const folder = remoteFolder(remote);
  const marks = folder === null ? [] : [join(folder, 'shallow'), join(folder, '.git', 'shallow')];
  return marks.some((mark) => existsSync(mark)) ? UNFIT_REMOTES.shallow : null;
}
