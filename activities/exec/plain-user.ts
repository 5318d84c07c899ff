/** For tests that are about permissions: processes of a user for whom none is waived. */
import { execFileSync } from 'node:child_process';

const NOBODY = { uid: 65_534, gid: 65_534 };

/** As who runs the tests, or as nobody where that is root. */
const PLAIN_USER = process.getuid?.() === 0 ? NOBODY : {};

/** Runs a module's text in a process of that user; what it wrote to stdout, as JSON. */
export function evaluatedAsPlainUser(script: string): unknown {
  const said = execFileSync(process.execPath, ['--input-type=module', '-e', script], { ...PLAIN_USER, cwd: '/' });
  return JSON.parse(said.toString('utf8'));
}

export function shellAsPlainUser(script: string, cwd: string): void {
  execFileSync('/bin/sh', ['-ec', script], { ...PLAIN_USER, cwd, stdio: 'pipe' });
}
