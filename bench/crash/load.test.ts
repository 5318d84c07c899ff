import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { expect, it, vi } from 'vitest';
import { makeLoad } from './load.ts';

interface Busy {
  readonly pid: number;
  readonly nice: number;
}

/** The shells that a process has started and that live. */
function shellsOf(parent: number): Busy[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const [, comm, rest = ''] = /^\d+ \((.*)\) (.*)$/s.exec(statOf(name)) ?? [];
      const [state, ppid] = rest.split(' ');
      const isShell = comm === 'sh' || comm === 'dash' || comm === 'bash';
      return isShell && state !== 'Z' && Number(ppid) === parent
        ? [{ pid: Number(name), nice: Number(rest.split(' ')[16]) }]
        : [];
    });
}

/** Empty where the process has gone. */
function statOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH')) return '';
    throw error;
  }
}

function isAlive({ pid }: Busy): boolean {
  const stat = statOf(String(pid));
  return stat !== '' && !/\) Z /.test(stat);
}

it('is as many busy processes at normal priority, which end when it is stopped', async () => {
  const load = makeLoad(2);
  const made = await vi.waitFor(() => {
    const found = shellsOf(process.pid);
    expect(found).toHaveLength(2);
    return found;
  }, 20_000);
  // As the runner's own: a load at a lower priority would hold up nothing.
  expect(made.map(({ nice }) => nice)).toEqual([getPriority(), getPriority()]);

  await load.stop();

  expect(made.filter(isAlive)).toEqual([]);
});

it('ends with the process that makes it, also by SIGKILL', async () => {
  const module = JSON.stringify(new URL('load.ts', import.meta.url).href);
  const script = `import { makeLoad } from ${module}; makeLoad(2); setInterval(() => undefined, 1_000);`;
  const maker = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'inherit' });
  const made = await vi.waitFor(() => {
    const found = shellsOf(Number(maker.pid));
    expect(found).toHaveLength(2);
    return found;
  }, 20_000);

  maker.kill('SIGKILL');
  await once(maker, 'exit');

  await vi.waitFor(() => expect(made.filter(isAlive)).toEqual([]), 5_000);
});
