/** What `init` makes of submodules: filled for the checks and drafted where this clone has them, said to stay empty where it has not. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { has } from '../../test/setup/needs.ts';
import { git, makeRepo } from './init-rig.ts';
import type { InitFindings } from './init.ts';

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));
const dir = mkdtempSync(join(tmpdir(), 'lamplighter-init-submodules-'));
afterAll(() => rmSync(dir, { recursive: true }));

const READS = `import test from 'node:test';
import { readFileSync } from 'node:fs';

test('reads', () => void readFileSync(new URL('../vendor/data/x.json', import.meta.url)));
`;

function repoWithSubmodule(name: string): { readonly repo: string; readonly data: string } {
  const data = makeRepo(join(dir, `${name}-data`), { 'x.json': '{}\n' });
  const repo = makeRepo(join(dir, name), {
    'package.json': '{ "name": "x", "version": "1.0.0", "type": "module", "scripts": { "test": "node --test" } }\n',
    'test/a.test.js': READS,
  });
  git(repo, '-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', data, 'vendor/data');
  git(repo, 'commit', '-q', '-m', 'Add a submodule');
  return { repo, data };
}

function init(repo: string): Promise<InitFindings> {
  const argv = [MAIN, 'init', repo, '--config', `${repo}.yaml`, '--as', 'ada', '--yes', '--json'];
  return new Promise((resolve, reject) => {
    execFile(process.execPath, argv, { cwd: dir, timeout: 120_000 }, (error, stdout, stderr) => {
      if (stdout === '') reject(new Error(stderr, { cause: error }));
      else resolve(JSON.parse(stdout) as InitFindings);
    });
  });
}

describe.skipIf(!has('bwrap'))('init, of a repo with a submodule', { timeout: 120_000 }, () => {
  it('fills what this clone has, and drafts its address for the operator to read', async () => {
    const { repo, data } = repoWithSubmodule('whole');
    const { trial, notes } = await init(repo);
    expect(trial.tried.map(({ name, verdict }) => `${name} ${verdict}`)).toEqual(['unit passed', 'build passed']);
    expect(readFileSync(`${repo}.yaml`, 'utf8')).toContain(`    submodules:\n      - ${data}\n`);
    expect(notes).toContainEqual(expect.stringContaining(`Submodules are fetched from ${data}`));
  });

  it('says what stays empty, and what to do, where this clone has it not', async () => {
    const { repo } = repoWithSubmodule('bare');
    const clone = join(dir, 'clone');
    git(dir, 'clone', '-q', repo, clone);
    const { trial, notes } = await init(clone);
    expect(trial.tried[0]?.verdict).toBe('failed');
    expect(notes).toContainEqual(
      expect.stringMatching(/^The submodule vendor\/data is .* stays empty: list the address/),
    );
    expect(notes).toContainEqual(expect.stringContaining('git submodule update --init'));
    expect(readFileSync(`${clone}.yaml`, 'utf8')).not.toContain('submodules:');
  });
});
