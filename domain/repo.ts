/**
 * A repo is known by its key: derived from the forge host and the forge's immutable id, safe as a path segment and in a
 * task queue's name. `owner/name` is display only and may change.
 */

/** The task queue of the activities that need the host which holds the repo's checkout. */
export function repoTaskQueue(repoKey: string): string {
  return `repo/${repoKey}`;
}
