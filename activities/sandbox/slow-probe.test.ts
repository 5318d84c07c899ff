import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createBwrapSandbox } from './bwrap.ts';
import { probeSandbox } from './probe.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'slow-probe-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

test('a machine so busy that a sandbox takes eleven seconds has a sandbox all the same', async () => {
  const sandbox = createBwrapSandbox({ proxySocketDir: dir });
  const programs = { bwrap: 'bwrap', flock: 'flock', prlimit: 'prlimit', socat: 'socat' };

  const probe = await probeSandbox({
    programs,
    run: (command) =>
      sandbox.run({ ...command, argv: ['/bin/sh', '-c', 'sleep 11; exec "$@"', 'sh', ...command.argv] }),
  });

  expect(probe).toEqual({ ok: true, name: 'bubblewrap' });
});
