/** The configuration is root's, parsed and never run; the script refuses to work on anything that it does not fully understand. */
import { chmodSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { call } from './call.ts';
import { fakeHost } from './fake-host.ts';

describe('a configuration', () => {
  it.each([
    ['an unknown key', 'vm=102'],
    ['a line that is no setting', 'source /etc/passwd'],
    ['a value with a command in it', 'qm=/usr/sbin/qm;id'],
    ['a substitution', 'qm=$(id)'],
    ['a relative path', 'qm=qm'],
    ['a word where a number belongs', 'human_cooldown=soon'],
    ['a number that bash would read as octal', 'human_cooldown=090'],
    ['an autonomy that does not exist', 'autonomy=full'],
    ['a VMID that is none', 'vmid=0'],
    ['an empty value', 'vmid='],
  ])('with %s is refused, and the line named', async (_what, line) => {
    const host = await fakeHost();
    const text = host.read('etc/config');
    host.write(`${text}${line}\n`, 'etc/config');

    const { code, stdout, stderr } = await call(host, 'ro', 'status');

    expect({ code, stdout }).toEqual({ code: 78, stdout: '' });
    expect(stderr).toContain(`line ${text.split('\n').length} of`);
  });

  it('without a VMID is refused: there is no default machine', async () => {
    const host = await fakeHost();
    host.write(host.read('etc/config').replace('vmid=102\n', ''), 'etc/config');

    expect((await call(host, 'ro', 'status')).code).toBe(78);
  });

  it.each([0o666, 0o620, 0o602])('that others can write (%o) is refused', async (mode) => {
    const host = await fakeHost();
    chmodSync(host.path('etc/config'), mode);

    const { code, stderr } = await call(host, 'ro', 'status');

    expect(code).toBe(78);
    expect(stderr).toMatch(/written by others/);
  });

  it('in a folder that others can write is refused: they could put another in its place', async () => {
    const host = await fakeHost();
    chmodSync(host.path('etc'), 0o777);

    expect((await call(host, 'ro', 'status')).code).toBe(78);
  });

  it('may have comments and empty lines', async () => {
    const host = await fakeHost();
    host.write(`# ours\n\n  # the VM\n${host.read('etc/config')}`, 'etc/config');

    expect((await call(host, 'ro', 'forensics')).code).toBe(0);
  });
});
