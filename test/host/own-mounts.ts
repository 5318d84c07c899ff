/** The script in a mount namespace of its own: what is mounted there nobody else of the machine meets. Needs root, where root may mount. */
import { spawn, spawnSync } from 'node:child_process';
import { answerOf, type Answer, type Identity, script } from './call.ts';
import type { LabHost } from '../lab/lab-host.ts';

/** `mounts` are bash, and have `words` as their arguments. */
function inNamespace(mounts: string, words: readonly string[], command: readonly string[]): [string, string[]] {
  const lines = `n=$1; shift; set -e; words=("\${@:1:n}"); shift "$n"; command=("$@"); set -- "\${words[@]}"\n${mounts}\nset +e; "\${command[@]}"`;
  return [
    'unshare',
    ['-m', '--propagation', 'private', 'bash', '-c', lines, 'mounts', String(words.length), ...words, ...command],
  ];
}

export function canHaveMounts(mounts: string, words: readonly string[]): boolean {
  return process.getuid?.() === 0 && spawnSync(...inNamespace(mounts, words, ['true'])).status === 0;
}

export async function callWithMounts(
  host: LabHost,
  { mounts, words }: { mounts: string; words: readonly string[] },
  identity: Identity,
  request: string,
): Promise<Answer> {
  const command = inNamespace(mounts, words, [script, '--config', host.config, identity]);
  const env = { PATH: process.env['PATH'], SSH_CONNECTION: '192.0.2.7 5 192.0.2.1 22', SSH_ORIGINAL_COMMAND: request };
  return answerOf(spawn(...command, { env, stdio: ['ignore', 'pipe', 'pipe'] }));
}
