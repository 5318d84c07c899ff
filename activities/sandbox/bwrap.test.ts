import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { processesNaming } from '../../test/setup/processes.ts';
import { createBwrapSandbox } from './bwrap.ts';
import { DEFAULT_LIMITS } from './environment.ts';
import type { CommandResult, SandboxCommand } from './port.ts';
import { failureOf } from './probe.ts';

let dir: string;
let work: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'lamplighter-sandbox-'));
  work = join(dir, 'work');
  mkdirSync(work);
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const limits = { ...DEFAULT_LIMITS, wallMs: 20_000 };

function commandOf(script: string, more: Partial<SandboxCommand> = {}): SandboxCommand {
  return {
    argv: ['/bin/sh', '-c', script],
    cwd: work,
    env: {},
    path: [],
    hosts: [],
    keepBytes: 65_536,
    limits,
    binds: [{ from: work, mode: 'rw' }],
    ...more,
  };
}

async function run(script: string, more: Partial<SandboxCommand> = {}): Promise<CommandResult> {
  return await createBwrapSandbox({ proxySocketDir: join(dir, 'run') }).run(commandOf(script, more));
}

test('the probe says yes where a sandbox can be set up', async () => {
  const probe = await createBwrapSandbox({ proxySocketDir: join(dir, 'run') }).probe();
  expect(probe).toEqual({ ok: true, name: 'bubblewrap' });
});

test('the probe names the package of what is not installed', async () => {
  const sandbox = createBwrapSandbox({ proxySocketDir: join(dir, 'run'), searchPath: [dir] });
  const probe = await sandbox.probe();
  expect(probe).toMatchObject({ ok: false, reason: 'bwrap, flock, prlimit, socat are not installed' });
  expect(probe.ok ? '' : probe.remedy).toContain('bubblewrap util-linux socat');
  await expect(sandbox.run(commandOf('true'))).rejects.toThrow("the sandbox can't run: bwrap");
});

test('where user namespaces are forbidden bubblewrap really fails, and the remedy fits what forbids them', async () => {
  // Inside a sandbox they are forbidden: the real words of a real failure.
  const result = await run('bwrap --unshare-user --ro-bind /usr /usr /usr/bin/true');
  expect(result.code).not.toBe(0);
  const kernel = { apparmorRestricts: null, unprivilegedClone: null, maxUserNamespaces: null, container: false };
  const remedy = (more: object): string => failureOf(result.stderr, { ...kernel, ...more }).remedy;
  expect(remedy({ apparmorRestricts: '1' })).toContain('profile bwrap /usr/bin/bwrap flags=(unconfined) { userns, }');
  expect(remedy({ unprivilegedClone: '0' })).toContain('sysctl -w kernel.unprivileged_userns_clone=1');
  expect(remedy({ maxUserNamespaces: '0' })).toContain('sysctl -w user.max_user_namespaces=');
  expect(remedy({ container: true })).toContain('hostUsers: false');
  expect(remedy({})).toContain('the kernel forbids user namespaces');
});

test('inside there is no root, no capability, no secret of the host, and an environment of our own', async () => {
  writeFileSync(join(dir, 'secret'), 'secret');
  const result = await run(
    `id -u; id -un; grep CapEff /proc/self/status; grep NoNewPrivs /proc/self/status; ls ${dir} /root /home /etc/shadow /var/lib 2>&1 | sort; env | sort | cut -d= -f1 | tr '\\n' ' '; ls /proc | grep -c '^[0-9]'`,
    { env: { OWN: '1' } },
  );
  expect(result.stdout).toContain('1000\nagent\nCapEff:\t0000000000000000\nNoNewPrivs:\t1\n');
  expect(result.stdout).toMatch(/cannot access '\/etc\/shadow'/);
  expect(result.stdout).toMatch(/cannot access '\/root'/);
  expect(result.stdout).not.toContain('secret');
  expect(result.stdout).toContain('HOME LANG OWN PATH PWD TMPDIR ');
  expect(Number(result.stdout.trim().split('\n').at(-1)?.split(' ').at(-1))).toBeLessThan(10);
});

