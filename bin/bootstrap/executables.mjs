import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** @param {string} path */
export function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    // Not there, not ours to run, or not a file: for the question asked these are one answer.
    return false;
  }
}

/** The first executable of that name on PATH, as a shell would find it, but without starting one.
 * @param {string} name @param {string | undefined} path */
export function findOnPath(name, path) {
  for (const folder of (path ?? '').split(delimiter)) {
    if (folder !== '' && isExecutable(join(folder, name))) return join(folder, name);
  }
  return null;
}

/** PATH without the project's own node_modules: a tool that replaces that folder must not run out of it.
 * @param {string | undefined} path @param {string} root */
export function pathOutside(path, root) {
  const inside = join(root, 'node_modules');
  return (path ?? '')
    .split(delimiter)
    .filter((folder) => !folder.startsWith(inside))
    .join(delimiter);
}
