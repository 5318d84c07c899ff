/** What is installed beside the script is read by the programs that it is for: logrotate, groff, systemd. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { has } from '../setup/needs.ts';
import { call } from './call.ts';
import { fakeHost } from './fake-host.ts';

const folder = fileURLToPath(new URL('../../host', import.meta.url));
const system = (name: string): string => readFileSync(join(folder, 'system', name), 'utf8');
const env = { PATH: `${process.env['PATH']}:/usr/sbin`, LC_ALL: 'C.UTF-8' };
let scratch: string;
beforeEach(() => (scratch = mkdtempSync(join(tmpdir(), 'packaging-'))));
afterEach(() => rmSync(scratch, { recursive: true, force: true }));

describe.skipIf(!has('logrotate') || process.getuid?.() !== 0)(
  '5.7: the log, under the shipped rules of logrotate (as root)',
  () => {
    it('is rotated each month, privately, and the script goes on in a new one', async () => {
      const host = await fakeHost();
      await call(host, 'human', 'cycle');
      // Who asks is answered from the journal; the log hears of the end right after.
      await vi.waitFor(() => expect(host.read('log')).toContain('end=ok'), 30_000);
      const rules = join(scratch, 'rules');
      writeFileSync(
        rules,
        system('breakglass-host.logrotate').replace('/var/log/breakglass-host.log', host.path('log')),
      );
      const state = join(scratch, 'state');
      writeFileSync(state, `logrotate state -- version 2\n"${host.path('log')}" 2020-1-1-0:0:0\n`, { mode: 0o600 });

      const { status, stderr } = spawnSync('logrotate', ['--state', state, rules], { encoding: 'utf8', env });

      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      expect(host.read('log.1')).toContain('end=ok');
      expect(host.read('log')).toBe('');
      await call(host, 'human', 'cycle');
      expect(host.read('log')).toContain('refused=cooldown');
      expect(host.read('log.1')).not.toContain('refused=cooldown');
    });
  },
);

describe.skipIf(!has('groff'))('the man page', () => {
  it('is set without a warning', () => {
    const page = join(folder, 'breakglass-host.8');
    const { status, stderr } = spawnSync('groff', ['-man', '-ww', '-Tutf8', '-z', page], { encoding: 'utf8', env });

    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });
});

describe.skipIf(!has('systemd-analyze'))('the units', () => {
  it('have nothing that systemd would not understand', () => {
    const program = join(scratch, 'breakglass-host');
    writeFileSync(program, '#!/bin/bash\n');
    chmodSync(program, 0o755);
    const units = join(scratch, 'units');
    mkdirSync(units);
    const files = ['breakglass-host-resume.service', 'breakglass-host-resume.timer'].map((name) => {
      const file = join(units, name);
      writeFileSync(file, system(name).replace('/usr/local/lib/breakglass-host/breakglass-host', program));
      return file;
    });

    const { status, stdout, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', ...files], {
      encoding: 'utf8',
      env: { ...env, SYSTEMD_UNIT_PATH: `${units}:` },
    });

    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' });
  });
});
