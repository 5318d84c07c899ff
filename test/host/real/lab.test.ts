/** `npm run lab`, as a person uses it; and that nothing of it runs on, however it ends. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { breakglassResultSchema } from '../../../config/breakglass-result.ts';
import { has } from '../../setup/needs.ts';
import { processesNaming } from '../../setup/processes.ts';
import { until } from '../call.ts';
import { hasLab, patience } from './real-host.ts';

const run = promisify(execFile);
const program = fileURLToPath(new URL('../../lab/lab.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'lab-door-'));
const door = join(folder, 'door');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Lab {
  child: ChildProcess;
  root: string;
  /** For ssh, as it is printed. */
  config: string;
  /** The words of a line that it says to try. */
  ssh: (identity: string, request: string) => Promise<string>;
}

async function startLab(): Promise<Lab> {
  const child = spawn(process.execPath, [program, 'devvm', '--door', door], { stdio: ['pipe', 'pipe', 'inherit'] });
  let said = '';
  child.stdout?.on('data', (chunk: Buffer) => (said += chunk.toString()));
  await until(
    'the lab says what to try',
    () => said.includes('Ctrl-C ends all of it') || child.exitCode !== null,
    180_000,
  );
  const [, config = ''] = /ssh -F (\S+) ro status/.exec(said) ?? [];
  const [, root = ''] = /Its host is (\S+)\./.exec(said) ?? [];
  expect(existsSync(config), said).toBe(true);
  return {
    child,
    root,
    config,
    ssh: async (identity, request) => (await run('ssh', ['-F', config, identity, request])).stdout,
  };
}

describe.skipIf(!hasLab || !has('sshd'))('the lab for a person', patience, () => {
  it('shows a wedge made from another terminal through a key of the printed lines; killed outright, nothing of it runs on', async () => {
    const lab = await startLab();
    const status = async (): Promise<unknown> =>
      breakglassResultSchema.parse(JSON.parse(await lab.ssh('ro', 'status'))).status;
    expect(await status()).toMatchObject({ class: 'responding' });
    expect(await lab.ssh('guest', 'cat /proc/sys/kernel/ostype')).toBe('Linux\n');

    const { stdout } = await run(process.execPath, [program, 'wedge', 'paused', '--door', door]);

    expect(stdout).toMatch(/^Done/);
    expect(await status()).toMatchObject({ class: 'paused', advice: 'reset' });
    lab.child.kill('SIGKILL');
    await until('nothing of the killed lab runs', () => processesNaming(lab.root).length === 0);
    await until('its folder is gone', () => !existsSync(lab.root));
  });

  it('ended by Ctrl-C, which npm may hand on a second time, it leaves nothing either', async () => {
    const lab = await startLab();
    const [, keys = ''] = /IdentityFile (\S+)\/ro$/m.exec(readFileSync(lab.config, 'utf8')) ?? [];
    expect(existsSync(keys)).toBe(true);

    lab.child.kill('SIGINT');
    await delay(100);
    lab.child.kill('SIGINT');
    const [code] = (await once(lab.child, 'exit')) as [number | null];

    expect(code).toBe(0);
    expect(processesNaming(lab.root)).toEqual([]);
    expect([lab.root, keys].filter((folder) => existsSync(folder))).toEqual([]);
  });
});
