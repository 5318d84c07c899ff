/** Dry run first; what is installed is what was tested; what is uninstalled leaves the evidence. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { answerOf, call, script } from './call.ts';
import { fakeHost } from './fake-host.ts';

const folder = fileURLToPath(new URL('../../host', import.meta.url));
let root: string;
beforeEach(() => (root = mkdtempSync(join(tmpdir(), 'install-'))));
afterEach(() => rmSync(root, { recursive: true, force: true }));

function run(
  tool: 'install' | 'uninstall',
  ...args: string[]
): { status: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(join(folder, tool), [...args, '--root', root], { encoding: 'utf8' });
  return { status, stdout, stderr };
}
const files = (): string[] => globSync('**/*', { cwd: root }).sort();

describe('install', () => {
  it('without --yes says what it would do, and does nothing', () => {
    const { status, stdout } = run('install', '--vmid', '102');

    expect(status).toBe(0);
    expect(stdout).toMatch(/nothing is done without --yes/);
    expect(stdout).toContain('breakglass-host');
    expect(files()).toEqual([]);
  });

  it('with --yes installs every part, private where it must be', () => {
    const { status, stderr } = run('install', '--vmid', '102', '--guest-ssh', '192.0.2.9:22', '--yes');

    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    for (const part of globSync(['breakglass-host', 'breakglass-admin', 'lib/*', 'libexec/*'], { cwd: folder })) {
      const installed = join(root, 'usr/local/lib/breakglass-host', part);
      expect(readFileSync(installed, 'utf8'), part).toBe(readFileSync(join(folder, part), 'utf8'));
      expect(statSync(installed).mode & 0o022, part).toBe(0);
    }
    const config = join(root, 'etc/breakglass-host/config');
    expect(readFileSync(config, 'utf8')).toMatch(/^vmid=102$[^]*^guest_ssh=192\.0\.2\.9:22$/m);
    expect(statSync(config).mode & 0o777).toBe(0o600);
    expect(statSync(join(root, 'var/lib/breakglass-host')).mode & 0o777).toBe(0o700);
    expect(existsSync(join(root, 'usr/local/share/man/man8/breakglass-host.8'))).toBe(true);
  });

  it('with a part gone does nothing at all, rather than half of a rescue', async () => {
    const host = await fakeHost();
    run('install', '--vmid', '102', '--yes');
    const installed = join(root, 'usr/local/lib/breakglass-host');
    rmSync(join(installed, 'lib/policy.sh'));

    const env = { SSH_ORIGINAL_COMMAND: 'cycle' };
    const { code, stdout } = await answerOf(
      spawn(join(installed, 'breakglass-host'), ['--config', host.config, 'human'], { env }),
    );

    expect([code, stdout]).toEqual([78, '']);
    expect(host.power()).toEqual([]);
  });

  it('a second time keeps the configuration that is there', () => {
    run('install', '--vmid', '102', '--yes');
    run('install', '--vmid', '103', '--yes');

    expect(readFileSync(join(root, 'etc/breakglass-host/config'), 'utf8')).toContain('vmid=102');
  });

  it.each([['--vmid', 'x; id'], ['--vmid', '102', '--guest-ssh', 'devvm.lan:22'], ['--vmid'], ['--bogus']])(
    'refuses %j',
    (...args) => {
      expect(run('install', ...args, '--yes').status).not.toBe(0);
      expect(files()).toEqual([]);
    },
  );
});

describe('uninstall', () => {
  it('without --yes does nothing; with it leaves evidence and configuration; with --purge nothing', () => {
    run('install', '--vmid', '102', '--yes');
    const installed = files();

    run('uninstall');
    expect(files()).toEqual(installed);
    run('uninstall', '--yes');
    expect(
      files()
        .filter((file) => /breakglass-(host|admin)/.test(file))
        .filter((file) => !/^(etc|var)/.test(file)),
    ).toEqual([]);
    expect(existsSync(join(root, 'var/lib/breakglass-host/evidence'))).toBe(true);
    run('uninstall', '--yes', '--purge');
    expect(files().filter((file) => file.includes('breakglass'))).toEqual([]);
  });
});

