/**
 * A repo is known by `key`: derived from the forge host and the forge's immutable id, safe as a path segment and
 * in a task queue's name. `name` (`owner/name`) is display only and may change.
 */
export interface RepoRef {
  readonly key: string;
  readonly name: string;
}

/** The task queue of the activities that need the host which holds the repo's checkout. */
export function repoTaskQueue(repoKey: string): string {
  return `repo/${repoKey}`;
}
