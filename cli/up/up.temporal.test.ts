import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, inject, it } from 'vitest';
import { has } from '../../test/setup/needs.ts';
import { readUpFile, type UpFile } from './data-dir.ts';

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));

describe.skipIf(!has('temporal') || !has('bwrap'))('up with a Temporal that somebody else runs', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'lamplighter-up-'));
  afterAll(() => rmSync(dataDir, { recursive: true }));

  it('starts none of its own, and links to the Temporal Web that was configured', async () => {
    const config = join(dataDir, 'lamplighter.yaml');
    // A namespace of its own: the suite's server has other guests.
    writeFileSync(
      config,
      `temporal: { address: "${inject('temporalAddress')}", namespace: up-${process.pid}, webUrl: "http://temporal.test" }\n`,
    );
    const up = spawn(
      'setpriv',
      ['--pdeathsig', 'KILL', '--', process.execPath, MAIN, 'up', '--data-dir', dataDir, '--config', config],
      {
        cwd: dataDir,
        env: { ...process.env, ANTHROPIC_API_KEY: '' },
        stdio: ['ignore', 'ignore', 'pipe'],
      },
    );
    let said = '';
    up.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    const file = await untilUp(() => said);
    const health = await fetch(new URL('/healthz', file.url));
    const exit = once(up, 'exit');
    up.kill('SIGINT');

    expect(await exit).toEqual([0, null]);
    expect(Object.keys(file.processes)).toEqual(['worker', 'api']);
    expect(file.temporalUrl).toMatch(/^http:\/\/temporal\.test\/namespaces\/[^/]+\/workflows\?query=/);
    expect(health.status).toBe(200);
  }, 60_000);

  async function untilUp(said: () => string): Promise<UpFile> {
    for (const end = Date.now() + 40_000; ;) {
      const file = readUpFile(dataDir);
      if (file !== null) return file;
      if (Date.now() > end) throw new Error(`up was not up after 40 s: ${said()}`);
      await delay(50);
    }
  }
});
