/** One command that is awaited: its status, what it said and how long it took, however it ends and whatever it leaves behind. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isAlive } from '../setup/alive.ts';
import { until } from './call.ts';

const host = fileURLToPath(new URL('../../host', import.meta.url));
let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'launch-'))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** `$2` is what happens between the launch and the look at what came of it. */
const driver = `
LIBEXEC=$1/libexec
source "$1/lib/base.sh"
launch "$3" bash -c "$4"
handle=$REPLY
source "$2"
collect "$handle"
printf '%s\\n' "$CODE" "$RC" "\${#OUT}" "$MS" "\${OUT:0:40}"
`;

interface Collected {
  readonly code: number;
  /** The status of the answer: that of the command, or 123 where a part of what it said is missing. */
  readonly rc: number;
  readonly length: number;
  readonly ms: number;
  readonly begins: string;
  readonly tookMs: number;
}

function collected(command: string, between = '/dev/null', limit = 10): Collected {
  const began = performance.now();
  const words = ['-c', driver, 'driver', host, between, String(limit), command];
  const said = execFileSync('bash', words, { cwd: folder, encoding: 'utf8', timeout: 30_000 });
  const [code, rc, length, ms, ...begins] = said.split('\n');
  const tookMs = performance.now() - began;
  return {
    code: Number(code),
    rc: Number(rc),
    length: Number(length),
    ms: Number(ms),
    begins: begins.join('\n').trimEnd(),
    tookMs,
  };
}

describe('a command that is awaited', () => {
  it('and ended long before anybody looked took the time until it ended, and never less than none', () => {
    const busy = join(folder, 'busy');
    execFileSync('bash', ['-c', 'echo "until [[ -e ended ]]; do rest 0.01; done; rest 1.5" >"$1"', 'busy', busy]);

    const { code, ms, tookMs } = collected(': >ended', busy);

    expect(code).toBe(0);
    expect(ms).toBeGreaterThanOrEqual(0);
    expect(ms).toBeLessThan(tookMs - 1_000);
  });

  it.each([
    [0, 123],
    [255, 255],
  ])(
    'and says more than is kept, ending with %i, keeps that status, and its answer is known for incomplete',
    (code, rc) => {
      const said = collected(`head -c 80000 /dev/zero | tr '\\0' y; exit ${code}`);

      expect(said).toMatchObject({ code, rc, length: 65_536 });
    },
  );

  it('has a NUL in its output as a question mark, and what follows it', () => {
    expect(collected(`printf 'boot ok\\n\\0\\0the line that matters'`)).toMatchObject({
      code: 0,
      rc: 0,
      begins: 'boot ok\n??the line that matters',
    });
  });

  it('has ended when it has ended, though a child keeps its output open, or goes on talking', () => {
    const quiet = collected('sleep 20 & echo $! >child; exit 3');
    process.kill(Number(readFileSync(join(folder, 'child'), 'utf8')), 'SIGKILL');
    const loud = collected('yes & echo $! >child; exit 3');
    process.kill(Number(readFileSync(join(folder, 'child'), 'utf8')), 'SIGKILL');

    expect(quiet).toMatchObject({ code: 3, rc: 3 });
    expect(loud.code).toBe(3);
    expect(quiet.tookMs + loud.tookMs).toBeLessThan(15_000);
  });

  it('and does not go when its time is over is killed with its children', async () => {
    const said = collected(`trap '' TERM; echo begun; sleep 60 & echo $! >child; wait; sleep 60`, '/dev/null', 1);
    const child = Number(readFileSync(join(folder, 'child'), 'utf8'));

    expect(said).toMatchObject({ code: 124, rc: 124, begins: 'begun' });
    // The signal was sent; that it has died is for the kernel to do.
    await until('the child is gone', () => !isAlive(child));
  });
});