test('a secret reaches the command by its environment, and stands in no command line of the machine meanwhile', async () => {
  const running = run(
    `echo "$PAY_KEY" > ${work}/seen; echo "\${LC_ALL-none}"; until [ -e ${work}/go ]; do sleep 0.02; done`,
    {
      secrets: { PAY_KEY: 'swordfish-5519' },
      hosts: ['a.example'],
      lock: join(dir, 'lock'),
    },
  );
  await vi.waitFor(() => expect(readFileSync(join(work, 'seen'), 'utf8')).toBe('swordfish-5519\n'), 10_000);
  expect(processesNaming(work).length).toBeGreaterThan(0);
  expect(processesNaming('swordfish-5519')).toEqual([]);
  writeFileSync(join(work, 'go'), '');
  expect(await running).toMatchObject({ code: 0, stdout: 'none\n' });
});

test('only what is bound for writing can be written', async () => {
  const readOnly = join(dir, 'ro');
  mkdirSync(readOnly);
  const script = `for f in ${work}/ok ${readOnly}/no /usr/no /no /dev/no /etc/no /tmp/ok /home/agent/ok /dev/shm/ok; do touch $f 2>/dev/null && echo $f; done`;
  const result = await run(script, {
    binds: [
      { from: work, mode: 'rw' },
      { from: readOnly, mode: 'ro' },
    ],
  });
  expect(result.stdout.trim().split('\n')).toEqual([`${work}/ok`, '/tmp/ok', '/home/agent/ok', '/dev/shm/ok']);
  expect(existsSync(join(work, 'ok'))).toBe(true);
});

test("nothing of the kernel can be written, and what only its root may read is empty, also where the worker is the host's root", async () => {
  const writable = await run(
    "find /proc -maxdepth 1 -name '[0-9]*' -prune -o -name self -prune -o -name thread-self -prune -o -type f -print > /tmp/top; " +
      'find /proc/sys /proc/fs /proc/irq /proc/bus /proc/driver /proc/pressure /proc/tty /proc/acpi /proc/scsi -type f -writable 2>/dev/null; ' +
      'while read -r file; do [ -w $file ] && [ ! -c $file ] && echo $file; done < /tmp/top; ' +
      '(cat /proc/sys/kernel/core_pattern > /tmp/same && cat /tmp/same > /proc/sys/kernel/core_pattern) 2>&1',
  );
  expect(writable.stdout.trim()).toMatch(/^[^\n]*core_pattern: Read-only file system$/);
  const hidden = await run('cat /proc/keys /proc/kallsyms /proc/kpagecount /proc/vmallocinfo /proc/slabinfo | wc -c');
  expect(hidden.stdout.trim()).toBe('0');
});

test('without hosts there is no network but loopback', async () => {
  const result = await run('cat /proc/net/dev | tail -n +3 | cut -d: -f1; echo > /dev/null; env | grep -ci proxy');
  expect(result.stdout.trim().split(/\s+/)).toEqual(['lo', '0']);
});

test('exit codes and signals pass, and a program that is not there is an exit, not a broken sandbox', async () => {
  expect(await run('exit 37')).toMatchObject({ end: 'exited', code: 37 });
  expect(await run('kill -9 $$')).toMatchObject({ end: 'exited', code: 137 });
  expect(await run('', { argv: ['no-such-program'] })).toMatchObject({ end: 'exited', code: 127 });
});

test('a sandbox that can not be set up throws and says why', async () => {
  const broken = run('true', { binds: [{ from: join(dir, 'nope'), mode: 'ro' }] });
  await expect(broken).rejects.toThrow(/could not be set up.*nope/);
});

test('a process that is left behind ends with its command, whatever session it has put itself into', async () => {
  const result = await run(
    `setsid nohup sh -c 'while :; do date +%s%N > ${work}/tick; sleep 0.02; done' >/dev/null 2>&1 & until [ -s ${work}/tick ]; do sleep 0.01; done; echo done`,
  );
  expect(result).toMatchObject({ end: 'exited', code: 0, stdout: 'done\n' });
  // It wrote every 20 ms while it lived.
  const before = readFileSync(join(work, 'tick'), 'utf8');
  await run('sleep 0.2');
  expect(readFileSync(join(work, 'tick'), 'utf8')).toBe(before);
});

