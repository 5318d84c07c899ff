import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { probePart, systemParts } from './system-parts.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lamplighter-parts-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function placeBwrap(script: string): void {
  writeFileSync(join(folder, 'bwrap'), `#!/bin/sh\n${script}\n`);
  chmodSync(join(folder, 'bwrap'), 0o755);
}

test('a missing part comes with what it lacks and a remedy', () => {
  const probes = systemParts.map(({ name }) => probePart(name, { PATH: folder, HOME: folder }));
  // Some are found off PATH (Debian's PostgreSQL, sbin): those that aren't must each say what to do.
  const missing = probes.filter((probe) => !probe.present);
  expect(missing.length).toBeGreaterThanOrEqual(9);
  for (const { why, remedy } of missing)
    expect([why, remedy]).toEqual([expect.stringMatching(/\w/), expect.stringMatching(/\w/)]);
});

test('a bwrap that works is present', () => {
  placeBwrap('exit 0');
  expect(probePart('bwrap', { PATH: folder })).toEqual({ present: true, where: join(folder, 'bwrap') });
});

test.each([
  ['AppArmor', 'bwrap: setting up uid map: Permission denied', /apparmor_restrict_unprivileged_userns/],
  ['a masked /proc', "bwrap: Can't mount proc on /newroot/proc: Operation not permitted", /systempaths=unconfined/],
  ['namespaces off', 'bwrap: No permissions to create new namespace', /unprivileged_userns_clone/],
])('a bwrap that is there but forbidden by %s names the one fix', (_name, said, fix) => {
  placeBwrap(`echo "${said}" >&2; exit 1`);
  const probe = probePart('bwrap', { PATH: folder });
  expect(probe).toMatchObject({
    present: false,
    why: expect.stringContaining(said) as string,
    remedy: expect.stringMatching(fix) as string,
  });
});
