/**
 * The one push: plain, never forced, out of the clean clone, with credentials that only this process has. A plain push onto a main that
 * was set back in the meantime would bring back what a person took away: so git's own pre-push hook, which is told where the remote
 * stands in this very exchange, ends it unless that is the main that was judged. The remote then moves it from there or not at all.
 */
import { access, chmod, constants, mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describeEnd } from '../exec/exec.ts';
import type { CommandResult } from '../sandbox/port.ts';
import type { Clones } from './clones.ts';
import { CloneFault } from './fetch-failure.ts';
import type { RepoLayout } from './layout.ts';
import type { PushOutcome, RepoGit } from './port.ts';
import { NETWORK, requireSha, withoutPassword } from './trusted.ts';
import { headOf } from '../../domain/text.ts';

const PUSH_MS = 30 * 60_000;

export interface PushDeps {
  readonly repo: {
    readonly name: string;
    readonly remote: string;
    readonly branch: string;
    readonly pushEnv: Readonly<Record<string, string>>;
  };
  readonly clones: Clones;
  readonly layout: RepoLayout;
}

const MOVED = 'lamplighter: main stands elsewhere';
const PRE_PUSH = `#!/bin/sh
while read -r local head ref stands; do
  [ "$stands" = "$LAMPLIGHTER_ONTO" ] || { echo "${MOVED}" >&2; exit 1; }
done
`;

export function createPush({ repo, clones, layout }: PushDeps): Pick<RepoGit, 'push'> {
  async function send(head: string, onto: string): Promise<CommandResult> {
    await makeHook(layout.hooks);
    const refspec = `${head}:refs/heads/${repo.branch}`;
    const how = ['--porcelain', '--no-signed', '--verify', '--recurse-submodules=no'];
    return await clones.clean.run(
      ['-c', `core.hooksPath=${layout.hooks}`, 'push', ...how, '--', repo.remote, refspec],
      {
        protocols: NETWORK,
        wallMs: PUSH_MS,
        env: { ...repo.pushEnv, LAMPLIGHTER_ONTO: onto },
      },
    );
  }

  async function lastFetched(): Promise<string> {
    return (await clones.clean.text(['rev-parse', '--verify', `${clones.mainRef}^{commit}`])).trim();
  }

  /** Somebody else's commits are on main; or ours already are, and theirs on top of them. */
  async function raced(head: string): Promise<PushOutcome> {
    const main = await clones.refresh();
    const missing = (await clones.clean.text(['rev-list', '--max-count=1', head, `^${main}`, '--'])).trim();
    return missing === '' ? { kind: 'pushed' } : { kind: 'raced', main };
  }

  return {
    async push(head, given) {
      requireSha(head);
      const onto = requireSha(given ?? (await lastFetched()));
      const result = await clones.locked(() => send(head, onto));
      if (result.end === 'exited' && result.code === 0) return { kind: 'pushed' };
      const rejection = rejectionIn(result.stdout);
      if (rejection?.kind === 'behind' || result.stderr.includes(MOVED)) return await raced(head);
      if (rejection?.kind === 'collided') {
        const outcome = await raced(head);
        const ours = await clones.clean.run([
          'merge-base',
          '--is-ancestor',
          outcome.kind === 'raced' ? outcome.main : head,
          head,
        ]);
        // Main has not moved past us: whoever held the ref gave it back, and the caller tries again.
        if (outcome.kind === 'pushed' || ours.code === 1) return outcome;
      }
      if (rejection?.kind === 'policy') return { kind: 'refused', reason: inWords(rejection.reason, result.stderr) };
      throw new Error(
        `${repo.name}: ${head} could not be pushed to ${repo.branch} of ${withoutPassword(repo.remote)}: ` +
          `git push ${withoutPassword(describeEnd(result, PUSH_MS))}`,
      );
    },
  };
}

/** By rename: another push of ours may be about to run it. */
async function makeHook(dir: string): Promise<void> {
  const hook = join(dir, 'pre-push');
  await mkdir(dir, { recursive: true, mode: 0o700 });
  await writeFile(`${hook}.new`, PRE_PUSH);
  await chmod(`${hook}.new`, 0o700);
  await rename(`${hook}.new`, hook);
  try {
    // Git passes over a hook that it may not execute, without a word that counts.
    await access(hook, constants.X_OK);
  } catch (error) {
    throw new CloneFault(
      `nothing is pushed, because ${hook} cannot be executed: put the data directory where programs may run (no noexec)`,
      { cause: error },
    );
  }
}

interface Rejection {
  /** `behind`: main has what we lack. `collided`: another push had the ref. `policy`: the remote does not want it. */
  readonly kind: 'behind' | 'collided' | 'policy';
  readonly reason: string;
}

/** Porcelain: `!` TAB refspec TAB summary, such as `[rejected] (fetch first)` or `[remote rejected] (pre-receive hook declined)`. */
function rejectionIn(porcelain: string): Rejection | null {
  const line = porcelain.split('\n').find((one) => one.startsWith('!\t'));
  const match = /\[(rejected|remote rejected)\] \((.*)\)\s*$/.exec(line ?? '');
  if (match?.[2] === undefined) return null;
  if (match[1] === 'rejected') return { kind: 'behind', reason: match[2] };
  const collided =
    /cannot lock ref|failed to (?:update ref|lock)|incorrect old value|unpacker error|shallow update/i.test(match[2]);
  return { kind: collided ? 'collided' : 'policy', reason: match[2] };
}

function inWords(reason: string, stderr: string): string {
  const said = stderr
    .split('\n')
    .filter((line) => line.startsWith('remote:'))
    .map((line) => line.slice('remote:'.length).trim())
    .filter((line) => line !== '');
  return headOf(withoutPassword([reason, ...said].join(': ')), 2_000);
}
