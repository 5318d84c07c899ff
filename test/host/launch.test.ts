/** How long something took, where the machine was so busy that it had ended before anybody looked: evidence once held times below zero. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';

const base = fileURLToPath(new URL('../../host/lib/base.sh', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'launch-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A clock that goes on by a second whenever it is read, and a parent that is kept from reading it until its child has ended. */
const driver = `
source "$1"
monotonic_ms() {
  ((BASHPID != $$ || \${#LAUNCH_PID[@]} == 0)) || until [[ -e ended ]]; do rest 0.01; done
  REPLY=$(($(cat clock) + 1000))
  echo "$REPLY" >clock
  ((BASHPID == $$)) || : >ended
}
echo 0 >clock
launch 5 true
collect "$REPLY"
echo "$RC $MS"
`;

it('a command that ends before its starter goes on took no time below zero', () => {
  const said = execFileSync('bash', ['-c', driver, 'driver', base], { cwd: folder, encoding: 'utf8', timeout: 20_000 });

  expect(said).toBe('0 1000\n');
});
