/** Git for the making of the playground: its own identity and dates, and nothing of the person's configuration. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

export async function git(cwd: string, args: readonly string[], at?: number): Promise<string> {
  const date = at === undefined ? {} : { GIT_AUTHOR_DATE: gitDate(at), GIT_COMMITTER_DATE: gitDate(at) };
  const { stdout } = await run('git', [...args], {
    cwd,
    env: {
      PATH: '/usr/local/bin:/usr/bin:/bin',
      HOME: cwd,
      LC_ALL: 'C',
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_CONFIG_SYSTEM: '/dev/null',
      GIT_AUTHOR_NAME: 'Playground',
      GIT_AUTHOR_EMAIL: 'playground@example.invalid',
      GIT_COMMITTER_NAME: 'Playground',
      GIT_COMMITTER_EMAIL: 'playground@example.invalid',
      ...date,
    },
  });
  return stdout.trim();
}

function gitDate(at: number): string {
  return `${Math.floor(at / 1000)} +0000`;
}
