import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { scenario } from '../activities/agent/scripted/scenario.ts';
import { parseIssueFile } from '../activities/tracker/issue-file.ts';
import { loadConfig } from '../config/load.ts';
import { parseContract } from '../config/contract.ts';
import type { Change, NewFile } from './change.ts';
import { git } from './git.ts';
import { createPlayground, designPlayground } from './playground.ts';

const SEEDS = [1, 2, 3, 7, 42];
let dir: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'playground-test-'));
});
afterAll(async () => {
  await rm(dir, { recursive: true, force: true });
});

async function put(tree: string, files: readonly NewFile[]): Promise<void> {
  for (const { path, text } of files) {
    await mkdir(dirname(join(tree, path)), { recursive: true });
    await writeFile(join(tree, path), text);
  }
}

/** As the scripted model's editor does it: the old text has to stand exactly once. */
async function apply(tree: string, change: Change): Promise<void> {
  await put(tree, change.added);
  for (const edit of change.edits) {
    const text = await readFile(join(tree, edit.path), 'utf8');
    expect(text.split(edit.old), `${edit.path} has ${edit.old} once`).toHaveLength(2);
    await writeFile(
      join(tree, edit.path),
      text.replace(edit.old, () => edit.new),
    );
  }
}

function nodeTest(tree: string): Promise<{ readonly code: number; readonly output: string }> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ['--test', '--test-reporter=spec'],
      { cwd: tree, env: { PATH: '/usr/bin:/bin' } },
      (error, stdout, stderr) => resolve({ code: error === null ? 0 : 1, output: stdout + stderr }),
    );
  });
}

describe.each(SEEDS)('the repo of seed %i', (seed) => {
  it('is green on its base; each test is red by assertion without its change and green with it', async () => {
    const { files, changes } = designPlayground(seed);
    const tree = join(dir, `seed-${seed}`);
    await put(tree, files);
    expect(await nodeTest(tree)).toMatchObject({ code: 0 });

    for (const change of changes) {
      await put(tree, [change.test]);
      const red = await nodeTest(tree);
      expect(red.code, red.output).toBe(1);
      expect(red.output).toMatch(/fail 1\b/);
      expect(red.output).toContain('AssertionError');
      await apply(tree, change);
      const green = await nodeTest(tree);
      expect(green.code, green.output).toBe(0);
      expect(green.output).toMatch(/fail 0\b/);
    }
  });

  it('has a contract, scenarios and issue files that their own readers take', () => {
    const { files, changes } = designPlayground(seed);
    const contract = parseContract(files.find(({ path }) => path === '.lamplighter.yml')?.text ?? '', 'contract');
    expect(contract).toMatchObject({ ok: true });
    expect(changes.map(({ expected }) => expected)).toEqual(['shipped', 'frozen']);
  });
});

describe('the playground folder', () => {
  it('joins a remote with history, readable issues, valid scenarios and a configuration that loads', async () => {
    const made = await createPlayground({ dir: join(dir, 'made'), seed: 5 });

    expect(await git(made.remote, ['rev-list', '--count', 'main'])).toBe('3');
    expect(await git(made.remote, ['rev-parse', 'main'])).toBe(made.base);
    const config = loadConfig({
      file: made.config,
      dataDir: join(dir, 'data'),
      env: {},
      ports: { api: 1, temporal: 2, temporalUi: 3, model: 4 },
    });
    expect(config.repos).toMatchObject([{ name: made.repo, remote: made.remote }]);
    expect(config.model.provider).toBe('scripted');
    expect(config.repos[0]?.deploy.health?.url).toBe(`http://127.0.0.1:${made.port}/healthz`);
    for (const name of await readdir(join(made.dir, 'issues'))) {
      const read = parseIssueFile(await readFile(join(made.dir, 'issues', name), 'utf8'), name);
      expect(read).toMatchObject({ ok: true, file: { meta: { state: 'open', labels: ['ready-for-agent'] } } });
    }
    for (const name of await readdir(join(made.dir, 'scenarios'))) {
      const read = scenario.safeParse(parse(await readFile(join(made.dir, 'scenarios', name), 'utf8')));
      expect(read.error?.issues).toBeUndefined();
    }
  });

  it('is found again as it was, and another seed does not overwrite it', async () => {
    const place = join(dir, 'again');
    const made = await createPlayground({ dir: place, seed: 5 });

    expect(await createPlayground({ dir: place, seed: 5 })).toEqual(made);
    await expect(createPlayground({ dir: place, seed: 6 })).rejects.toThrow('holds the playground of seed 5, not 6');
  });

  it('differs by seed in names, texts and base, and not from itself', async () => {
    const [one, same, ...others] = await Promise.all(
      [11, 11, 12, 13, 14].map((seed, index) => createPlayground({ dir: join(dir, `differs-${index}`), seed })),
    );

    expect(same?.base).toBe(one?.base);
    for (const other of others) {
      expect(other.base).not.toBe(one?.base);
      expect([other.repo, other.port, other.issues[0]?.title]).not.toEqual([
        one?.repo,
        one?.port,
        one?.issues[0]?.title,
      ]);
    }
    expect(new Set([one, ...others].map((made) => made?.repo)).size).toBeGreaterThan(2);
  });
});
