import { createHash } from 'node:crypto';

/**
 * The id of the run of a release: short, readable, sorted by repo and issue, and always the same for the same release,
 * so that a repeated attempt to start it can't start another (invariant 2).
 */
export function runIdOf(repo: { readonly key: string; readonly name: string }, issue: number, release: string): string {
  const slug = (repo.name.split('/').at(-1) ?? '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 24);
  const digest = createHash('sha256').update(`${repo.key}\n${release}`).digest();
  const short = digest.readUIntBE(0, 6).toString(36).padStart(10, '0').slice(-7);
  return `${slug || 'repo'}-${issue}-${short}`;
}
