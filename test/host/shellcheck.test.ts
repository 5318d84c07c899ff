/** What root runs is read by a machine too. */
import { spawnSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { has } from '../setup/needs.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const bash = globSync(['host/breakglass-*', 'host/*install', 'host/lib/*.sh', 'test/lab/*/*', 'test/host/*.sh'], {
  cwd: root,
})
  .filter((file) => /^#!.*bash|^# shellcheck shell=(bash|dash)$/m.test(readFileSync(`${root}/${file}`, 'utf8')))
  .sort();

describe.skipIf(!has('shellcheck'))('shellcheck', () => {
  it.each(bash.filter((file) => !file.startsWith('host/lib/')))(
    'has nothing to say of %s and what it sources',
    (file) => {
      const { stdout, status } = spawnSync('shellcheck', ['-x', '-P', root, file], { cwd: root, encoding: 'utf8' });

      expect(stdout).toBe('');
      expect(status).toBe(0);
    },
    // It follows every path of all that is sourced, on a machine that has other things to do.
    120_000,
  );
});

describe('the scripts that root runs', () => {
  it('evaluate nothing and source only their own parts', () => {
    for (const file of bash.filter((name) => name.startsWith('host/'))) {
      const code = readFileSync(`${root}/${file}`, 'utf8').replace(/^\s*#.*$/gm, '');
      expect(code, file).not.toMatch(/\beval\b|\bbash -c "|\bsh -c\b/);
      const sourced = (code.match(/^\s*(source|\.) .*$/gm) ?? []).map((line) => line.trim());
      expect(
        sourced.filter((line) => !/^source "\$HOME_DIR\/lib\/[a-z-]+\.sh" \|\| (return 1|exit 78)$/.test(line)),
        file,
      ).toEqual([]);
    }
  });

  it('are small enough to be audited in one sitting each', () => {
    for (const file of globSync(['host/breakglass-*', 'host/lib/*', 'host/libexec/*'], { cwd: root })) {
      expect(readFileSync(`${root}/${file}`, 'utf8').split('\n').length, file).toBeLessThan(250);
    }
  });
});