describe('uninstall and install', () => {
  it.each(['install', 'uninstall'])('%s with an empty --root does not fall upon the machine itself', (tool) => {
    for (const words of [['--root'], ['--root', '']]) {
      const { status, stdout } = spawnSync(
        join(folder, tool),
        [...(tool === 'install' ? ['--vmid', '102'] : []), ...words],
        { encoding: 'utf8' },
      );
      expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    }
  });

  it('does not take the script away from an op that is under way', () => {
    run('install', '--vmid', '102', '--yes');
    const installed = files();
    const op = join(root, 'var/lib/breakglass-host/ops/01ARZ3NDEKTSV4RRFFQ69G5FAV');
    mkdirSync(op);
    writeFileSync(join(op, 'journal'), '1 accept cycle human x 1 ;\n2 note intent=stop ;\n');

    const { status, stderr } = run('uninstall', '--yes');

    expect(status).toBe(1);
    expect(stderr).toMatch(/01ARZ3NDEKTSV4RRFFQ69G5FAV.*has no end/);
    expect(files()).toEqual(expect.arrayContaining(installed));
    appendFileSync(join(op, 'journal'), '3 end ok cycled ;\n');
    expect(run('uninstall', '--yes').status).toBe(0);
  });
});

describe('--self-test', () => {
  it('is well on a host that is, and touches nothing', async () => {
    const host = await fakeHost();
    const before = globSync('**/*', { cwd: host.root }).sort();

    const { code, stdout } = await answerOf(spawn(script, ['--config', host.config, '--self-test']));

    expect(stdout).toMatch(/all well\n$/);
    expect(code).toBe(0);
    expect(globSync('**/*', { cwd: host.root }).sort()).toEqual(before);
    expect(host.power()).toEqual([]);
  });

  it('says so where QEMU is a file that is not known here, for its VM would be taken for off', async () => {
    const host = await fakeHost();
    rmSync(host.path('proc/5000001/exe'));
    symlinkSync('/opt/qemu/bin/qemu', host.path('proc/5000001/exe'));
    const selfTest = () => answerOf(spawn(script, ['--config', host.config, '--self-test']));

    const { code, stdout } = await selfTest();
    host.configure({ qemu: '/opt/qemu/bin/qemu' });
    const named = await selfTest();

    expect(code).toBe(1);
    expect(stdout).toMatch(
      /FAILED {2}the pidfile's process is a QEMU that is known here: it runs \/opt\/qemu\/bin\/qemu/,
    );
    expect(named.code).toBe(0);
  });

  it('names what is not, each with its remedy', async () => {
    const host = await fakeHost();
    host.fault('qmp-hangs');
    host.fault('agent-dead');
    host.fault('storage-inactive');

    const { code, stdout } = await answerOf(spawn(script, ['--config', host.config, '--self-test']));

    expect(code).toBe(1);
    expect(stdout).toMatch(/FAILED {2}QMP: is something else connected/);
    expect(stdout).toMatch(/FAILED {2}guest agent: apt install/);
    expect(stdout).toMatch(/FAILED {2}it could be started again: .*local-lvm/);
  });
});

describe('breakglass-admin', () => {
  const admin = join(folder, 'breakglass-admin');

  it('lifts a cooldown once, with a reason that is logged', async () => {
    const host = await fakeHost();
    await call(host, 'human', 'cycle');

    expect(spawnSync(admin, ['--config', host.config, 'override', 'cooldown']).status).toBe(2);
    expect((await call(host, 'human', 'cycle')).document().reason).toBe('cooldown');
    execFileSync(admin, ['--config', host.config, 'override', 'cooldown', 'demo', 'in', 'five', 'minutes'], {
      stdio: 'ignore',
    });
    expect((await call(host, 'human', 'cycle')).document().result).toBe('ok');
    expect((await call(host, 'human', 'cycle')).document().reason).toBe('cooldown');
    expect(host.read('log')).toContain('override=cooldown reason=demo in five minutes');
  });

  it('pauses the agent and lists ops', async () => {
    const host = await fakeHost();
    execFileSync(admin, ['--config', host.config, 'pause', 'maintenance'], { stdio: 'ignore' });

    expect((await call(host, 'agent', 'cycle')).document().reason).toBe('paused');
    execFileSync(admin, ['--config', host.config, 'unpause']);
    const op = (await call(host, 'agent', 'cycle')).document().op;
    expect(execFileSync(admin, ['--config', host.config, 'ops'], { encoding: 'utf8' })).toMatch(
      new RegExp(`^${op} .* cycle +agent ok`, 'm'),
    );
  });
});
