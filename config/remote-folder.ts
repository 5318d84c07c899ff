/** Remotes on this machine, and the kinds of remote that Lamplighter can't work with: for git and for `doctor`. */
import { isAbsolute, resolve } from 'node:path';
import { percentDecoded } from '../domain/percent.ts';

/** The folder of a remote on this machine, given by its path or by file://; null for one elsewhere. A slash at its end says nothing. */
export function remoteFolder(remote: string): string | null {
  if (isAbsolute(remote)) return resolve(remote);
  const url = /^file:/i.test(remote) ? URL.parse(remote) : null;
  return url === null ? null : resolve(percentDecoded(url.pathname));
}

export const UNFIT_REMOTES = {
  sha256: 'it is a repository with SHA-256 ids, and Lamplighter works with SHA-1 ids: convert it, or enrol another',
  shallow:
    'it is a shallow clone, which lacks the history that a change is judged against: run `git fetch --unshallow` in it, or name the remote that it was cloned from',
} as const;
