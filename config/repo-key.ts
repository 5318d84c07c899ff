import { createHash } from 'node:crypto';

/**
 * A key that stays when the configuration is reordered or moved, safe as a path segment and in a task queue's name:
 * a readable slug of the name, and a digest of the remote (or of the name alone for a repo given as a path, so that
 * moving the folder does not make it another repo).
 */
export function repoKey(name: string, remote: string): string {
  const slug = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 40);
  const identity = isAddress(remote) ? `remote ${remote}` : `name ${name}`;
  return `${slug}-${createHash('sha256').update(identity).digest('hex').slice(0, 8)}`;
}

/** A URL or scp-like address; anything else is a path. */
export function isAddress(remote: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(remote) || /^[^/\s:]+:./.test(remote);
}
