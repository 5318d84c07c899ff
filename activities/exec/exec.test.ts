import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { boundTo, exec, execOrThrow } from './exec.ts';
import { isAlive } from '../../test/setup/alive.ts';

const base = { cwd: '/', env: { PATH: '/usr/bin:/bin' }, wallMs: 20_000, keepBytes: 1_000 };
const sh = (script: string): string[] => ['/bin/sh', '-c', script];

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'lamplighter-exec-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

async function pidIn(file: string): Promise<number> {
  return await vi.waitFor(() => {
    const pid = Number(readFileSync(file, 'utf8'));
    expect(pid).toBeGreaterThan(1);
    return pid;
  }, 10_000);
}

test('a command gets its arguments as they are, its input, and exactly its environment', async () => {
  const result = await exec(
    ['/bin/sh', '-c', 'env | grep -v ^PWD= | sort; echo "$1"; cat; echo no >&2; exit 3', 'sh', '$(id); *'],
    {
      ...base,
      env: { A: '1' },
      input: 'from stdin',
    },
  );
  expect(result).toMatchObject({ end: 'exited', code: 3, droppedBytes: 0, stderr: 'no\n' });
  expect(result.stdout).toBe('A=1\nLC_ALL=C\n$(id); *\nfrom stdin');
});

test('without input a command that reads finds the end at once', async () => {
  expect(await exec(['/bin/cat'], base)).toMatchObject({ end: 'exited', code: 0, stdout: '' });
});

test('a program that is not there, or a folder, is an exit with 127 that names it', async () => {
  expect(await exec(['no-such-program'], base)).toMatchObject({ end: 'exited', code: 127 });
  expect((await exec(['no-such-program'], base)).stderr).toContain('no-such-program');
  expect((await exec(['/bin/true'], { ...base, cwd: join(dir, 'nope') })).stderr).toContain('nope');
  await expect(execOrThrow(sh('echo broken >&2; exit 4'), base)).rejects.toThrow('exited with 4: broken');
});

test('a command that hangs is ended with its whole group at its wall time', async () => {
  const file = join(dir, 'pid');
  const result = await exec(sh(`trap '' TERM; sleep 1000 & echo $! > ${file}; wait; wait; sleep 1000`), {
    ...base,
    wallMs: 300,
  });
  expect(result).toMatchObject({ end: 'timeout', code: null });
  expect(result.ms).toBeLessThan(5_000);
  const pid = await pidIn(file);
  await vi.waitFor(() => expect(isAlive(pid)).toBe(false), 5_000);
});

test('a command that ends politely on SIGTERM has its last words kept', async () => {
  const result = await exec(sh(`trap 'echo bye; exit 0' TERM; echo hello; while :; do sleep 0.05; done`), {
    ...base,
    wallMs: 500,
  });
  expect(result).toMatchObject({ end: 'timeout', code: null });
  expect(result.stdout).toBe('hello\nbye\n');
});

test('100 MB of output keep head and tail, say how much is missing, and do not grow memory', async () => {
  const script = 'echo first; head -c 104857600 /dev/zero | tr "\\0" x; echo; echo last';
  const options = { ...base, keepBytes: 10_000 };
  // Once over to let the process grow to what it needs at all; from then on the same again must cost nothing.
  await exec(sh(script), options);
  const before = process.memoryUsage().rss;
  let most = before;
  const watch = setInterval(() => {
    most = Math.max(most, process.memoryUsage().rss);
  }, 20);
  const result = await exec(sh(script), options);
  clearInterval(watch);
  expect(result).toMatchObject({ end: 'exited', code: 0 });
  expect(result.stdout.length).toBeLessThan(10_100);
  expect(result.stdout).toMatch(/^first\nx+\n\[\.\.\. \d+ bytes left out \.\.\.\]\nx+\nlast\n$/);
  expect(result.droppedBytes).toBe(104_857_600 + 'first\n\nlast\n'.length - 10_000);
  expect(most - before).toBeLessThan(40 * 1024 * 1024);
});

test('output that is left out is cut between characters, wherever the cut falls', async () => {
  for (const keepBytes of [96, 97, 98, 99]) {
    const { stdout } = await exec(sh(`printf 'a'; printf '\\360\\237\\225\\257%.0s' $(seq 200)`), {
      ...base,
      keepBytes,
    });
    expect(stdout).toMatch(/^a🕯+\n\[\.\.\. \d+ bytes left out \.\.\.\]\n🕯+$/u);
  }
});

test('a child left behind that holds stdout neither keeps us waiting nor lives on', async () => {
  const file = join(dir, 'pid');
  const result = await exec(sh(`sleep 1000 & echo $! > ${file}; echo done`), base);
  expect(result).toMatchObject({ end: 'exited', code: 0, stdout: 'done\n' });
  expect(result.ms).toBeLessThan(5_000);
  const pid = await pidIn(file);
  await vi.waitFor(() => expect(isAlive(pid)).toBe(false), 5_000);
});