test('limits end what exceeds them', async () => {
  const big = await run('head -c 3000000 /dev/zero > big; echo $?', { limits: { ...limits, fileBytes: 1_000_000 } });
  expect(big.stdout.trim()).not.toBe('0');
  const script = 'x = bytearray(600 * 1024 * 1024); print(len(x))';
  const memory = { ...limits, memoryBytes: 256 * 1024 * 1024 };
  expect(await run('', { argv: ['/usr/bin/python3', '-c', script], limits: memory })).toMatchObject({ code: 1 });
  const spinning = await run('while :; do :; done', { limits: { ...limits, cpuSeconds: 1 } });
  expect(spinning).toMatchObject({ end: 'exited', code: 137 });
  expect(await run('sleep 60', { limits: { ...limits, wallMs: 300 } })).toMatchObject({ end: 'timeout', code: null });
  const filled = await run('head -c 300000000 /dev/zero > /tmp/x', { limits: memory });
  expect(filled.code).not.toBe(0);
});

// The kernel exempts root from this limit: there the wall clock alone bounds a fork bomb.
test.skipIf(process.getuid?.() === 0)('a fork bomb runs into its own limit', async () => {
  const result = await run('for i in $(seq 100); do sleep 5 & done', { limits: { ...limits, processes: 20 } });
  expect(result.stderr).toContain('Cannot fork');
});

test("the fence: while a dead worker's command still runs nobody else gets the lock, and waiting for it costs no wall time", async () => {
  const lock = join(dir, 'lock');
  const holder = commandOf(`echo in > ${work}/started; while :; do sleep 0.02; date +%s%N > ${work}/tick; done`, {
    lock,
  });
  const script = `
    import { createBwrapSandbox } from ${JSON.stringify(new URL('bwrap.ts', import.meta.url).href)};
    await createBwrapSandbox({ proxySocketDir: ${JSON.stringify(join(dir, 'run'))} }).run(${JSON.stringify(holder)});`;
  const worker = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'inherit' });
  await vi.waitFor(() => expect(existsSync(join(work, 'tick'))).toBe(true), 15_000);

  const waiting = run('cat tick', { lock, limits: { ...limits, wallMs: 2_500 } });
  const early = await Promise.race([
    waiting.then(() => 'ran'),
    new Promise((resolve) => setTimeout(() => resolve('waits'), 3_000)),
  ]);
  expect(early).toBe('waits');
  worker.kill('SIGKILL');
  const result = await waiting;
  expect(result).toMatchObject({ end: 'exited', code: 0 });
  // What it read is the last that the first one ever wrote: they did not overlap.
  expect(readFileSync(join(work, 'tick'), 'utf8')).toBe(result.stdout);
});

test('an orphan that has escaped the chain still holds the fence by the descriptor it inherited', async () => {
  const lock = join(dir, 'lock');
  // As a process that outlives everything above it: it has the descriptor, and no parent to die with.
  const orphan = spawn('flock', ['--no-fork', lock, 'sh', '-c', 'sleep 1000 & echo $!'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const pid = Number(await new Promise<Buffer>((resolve) => orphan.stdout.once('data', resolve)));
  await vi.waitFor(() => expect(orphan.exitCode).toBe(0), 5_000);
  const stop = new AbortController();
  const waiting = run('echo never', { lock, signal: stop.signal });
  expect(await Promise.race([waiting, new Promise((resolve) => setTimeout(() => resolve('waits'), 1_000))])).toBe(
    'waits',
  );
  stop.abort();
  expect(await waiting).toMatchObject({ end: 'aborted', stdout: '' });
  const second = run('echo mine', { lock });
  process.kill(pid, 'SIGKILL');
  expect(await second).toMatchObject({ end: 'exited', stdout: 'mine\n' });
});