test('a child left behind in a session of its own does not keep us waiting either', async () => {
  const file = join(dir, 'pid');
  const result = await exec(sh(`setsid sh -c 'echo $$ > ${file}; exec sleep 1000' & echo done`), base);
  expect(result).toMatchObject({ end: 'exited', code: 0, stdout: 'done\n' });
  expect(result.ms).toBeLessThan(5_000);
  // Only a sandbox holds those: here it is the test that ends it.
  process.kill(await pidIn(file), 'SIGKILL');
});

test('an abort ends the group at once; one that came before starts nothing', async () => {
  const stop = new AbortController();
  const file = join(dir, 'pid');
  const running = exec(sh(`echo $$ > ${file}; exec sleep 1000`), { ...base, signal: stop.signal });
  const pid = await pidIn(file);
  stop.abort();
  expect(await running).toMatchObject({ end: 'aborted', code: null });
  await vi.waitFor(() => expect(isAlive(pid)).toBe(false), 5_000);
  expect(await exec(sh(`touch ${dir}/started`), { ...base, signal: stop.signal })).toMatchObject({ end: 'aborted' });
  expect(existsSync(join(dir, 'started'))).toBe(false);
});

test('a command that is killed by a signal has no code', async () => {
  expect(await exec(sh('kill -9 $$'), base)).toMatchObject({ end: 'signalled', code: null });
});

test('output is passed on as it comes, whole characters only', async () => {
  const chunks: string[] = [];
  await exec(sh(`printf 'a\\303'; sleep 0.1; printf '\\274b'`), { ...base, onOutput: (chunk) => chunks.push(chunk) });
  expect(chunks.join('')).toBe('aüb');
});

test('with a status pipe the wall clock starts with the first word on it', async () => {
  const words: string[] = [];
  const script = 'sleep 0.6; echo ready >&3; exec 3>&-; sleep 0.1; echo done';
  const result = await exec(sh(script), { ...base, wallMs: 500, onStatus: (chunk) => words.push(chunk) });
  expect(result).toMatchObject({ end: 'exited', code: 0, stdout: 'done\n' });
  expect(words.join('')).toBe('ready\n');
});

test('a command dies with the process that started it', async () => {
  const file = join(dir, 'pid');
  const script = `
    import { exec } from ${JSON.stringify(new URL('exec.ts', import.meta.url).href)};
    await exec(['/bin/sh', '-c', 'echo $$ > ${file}; exec sleep 1000'], ${JSON.stringify(base)});`;
  const parent = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'inherit' });
  const pid = await pidIn(file);
  parent.kill('SIGKILL');
  await vi.waitFor(() => expect(isAlive(pid)).toBe(false), 5_000);
});

test('a command whose starter was killed before it was bound to it never runs', async () => {
  const starter = spawn('/bin/true');
  await once(starter, 'exit');
  const [program, ...args] = [...boundTo(Number(starter.pid)), '/usr/bin/touch', join(dir, 'ran')];
  await once(spawn(program, args), 'exit');
  expect(existsSync(join(dir, 'ran'))).toBe(false);
});

test('a start that the kernel refuses is an exit with 127 that says why', async () => {
  expect(await exec(['/bin/true', 'x'.repeat(256 * 1024)], base)).toMatchObject({
    end: 'exited',
    code: 127,
    stderr: expect.stringContaining('E2BIG') as string,
  });
});

test('without descriptors left a start is an exit with 127, at whichever of its pipes they run out', async () => {
  const script = `
    import { closeSync, openSync } from 'node:fs';
    import { exec } from ${JSON.stringify(new URL('exec.ts', import.meta.url).href)};
    const options = { ...${JSON.stringify(base)}, input: 'x', onStatus: () => {} };
    await exec(['/bin/true'], options);
    const held = [];
    try { for (;;) held.push(openSync('/dev/null')); } catch (error) { if (error.code !== 'EMFILE') throw error; }
    const ends = [];
    for (let free = 0; free < 40; free += 1) {
      const { end, code, stderr } = await exec(['/bin/true'], options);
      ends.push(code === 0 ? 'ran' : end + ' ' + code + ' ' + /EMFILE/.test(stderr));
      closeSync(held.pop());
    }
    console.log(ends.join());`;
  const ran = await exec(
    ['/bin/sh', '-c', 'ulimit -n 128; exec "$0" --input-type=module -e "$1"', process.execPath, script],
    base,
  );
  expect(ran.stdout.trim().split(',')).toEqual(expect.arrayContaining(['exited 127 true', 'ran']));
  expect(ran.stdout).toMatch(/^(?:exited 127 true,)+(?:ran,)*ran\n$/);
});
